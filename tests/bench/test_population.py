"""Five thousand findings and as many plans: what starting, resting and a change cost among them."""

import sys
import time
from collections.abc import Iterator
from functools import partial

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import FINDINGS, JOBS, PLANS, POLICIES
from forestall.ports import Resource
from tests.api.installation import ACTIONS
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop
from tests.api.loop.world import World, install
from tests.api.person import expect
from tests.bench.measuring import Figure, cpu_seconds, memory_mebibytes, status_writes, table
from tests.bench.population import Lived, populate
from tests.chart.rendering import NAMESPACE
from tools.cluster import process, session_folder
from tools.cluster.api_tier import ApiTier
from tools.cluster.operator import checkout
from tools.cluster.process import wait_until

pytestmark = pytest.mark.bench

SHOPS, EACH = 50, 100
OBJECTS = SHOPS * EACH
CHANGES = 100
PASSES = 2 * SHOPS
SCRAPE = 15.0
"""Seconds between two looks at the operator's metrics while it is left alone."""
PATIENCE = 600.0
"""Seconds that so much may take."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("population")
    with ApiTier(session_folder("api")).up() as cluster, install(cluster, folder) as made:
        yield made


def test_a_population(world: World) -> None:
    model = live(world)
    _, quiet = idle(world, 2)
    alone = cpu_of_changes(model, quiet)
    bare = memory_mebibytes(world.operator.pid)
    world.operator.stop()
    least = cpu_of_changes_by_bare_kopf(model)
    names = populate(world, lived(model), SHOPS, EACH)
    settled(world)
    world.operator.stop()

    before, jobs = status_writes(world.cluster), job_names(world)
    ready, whole, cpu = settled(world)
    after = status_writes(world.cluster)
    started = [after.get(kind, 0) - before.get(kind, 0) for kind in ("findings", "remediationplans")]
    policies = after["inspectionpolicies"] - before["inspectionpolicies"]
    assert job_names(world) == jobs
    resting, rate = idle(world, PASSES)
    among = cpu_of_changes(Shop(world, names[0]), rate)
    memory = memory_mebibytes(world.operator.pid)
    figures = (
        Figure("operator's CPU for a change, alone", "ms", [alone]),
        Figure("... of an operator on Kopf that does nothing but say what it has seen", "ms", [least]),
        Figure(f"operator's CPU for a change, among {OBJECTS} plans", "ms", [among]),
        Figure(f"cold start with {OBJECTS} plans: ready", "s", [ready]),
        Figure(f"cold start with {OBJECTS} plans: all known and in the ledger", "s", [whole]),
        Figure(f"cold start with {OBJECTS} plans: operator's CPU", "s", [cpu]),
        Figure("status PATCHes of findings and plans by the cold start", "count", started),
        Figure("status PATCHes of policies by the cold start", "count", [policies]),
        Figure(f"status PATCHes while {PASSES} inspections pass", "count", [resting]),
        Figure("operator's CPU at rest", "% of a core", [rate * 100]),
        Figure("operator's memory, no findings and plans", "MiB", [bare]),
        Figure(f"memory of {OBJECTS} findings and as many plans", "MiB", [memory - bare]),
    )
    sys.stdout.write(f"\n{table(figures)}\n")
    assert started == [0, 0]
    assert policies <= SHOPS + 1
    assert resting == 0
    assert alone <= 2 * least
    assert among <= 3 * alone
    assert memory - bare <= 160


def live(world: World) -> Shop:
    """Live through one fault, from its finding to its closure."""
    shop = Shop(world, "shop-model")
    world.open(shop.namespace)
    shop.open()
    shop.fault()
    plan = shop.pending()
    expect(shop.approve(plan), None)
    shop.succeeded(plan)
    return shop


def lived(shop: Shop) -> Lived:
    """What came of it."""
    (finding,), (plan,) = shop.all(FINDINGS), shop.all(PLANS)
    return Lived(_named(FINDINGS, finding), _named(PLANS, plan))


def _named(resource: Resource, item: Json) -> Json:
    """An item of a list, with the kind that lists do not tell of each."""
    return {**item, "apiVersion": resource.api_version, "kind": resource.kind}


def settled(world: World) -> tuple[float, float, float]:
    """Start the operator: seconds until it is ready, until all is known and accounted for, and CPU seconds till then.

    Returns once every policy has been inspected knowing all of it.
    """
    began = time.monotonic()
    world.operator.start()
    ready = time.monotonic() - began
    wait_until("everything to be known", partial(knows_all, world), timeout=PATIENCE, interval=0.5)
    known, cpu = time.monotonic() - began, cpu_seconds(world.operator.pid)
    seen = inspections(world)
    enough = 2 * (SHOPS + 1)
    wait_until("inspections", lambda: inspections(world) >= seen + enough, timeout=PATIENCE, interval=0.5)
    return ready, known, cpu


def knows_all(world: World) -> bool:
    """Whether the operator has seen all findings and plans, and told the ledger."""
    held = [world.operator.metric(name) for name in ("forestall_findings", "forestall_plans")]
    return held == [OBJECTS + 1] * 2 and not world.operator.metric("forestall_ledger_behind")


def idle(world: World, passes: int) -> tuple[float, float]:
    """Status PATCHes while so many inspections pass, and the operator's CPU seconds for each second meanwhile.

    It is asked how far it is no oftener than Prometheus asks: each answer counts all that there is.
    """
    writes, used, began, seen = all_writes(world), cpu_seconds(world.operator.pid), time.monotonic(), inspections(world)
    wait_until("more inspections", lambda: inspections(world) >= seen + passes, timeout=PATIENCE, interval=SCRAPE)
    spent = cpu_seconds(world.operator.pid) - used
    return all_writes(world) - writes, spent / (time.monotonic() - began)


def cpu_of_changes(shop: Shop, rate: float) -> float:
    """The operator's CPU milliseconds for a changed policy, what it uses at rest left out."""
    return _cpu_of_changes(shop, shop.world.operator.pid, rate)


