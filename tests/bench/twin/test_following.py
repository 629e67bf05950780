"""T10 where the twin follows a cluster: what a thousand changes of its objects a second cost, and that none is lost."""

import random
import time

import pytest

from forestall.ports import Json
from forestall.twin.live import Live
from tests.bench.twin.measuring import Table
from tests.unit.runtime.office import SETTINGS
from tests.unit.twin.objects import deployment, node, pod, replica_set, service, snapshot

pytestmark = pytest.mark.bench

NODES, WORKLOADS, REPLICAS = 100, 700, 4
EVENTS, SECONDS = 1000, 10


def cluster() -> list[Json]:
    """5,000 objects."""
    found = [node(f"node-{number}", cpu="64") for number in range(NODES)]
    for name in (f"app{number}" for number in range(WORKLOADS)):
        found += [deployment(name, replicas=REPLICAS), replica_set(name), service(name)]
        found += [state(f"{name}-1-{number}", f"node-{number}") for number in range(REPLICAS)]
    return found


def state(name: str, home: str, *, ready: bool = True) -> Json:
    return pod(name, home, owner=name.rpartition("-")[0], ready=ready)


def test_a_thousand_changes_a_second_leave_a_core_free(table: Table) -> None:
    objects = {(item["kind"], item["metadata"]["name"]): item for item in cluster()}
    rng = random.Random(0)  # noqa: S311  # the same changes each time
    twin, pods = Live(), [place for place in objects if place[0] == "Pod"]
    for item in objects.values():
        twin.apply(item["kind"], item)
    twin.snapshot()

    ticks = round(1 / SETTINGS.tick.total_seconds())
    each = EVENTS // ticks
    spent = [sum(tick(twin, objects, rng.choices(pods, k=each), rng) for _ in range(ticks)) for _ in range(SECONDS)]

    assert twin.snapshot().id == snapshot(list(objects.values())).id
    share = f"{sum(spent) / SECONDS:.1%} of a core, {max(spent):.1%} in the worst second"
    table.figure("T10", f"1,000 changes a second of {len(objects):,} objects, {ticks} snapshots", share, "at most 10%")


def tick(twin: Live, objects: dict[tuple[str, str], Json], places: list[tuple[str, str]], rng: random.Random) -> float:
    """CPU seconds for the changes of a tick, which are seen at once."""
    news = [state(name, f"node-{rng.randrange(NODES)}", ready=rng.random() < 0.5) for _, name in places]
    objects.update(zip(places, news, strict=True))
    began = time.process_time()
    for item in news:
        twin.apply("Pod", item)
    twin.snapshot()
    return time.process_time() - began
