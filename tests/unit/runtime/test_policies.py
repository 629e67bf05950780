"""A pass over a policy: what it records, proposes and says of itself, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from forestall.adapters.resources import FINDINGS, NODES, PLANS, PODS, POLICIES
from forestall.api import conditions
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import RemediationPlan
from forestall.inspection.foresight import SETTLED
from forestall.ports import Json, KubeError, Measurement, Resource, Sample
from forestall.runtime import policies
from forestall.runtime.policies import metrics_problem
from tests.unit.gates.scene import NOW
from tests.unit.planning.world import QUERY, load_inspection, node
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import IMAGES, POLICY, World, broken, twin

Story = Callable[[World], Awaitable[None]]


def told(story: Story, **spec: Any) -> None:
    async def whole() -> None:
        world = await broken(**spec)
        try:
            await story(world)
        finally:
            await world.context.twins.stop()

    run(whole())


def condition(policy: InspectionPolicy, kind: str) -> tuple[str, str, str]:
    found = conditions.find(policy.status.conditions, kind)
    assert found is not None
    return found.status, found.reason, found.message


def test_a_condition_becomes_a_finding_of_the_policy_and_a_plan_of_the_finding() -> None:
    async def story(world: World) -> None:
        await world.inspect()
        await world.refresh()
        assert (world.finding.status.state, world.finding.status.finding_class) == ("Open", "Problem")
        [found] = await world.kube.list(FINDINGS)
        [made] = await world.kube.list(PLANS)
        assert found["metadata"]["ownerReferences"][0]["uid"] == world.policy.metadata.uid
        assert made["metadata"]["ownerReferences"][0]["uid"] == world.finding.metadata.uid
        assert made["spec"]["proposer"] == "system:serviceaccount:forestall:forestall"
        assert world.plan.key in [await world.context.queue.get() for _ in range(world.context.queue.depth)]

    told(story)


def test_it_says_what_it_found() -> None:
    async def story(world: World) -> None:
        await world.inspect()
        status = world.policy.status
        assert (status.open_findings, status.closure.eligible) == (1, 1)
        assert [(one.name, one.failed, one.errors) for one in status.inspections] == [("images", 1, 0)]
        assert condition(world.policy, "Ready")[:2] == ("True", "Inspected")
        assert condition(world.policy, "RisksFound")[:2] == ("True", "OpenFindings")
        assert condition(world.policy, "ApprovalPolicyEnforced")[:2] == ("True", "Probed")

    told(story)


def test_an_unchanged_world_is_not_written_again() -> None:
    async def story(world: World) -> None:
        for _ in range(2):  # the second pass takes over the plan that the first one made
            await world.inspect()
            await world.refresh()
        world.kube.calls.clear()
        for _ in range(3):
            world.clock.advance(timedelta(minutes=1))
            await world.inspect()
        assert world.kube.made("patch_status", "create", "merge_patch", "json_patch") == []

    told(story)


def another(finding: Finding) -> Json:
    """A finding of another resource, closed some time ago: it counts."""
    body = finding.to_json()
    spec = {**body["spec"], "resource": {**body["spec"]["resource"], "name": "another"}}
    metadata = {**body["metadata"], "name": "another", "uid": "another"}
    return {**body, "metadata": metadata, "spec": spec, "status": {**body["status"], "state": "Closed"}}


def test_nothing_is_said_while_findings_and_plans_of_before_still_come_in() -> None:
    async def story(world: World) -> None:
        await world.inspect()
        before = world.policy.status
        world.context.unheard = frozenset(("shop",))
        world.see(FINDINGS, another(world.finding))
        world.kube.calls.clear()
        await world.inspect()
        assert [call for call in world.kube.made("patch_status") if call.kind == POLICIES.kind] == []
        assert (world.policy.status, before.closure.eligible) == (before, 1)
        world.context.unheard = frozenset()
        await world.inspect()
        assert world.policy.status.closure.eligible == 2

    told(story)


def test_a_policy_that_was_changed_meanwhile_is_answered_with_the_counts_of_before() -> None:
    async def story(world: World) -> None:
        await world.inspect()
        await world.kube.merge_patch(POLICIES, "shop", "shop", {"spec": {"suspend": True}}, manager="ann")
        await world.refresh()
        world.context.unheard = None
        world.see(FINDINGS, another(world.finding))
        await world.inspect()
        status = world.policy.status
        assert status.observed_generation == world.policy.metadata.generation
        assert (status.open_findings, status.closure.eligible) == (1, 1)

    told(story)


def test_it_looks_again_after_its_interval() -> None:
    async def story(world: World) -> None:
        assert await policies.reconcile(world.context, POLICY) == timedelta(seconds=90)

    told(story, schedule={"interval": "90s"})


def test_a_policy_that_is_gone_leaves_nothing_behind() -> None:
    async def story(world: World) -> None:
        await world.inspect()
        world.context.store.drop("InspectionPolicy", world.policy.to_json())
        assert await policies.reconcile(world.context, POLICY) is None
        assert world.context.passes == {}

    told(story)


def test_a_policy_waits_for_its_twin_and_says_for_what() -> None:
    async def story(world: World) -> None:
        await world.context.twins.drop("cluster")
        assert await policies.reconcile(world.context, POLICY) == timedelta(seconds=1)
        assert condition(world.policy, "Ready") == (
            "False",
            "TwinMissing",
            "spec.twinRef.name: there is no NetworkTwin cluster; apply one",
        )
        await world.context.twins.put(twin())
        await world.inspect()
        assert condition(world.policy, "TwinFresh")[:2] == ("False", "TwinNotReady")
        assert list(world.context.store.all(Finding)) == []

    told(story)


def test_what_a_twin_may_have_missed_is_not_inspected() -> None:
    async def story(world: World) -> None:
        await world.inspect()
        before = world.context.passes[POLICY]
        world.kube.tell(PODS, "INTERRUPTED")
        await settle()
        await world.inspect()
        assert world.context.passes[POLICY] is before
        assert condition(world.policy, "TwinFresh") == ("False", "TwinNotReady", "twin cluster waits for pods")
        world.kube.tell(PODS, "SYNCED")
        await settle()
        await world.inspect()
        assert world.context.passes[POLICY] is not before
        assert condition(world.policy, "TwinFresh")[:2] == ("True", "Synchronised")

    told(story)


def test_a_policy_that_only_observes_makes_no_plan() -> None:
    async def story(world: World) -> None:
        body = world.policy.to_json()
        body["spec"]["responses"][0]["mode"] = "Observe"
        world.see(POLICIES, body)
        await world.inspect()
        assert len(list(world.context.store.all(Finding))) == 1
        assert list(world.context.store.all(RemediationPlan)) == []
        assert world.policy.status.closure.eligible == 0
        assert world.finding.status.no_plan_reason == "response mend is in mode Observe"
        writes = len(world.kube.made("patch_status"))
        await world.inspect()
        assert len(world.kube.made("patch_status")) == writes, "it is told once"

    told(story)


def test_a_forgery_that_is_not_refused_is_told_with_the_remedy() -> None:
    async def story(world: World) -> None:
        world.context.weakness = "a forged approval passed: install the chart's admission policies"
        await world.inspect()
        status, reason, message = condition(world.policy, "ApprovalPolicyEnforced")
        assert (status, reason) == ("False", "NotEnforced")
        assert "install the chart's admission policies" in message

    told(story)


@pytest.mark.parametrize(("verb", "resource"), [("create", FINDINGS), ("create", PLANS), ("patch_status", FINDINGS)])
@pytest.mark.parametrize("after", [False, True])
def test_a_pass_that_fails_half_way_is_made_good_by_the_next(verb: Any, resource: Resource, after: bool) -> None:
    async def story(world: World) -> None:
        world.kube.refuse(verb, resource, KubeError(0, "Unreachable", "reset"), after=after)
        with pytest.raises(KubeError):
            await world.inspect()
        await world.refresh()
        await world.inspect()
        assert len(await world.kube.list(FINDINGS)) == len(await world.kube.list(PLANS)) == 1

    told(story)


def test_a_finding_with_another_identity_under_its_name_is_not_taken_over() -> None:
    async def story(world: World) -> None:
        await world.inspect()
        body = world.finding.to_json()
        world.context.store.drop("Finding", body)
        body["spec"]["qualifier"] = "images/else"
        world.kube.put(FINDINGS, body)
        with pytest.raises(RuntimeError, match="another identity"):
            await world.inspect()

    told(story)


def test_queries_of_a_policy_are_kept_to_its_namespace() -> None:
    async def story(world: World) -> None:
        await world.context.twins.put(twin(prometheus=True))
        await world.refresh()
        world.prometheus.answers[QUERY] = (Sample({}, Decimal("0.5")),)
        await world.inspect()
        assert world.prometheus.asked[-1] == ((QUERY,), "shop")
        assert condition(world.policy, "MetricsReachable")[:2] == ("True", "Answered")

    told_with_load(story)


def test_an_unreachable_prometheus_is_told_and_nothing_is_cleared() -> None:
    async def story(world: World) -> None:
        await world.context.twins.put(twin(prometheus=True))
        await world.refresh()
        world.prometheus.answers[QUERY] = "ConnectionError: refused"
        await world.inspect()
        assert condition(world.policy, "MetricsReachable") == ("False", "Unreachable", "ConnectionError: refused")
        assert world.context.metrics.registry.get_sample_value("forestall_query_errors_total") == 1

    told_with_load(story)


def told_with_load(story: Story) -> None:
    async def whole(world: World) -> None:
        body = world.policy.to_json()
        body["spec"]["inspections"] = [*IMAGES, load_inspection("Deployment")]
        world.see(POLICIES, body)
        await story(world)

    told(whole)


def answer(error: str = "") -> Measurement:
    return Measurement(QUERY, NOW, error=error)


@pytest.mark.parametrize(
    ("measurements", "wanted", "server", "told"),
    [
        ({}, (), "the twin has no Prometheus source", ""),
        ({QUERY: answer()}, (QUERY,), "", ""),
        ({QUERY: answer("timed out")}, (QUERY,), "", "timed out"),
        ({}, (QUERY,), "the twin has no Prometheus source", "the twin has no Prometheus source"),
        ({}, (QUERY,), "", "there is no answer"),
    ],
)
def test_what_is_wrong_with_the_metrics(
    measurements: Mapping[str, Measurement], wanted: Sequence[str], server: str, told: str
) -> None:
    assert metrics_problem(measurements, wanted, server) == told


def test_what_was_said_of_a_loss_is_held_against_what_came_once_it_has_settled() -> None:
    async def story(world: World) -> None:
        def counted() -> float | None:
            read = world.context.metrics.registry.get_sample_value
            return read("forestall_predicted_facts_right_total", {"about": "fault"})

        await world.inspect()
        world.kube.put(NODES, node("worker-1", ready=False))
        await settle()
        await world.inspect()
        assert counted() == 0
        world.clock.advance(SETTLED)
        for _ in range(2):
            await world.inspect()
            assert counted() == 1

    goal = {"name": "up", "available": {"service": "cart", "minReady": 2}}
    told(story, goals=[goal], inspections=[{"name": "nodes", "singlePointOfFailure": {}}])
