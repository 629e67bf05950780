"""How fast the loop is, and what it costs: one table from one run on a real API server."""

import sys
import time
from collections.abc import Iterator

import pytest

from forestall.adapters.resources import POLICIES
from tests.api.loop.objects import POLICY
from tests.api.loop.shop import Shop
from tests.api.loop.world import World, install
from tests.api.person import expect
from tests.bench.events import UID, in_shop, is_approved, is_pending, same, uid, waits
from tests.bench.measuring import Figure, cpu_seconds, memory_mebibytes, status_writes, table
from tests.bench.timeline import Timeline
from tools.cluster import session_folder
from tools.cluster.api_tier import ApiTier

pytestmark = pytest.mark.bench

ROUNDS = 15
CHANGES = 5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ApiTier(session_folder("api")).up() as cluster, install(cluster, tmp_path_factory.mktemp("bench")) as made:
        yield made


def test_the_loop(world: World) -> None:
    with Timeline(world.cluster.kubeconfig) as timeline, world.no_action_pods():
        rounds = [one_round(world, timeline, number) for number in range(ROUNDS)]
    changes = Figure("status PATCHes of a changed policy", "count", changed_policy(world))
    whole = Figure("status PATCHes of a plan, found to verified", "count", [whole_plan(world)])
    idle = Figure("status PATCHes while 10 inspections pass", "count", [quiet(world)])
    decided, planned, faulted, used = (
        Figure(name, unit, [one[column] for one in rounds])
        for column, (name, unit) in enumerate(
            (
                ("approval heard to Job heard", "s"),
                ("pod's status heard to PendingApproval heard", "s"),
                ("faulty rollout to PendingApproval heard", "s"),
                ("operator's CPU, approval to Job", "ms"),
            )
        )
    )
    memory = Figure("operator's memory", "MiB", [memory_mebibytes(world.operator.pid)])
    sys.stdout.write(f"\n{table((decided, planned, faulted, used, changes, whole, idle, memory))}\n")

    assert idle.values == [0]
    assert changes.median == 1
    assert max(changes.values) <= 2
    assert whole.values[0] <= 8
    assert decided.median < faulted.median


def one_round(world: World, timeline: Timeline, number: int) -> tuple[float, float, float, float]:
    """One fault in a namespace of its own, up to the accepted Job: the round's columns of the table."""
    shop = Shop(world, f"shop-{number}")
    world.open(shop.namespace)
    shop.open()
    began = time.monotonic()
    shop.fault()
    plan = shop.pending()
    stuck = timeline.first("the stuck pod", "Pod", lambda pod: in_shop(shop, pod) and waits(pod))
    pending = timeline.first("the plan", "RemediationPlan", lambda one: same(plan, one) and is_pending(one))

    cpu = cpu_seconds(world.operator.pid)
    expect(shop.approve(plan), None)
    heard = timeline.first("the approval", "RemediationPlan", lambda one: same(plan, one) and is_approved(one))
    accepted = timeline.first("the Job", "Job", lambda job: uid(plan) == job["metadata"]["labels"].get(UID))
    spent = cpu_seconds(world.operator.pid) - cpu
    assert len(shop.jobs(plan)) == 1
    shop.suspend(True)
    return accepted - heard, pending - stuck, pending - began, spent * 1000


def changed_policy(world: World) -> list[float]:
    """Status PATCHes for each of several changes of a policy that mean nothing to what is found."""
    shop = Shop(world, "shop-changes")
    world.open(shop.namespace)
    shop.open()
    counts = []
    for number in range(CHANGES):
        before = status_writes(world.cluster).get("inspectionpolicies", 0)
        shop.change(POLICIES, POLICY, {"spec": {"riskLimits": {"maxAffectedServices": 10 + number}}})
        shop.until("the change to be seen", lambda: shop.says("Ready"))
        passes(shop, 2)
        counts.append(status_writes(world.cluster).get("inspectionpolicies", 0) - before)
    return counts


def whole_plan(world: World) -> float:
    """Status PATCHes of one plan from its creation to its end."""
    shop = Shop(world, "shop-whole")
    world.open(shop.namespace)
    shop.open()
    before = status_writes(world.cluster)["remediationplans"]
    shop.fault()
    plan = shop.pending()
    expect(shop.approve(plan), None)
    shop.succeeded(plan)
    return status_writes(world.cluster)["remediationplans"] - before


def quiet(world: World) -> float:
    """Status PATCHes of all kinds while ten inspections pass and nothing changes."""
    shop = Shop(world, "shop-whole")
    shop.change(POLICIES, POLICY, {"spec": {"schedule": {"interval": "1s"}}})
    passes(shop, 5)
    before = sum(status_writes(world.cluster).values())
    passes(shop, 10)
    return sum(status_writes(world.cluster).values()) - before


def passes(shop: Shop, count: int) -> None:
    """Wait until policies have been inspected so many more times."""
    seen = shop.passes()
    shop.until("more inspections", lambda: shop.passes() >= seen + count)
