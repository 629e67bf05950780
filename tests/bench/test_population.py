"""Five thousand findings and as many plans: what starting, resting and a change cost among them."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
from tests.bench.population import Lived, open_shops, populate
from tests.chart.rendering import NAMESPACE
from tools.cluster import process, session_folder
from tools.cluster.api_tier import ApiTier
from tools.cluster.operator import checkout
from tools.cluster.process import wait_until

pytestmark = pytest.mark.bench

SHOPS, EACH = 50, 100
OBJECTS = SHOPS * EACH
CHANGES = 100
ROUNDS = 4
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
    alone = cpu_of_changes(model, world.operator.pid, quiet)
    bare = memory_mebibytes(world.operator.pid)
    shops = [Shop(world, name) for name in open_shops(world, SHOPS)]
    _, quiet = idle(world, PASSES)
    at_once = cpu_of_changes_at_once(shops, world.operator.pid, quiet)
    world.operator.stop()
    with bare_kopf(world, shops) as least:
        least_alone, least_at_once = cpu_of_changes(model, least.pid), cpu_of_changes_at_once(shops, least.pid)
    populate(world, lived(model), [shop.namespace for shop in shops], EACH)
    settled(world)
    world.operator.stop()

    before, jobs = status_writes(world.cluster), job_names(world)
    ready, whole, cpu = settled(world)
    after = status_writes(world.cluster)
    started = [after.get(kind, 0) - before.get(kind, 0) for kind in ("findings", "remediationplans")]
    policies = after["inspectionpolicies"] - before["inspectionpolicies"]
    assert job_names(world) == jobs
    resting, rate = idle(world, PASSES)
    pid = world.operator.pid
    among, at_once_among = cpu_of_changes(shops[0], pid, rate), cpu_of_changes_at_once(shops, pid, rate)
    memory = memory_mebibytes(pid)
    figures = (
        Figure(f"operator's CPU for a change, {SHOPS} at once", "ms", [at_once]),
        Figure("... of an operator on Kopf that does nothing but say what it has seen", "ms", [least_at_once]),
        Figure(f"operator's CPU for a change, {SHOPS} at once, among {OBJECTS} plans", "ms", [at_once_among]),
        Figure("operator's CPU for a change, one after the other", "ms", [alone]),
        Figure("... of an operator on Kopf that does nothing but say what it has seen", "ms", [least_alone]),
        Figure(f"operator's CPU for a change, one after the other, among {OBJECTS} plans", "ms", [among]),
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
    assert at_once <= 2 * least_at_once
    assert alone <= 2 * least_alone
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


@contextmanager
def bare_kopf(world: World, shops: Sequence[Shop]) -> Iterator[process.Process]:
    """The least that an operator on Kopf can do, run in place of ours; it knows all shops. At rest it uses nothing."""
    account = world.cluster.service_account_kubeconfig(NAMESPACE, "forestall")
    variables = [f"{name}={value}" for name, value in {**checkout(), "KUBECONFIG": str(account)}.items()]
    command = ["env", *variables, sys.executable, "-m", "tests.bench.bare"]
    bare = world.cluster.run("bare", command, world.folder / "bare.log")
    try:
        _seen([_changed(shop, CHANGES) for shop in shops])  # the first one waits until it has started
        yield bare
    finally:
        process.stop(bare)


def cpu_of_changes(shop: Shop, pid: int, rate: float = 0.0) -> float:
    """CPU milliseconds of a process for a changed policy, each change made once the one before it was seen.

    `rate` is what it uses at rest, in CPU seconds for each second: it is left out.
    """
    used, began = cpu_seconds(pid), time.monotonic()
    for number in range(CHANGES):
        _seen([_changed(shop, number)])
    return 1000 * (cpu_seconds(pid) - used - rate * (time.monotonic() - began)) / CHANGES


def cpu_of_changes_at_once(shops: Sequence[Shop], pid: int, rate: float = 0.0) -> float:
    """The same where the policies of all shops are changed without waiting."""
    used, began = cpu_seconds(pid), time.monotonic()
    for number in range(ROUNDS):
        _seen([_changed(shop, number) for shop in shops])
    return 1000 * (cpu_seconds(pid) - used - rate * (time.monotonic() - began)) / (ROUNDS * len(shops))


def _changed(shop: Shop, number: int) -> tuple[Shop, int]:
    """Change the policy: the shop, and the generation that it then has."""
    changed = shop.change(POLICIES, POLICY, {"spec": {"riskLimits": {"maxAffectedServices": 20 + number}}})
    return shop, changed["metadata"]["generation"]


def _seen(changes: Sequence[tuple[Shop, int]]) -> None:
    """Wait until the status of each policy is about its change."""
    for shop, generation in changes:
        wait_until("the change to be seen", partial(is_observed, shop, generation))


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
