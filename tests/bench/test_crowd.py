"""A hundred and fifty faults at once, on two hundred nodes: how long each of them takes, and what it costs."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import DEPLOYMENTS, JOBS, PLANS
from tests.api.installation import ACTIONS
from tests.api.loop import objects
from tests.api.loop.objects import BROKEN, Json
from tests.api.loop.shop import Shop, template
from tests.api.loop.world import World, apply, install
from tests.api.person import expect
from tests.bench.events import UID, is_approved, is_pending, uid
from tests.bench.measuring import Figure, cpu_seconds, memory_mebibytes, status_writes, table
from tests.bench.timeline import Timeline
from tools.cluster import session_folder
from tools.cluster.api_tier import ApiTier

pytestmark = pytest.mark.bench

NODES = 200
SHOPS, SERVICES = 10, 15
FAULTS = SHOPS * SERVICES
HANDS = 8
"""Requests that people send at the same time."""


@contextmanager
def crowded(cluster: ApiTier, folder: Path) -> Iterator[None]:
    cluster.add_fake_nodes(NODES, broken=[BROKEN])
    yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("crowd")
    with ApiTier(session_folder("api")).up() as cluster, install(cluster, folder, crowded) as made:
        yield made


def test_a_crowd_of_faults(world: World) -> None:
    shops = [Shop(world, f"shop-{number}") for number in range(SHOPS)]
    for shop in shops:
        fill(shop)
    for shop in shops:
        settle(shop)
    with Timeline(world.cluster.kubeconfig) as timeline, world.no_action_pods():
        planned, planning = all_planned(world, timeline, shops)
        with told_how_they_stand(shops):
            decided, acting = all_decided(world, timeline)
    writes = Figure("status PATCHes of a plan, up to its Job", "count", [written(world) / FAULTS])
    memory = Figure("operator's memory", "MiB", [memory_mebibytes(world.operator.pid)])
    sys.stdout.write(f"\n{table((planned, decided, planning, acting, writes, memory))}\n")

    jobs = world.admin.send("GET", path_of(JOBS, ACTIONS)).body["items"]
    plans = [plan for shop in shops for plan in shop.all(PLANS)]
    assert sorted(job["metadata"]["labels"][UID] for job in jobs) == sorted(map(uid, plans))
    assert len(plans) == FAULTS
    assert writes.values[0] <= 5


def fill(shop: Shop) -> None:
    """Bring up a shop with many services, each of them a goal of its one policy."""
    shop.world.open(shop.namespace)
    names = [f"web-{number}" for number in range(SERVICES)]
    goals = [{"name": name, "available": {"service": name, "minReady": 1}} for name in names]
    policy = objects.policy(goals=goals, schedule={"interval": "60s"})
    whole = [make(name) for name in names for make in (objects.deployment, objects.service)]
    apply(shop.world.cluster, [*whole, policy], "-n", shop.namespace)


def settle(shop: Shop) -> None:
    """Wait until all of a shop is ready and inspected."""
    shop.until("all services to be ready", lambda: all(shop.ready(f"web-{number}") for number in range(SERVICES)))
    shop.inspected()


@contextmanager
def told_how_they_stand(shops: list[Shop]) -> Iterator[None]:
    """Where it takes too long, say what has become of the plans."""
    try:
        yield
    except TimeoutError as error:
        each = (one["status"] for shop in shops for one in shop.all(PLANS))
        error.add_note(str(Counter((status["phase"], status.get("message", "")) for status in each)))
        raise


def all_planned(world: World, timeline: Timeline, shops: list[Shop]) -> tuple[Figure, Figure]:
    """Break every service at once: seconds from each fault to its plan, and the operator's CPU time for each."""
    used, began = cpu_seconds(world.operator.pid), {}

    def break_one(shop: Shop, name: str) -> None:
        began[f"{shop.namespace}/{name}"] = time.monotonic()
        shop.change(DEPLOYMENTS, name, template(containers=[{"name": "web", "image": BROKEN}]))

    with ThreadPoolExecutor(HANDS) as hands:
        for shop in shops:
            for number in range(SERVICES):
                hands.submit(break_one, shop, f"web-{number}")
    heard = timeline.firsts("plans", "RemediationPlan", FAULTS, lambda one: target(one) if is_pending(one) else "")
    spent = (cpu_seconds(world.operator.pid) - used) / FAULTS
    assert heard.keys() == began.keys()
    waited = [one.at - began[name] for name, one in heard.items()]
    cost = Figure("operator's CPU for each, fault to plan", "ms", [spent * 1000])
    return Figure(f"{FAULTS} faults: fault to PendingApproval heard", "s", waited), cost


def all_decided(world: World, timeline: Timeline) -> tuple[Figure, Figure]:
    """Approve every plan at once: seconds from each approval heard to its Job heard, and the CPU time for each."""
    pending = timeline.firsts("plans", "RemediationPlan", FAULTS, lambda one: uid(one) if is_pending(one) else "")
    used, alice = cpu_seconds(world.operator.pid), world.person("alice")

    def approve(plan: Json) -> None:
        said = {"forestall.dev/approve": plan["status"]["planDigest"], "forestall.dev/approved-by": "alice"}
        place = path_of(PLANS, plan["metadata"]["namespace"], plan["metadata"]["name"])
        expect(alice.patch(place, {"metadata": {"annotations": said}}), None)

    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(approve, [one.object for one in pending.values()]))
    approved = timeline.firsts("approvals", "RemediationPlan", FAULTS, lambda one: uid(one) if is_approved(one) else "")
    accepted = timeline.firsts("Jobs", "Job", FAULTS, lambda job: str(job["metadata"]["labels"].get(UID, "")))
    spent = (cpu_seconds(world.operator.pid) - used) / FAULTS
    waited = [accepted[name].at - one.at for name, one in approved.items()]
    cost = Figure("operator's CPU for each, approval to Job", "ms", [spent * 1000])
    return Figure(f"{FAULTS} approvals: approval heard to Job heard", "s", waited), cost


def written(world: World) -> float:
    """Status PATCHes of plans so far."""
    return status_writes(world.cluster)["remediationplans"]


def target(plan: Json) -> str:
    """Namespace and name of what a plan acts on."""
    ref = plan["status"]["target"]["ref"]
    return f"{ref['namespace']}/{ref['name']}"
