"""What the operator holds, as it is served: true at each scrape, and never more series than kinds of things."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from prometheus_client import CollectorRegistry

from forestall.adapters.resources import FINDINGS, NODES, PAUSES, PLANS, PODS, TWINS
from forestall.api.remediationpause import RemediationPause
from forestall.runtime import twin_status
from forestall.runtime.standing import STANDING, Standing
from forestall.runtime.twins import REACHABLE
from tests.unit.gates.scene import NOW
from tests.unit.planning.world import broken_rollout
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import POLICY, TWIN, World, broken, planned, twin


def value(world: World, name: str, **labels: str) -> float | None:
    registry = CollectorRegistry()
    registry.register(Standing(world.context))
    return registry.get_sample_value(name, labels)


def test_plans_and_findings_are_counted_by_where_they_stand() -> None:
    async def story() -> None:
        world = await planned()
        assert value(world, "forestall_plans", phase="PendingApproval") == 1
        assert value(world, "forestall_plans", phase="Succeeded") == 0, "a phase without a plan is served, too"
        standing = {"class": "Problem", "severity": world.finding.status.severity}
        assert value(world, "forestall_findings", state=world.finding.status.state, **standing) == 1
        assert value(world, "forestall_findings", state="Closed", **standing) == 0
        assert value(world, "forestall_policies", condition="Ready", status="True") == 1
        await world.context.twins.stop()

    run(story())


def test_what_waits_for_a_worker_is_counted_when_it_is_asked_for() -> None:
    async def story() -> None:
        world = World()
        world.context.queue.add(POLICY)
        assert value(world, "forestall_queue_depth") == 1
        world.context.queue.done(await world.context.queue.get())
        assert value(world, "forestall_queue_depth") == 0

    run(story())


def test_an_inspection_is_late_once_its_interval_has_passed() -> None:
    async def story() -> None:
        world = await broken(schedule={"interval": "30s"})
        assert value(world, "forestall_inspection_delay_seconds") == 0
        await world.inspect()
        world.clock.advance(timedelta(seconds=30))
        assert value(world, "forestall_inspection_delay_seconds") == 0
        world.clock.advance(timedelta(seconds=45))
        assert value(world, "forestall_inspection_delay_seconds") == 0, "nobody says that this replica acts"
        await world.context.election.look()
        assert value(world, "forestall_inspection_delay_seconds") == 45
        await world.context.twins.stop()

    run(story())


def test_the_closure_is_counted_by_type_and_class() -> None:
    async def story() -> None:
        world = await planned()
        kind = {"type": "ImagePull", "class": "Problem"}
        assert value(world, "forestall_closure_eligible", **kind) == 1
        assert value(world, "forestall_closure_one_hop", **kind) is None
        closed = {"oneHop": True, "series": "Supervised", "plan": world.plan.metadata.name}
        body = world.finding.to_json()
        world.see(FINDINGS, {**body, "status": {**body["status"], "state": "Closed", "closure": closed}})
        assert value(world, "forestall_closure_one_hop", **kind) == 1
        await world.context.twins.stop()

    run(story())


def test_only_pauses_in_force_are_counted() -> None:
    async def story() -> None:
        world = World()
        for name, until in (("over", NOW - timedelta(hours=1)), ("on", NOW + timedelta(hours=1))):
            spec = {"level": "Stop", "reason": "a release", "who": "ann", "until": until}
            pause = RemediationPause.model_validate({"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
            world.see(PAUSES, pause.to_json())
        assert value(world, "forestall_pauses", level="Stop") == 1
        assert value(world, "forestall_pauses", level="Pause") == 0

    run(story())


def test_an_object_that_cannot_be_read_is_counted_by_its_kind() -> None:
    async def story() -> None:
        world = World()
        world.context.store.put(PLANS.kind, {"metadata": {"name": "odd", "namespace": "shop"}, "spec": 7})
        assert value(world, "forestall_unreadable_objects", kind="RemediationPlan") == 1
        assert value(world, "forestall_unreadable_objects", kind="Finding") == 0

    run(story())


def test_a_twin_grows_old_while_nothing_is_heard_and_while_one_kind_is_not_followed() -> None:
    async def story() -> None:
        world = World(broken_rollout())
        await world.context.twins.put(twin())
        await settle()
        await asyncio.sleep(30)
        assert value(world, "forestall_twin_age_seconds", twin="cluster") == 30
        assert value(world, "forestall_twin_source_age_seconds", twin="cluster", source="objects") == 30
        world.kube.tell(PODS, "INTERRUPTED")
        await settle()
        world.kube.put(NODES, {"metadata": {"name": "worker-9"}})
        await settle()
        assert value(world, "forestall_watch_age_seconds") == 0, "nodes are heard of"
        assert value(world, "forestall_twin_age_seconds", twin="cluster") == 30, "pods are not"
        world.kube.tell(PODS, "SYNCED")
        await settle()
        assert value(world, "forestall_twin_age_seconds", twin="cluster") == 0
        await world.context.twins.stop()

    run(story())


def test_a_twin_without_a_prometheus_has_none_to_reach() -> None:
    async def story() -> None:
        world = World()
        await world.context.twins.put(twin())
        assert value(world, "forestall_twin_metrics_reachable", twin="cluster") is None
        await world.context.twins.put(twin(prometheus=True))
        assert value(world, "forestall_twin_metrics_reachable", twin="cluster") == 1
        await world.context.twins.stop()

    run(story())


def test_a_prometheus_that_does_not_answer_is_told_and_what_the_twin_holds_is_counted() -> None:
    async def story() -> None:
        world = World(broken_rollout())
        world.see(TWINS, twin(prometheus=True).to_json())
        world.prometheus.answers[REACHABLE] = "ConnectionError: refused"
        for _ in range(2):
            await twin_status.reconcile(world.context, TWIN)
            await settle()
            world.clock.advance(timedelta(minutes=1))
        assert value(world, "forestall_twin_metrics_reachable", twin="cluster") == 0
        assert value(world, "forestall_twin_elements", twin="cluster", layer="platform") == 3
        await world.context.twins.stop()

    run(story())


def test_every_figure_is_served_for_an_operator_that_holds_nothing() -> None:
    async def story() -> None:
        families = {family.name for family in Standing(World().context).collect()}
        assert families == {meter.name for meter in STANDING}

    run(story())