def cpu_of_changes_by_bare_kopf(shop: Shop) -> float:
    """The same of the least that an operator on Kopf can do, run in place of ours. At rest it uses nothing."""
    world = shop.world
    account = world.cluster.service_account_kubeconfig(NAMESPACE, "forestall")
    variables = [f"{name}={value}" for name, value in {**checkout(), "KUBECONFIG": str(account)}.items()]
    command = ["env", *variables, sys.executable, "-m", "tests.bench.bare"]
    bare = world.cluster.run("bare", command, world.folder / "bare.log")
    try:
        _change(shop, CHANGES)  # the first one waits until it has started
        return _cpu_of_changes(shop, bare.pid)
    finally:
        process.stop(bare)


def _cpu_of_changes(shop: Shop, pid: int, rate: float = 0.0) -> float:
    used, began = cpu_seconds(pid), time.monotonic()
    for number in range(CHANGES):
        _change(shop, number)
    spent = cpu_seconds(pid) - used - rate * (time.monotonic() - began)
    return spent / CHANGES * 1000


def _change(shop: Shop, number: int) -> None:
    """Change the policy, and wait until its status is about that."""
    changed = shop.change(POLICIES, POLICY, {"spec": {"riskLimits": {"maxAffectedServices": 10 + number}}})
    wait_until("the change to be seen", partial(is_observed, shop, changed["metadata"]["generation"]))


def is_observed(shop: Shop, generation: int) -> bool:
    """Whether the policy's status is about that generation."""
    return bool(shop.get(POLICIES, POLICY).get("status", {}).get("observedGeneration", 0) >= generation)


def inspections(world: World) -> float:
    """How often policies have been inspected since the operator started."""
    return world.operator.metric("forestall_reconcile_seconds_count", kind="InspectionPolicy", result="ok")


def all_writes(world: World) -> float:
    """Status PATCHes of all kinds so far."""
    return sum(status_writes(world.cluster).values())


def job_names(world: World) -> set[str]:
    """The action Jobs that there are."""
    return {job["metadata"]["name"] for job in world.admin.send("GET", path_of(JOBS, ACTIONS)).body["items"]}
