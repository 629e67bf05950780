"""A plan, from the finding to its end, over an API server in memory: what is written, created and told, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from forestall.adapters.resources import DEPLOYMENTS, JOBS, PLANS, PODS, POLICIES, RUNBOOKS
from forestall.api.base import Key
from forestall.api.remediationplan import REJECT, REJECTED_BY
from forestall.planning import job
from forestall.planning.hashing import reads_hash
from forestall.ports import Json, KubeError, Resource
from forestall.runtime import catalogue, plans
from tests.unit.planning.objects import BAD, GOOD, deployment, runbook
from tests.unit.planning.world import pod
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import SETTINGS, World, broken, planned

Story = Callable[[World], Awaitable[None]]


def told(story: Story, **spec: Any) -> None:
    async def whole() -> None:
        world = await planned(**spec)
        try:
            await story(world)
        finally:
            await world.context.twins.stop()

    run(whole())


async def executing(world: World) -> None:
    await world.approve()
    await world.step()
    assert world.phase == "Executing"


def test_a_finding_becomes_a_plan_that_waits_for_a_person() -> None:
    async def story(world: World) -> None:
        status = world.plan.status
        assert (status.phase, status.mode, status.risk_class) == ("PendingApproval", "Open", "Low")
        assert [(one.runbook, one.verdict) for one in status.candidates] == [
            ("DoNothing", "Accepted"),
            ("rollout-undo", "Chosen"),
        ]
        assert status.target is not None
        assert status.target.reads_hash == reads_hash(deployment(BAD), ("spec.template", "spec.replicas"))
        assert BAD in status.diff
        assert GOOD in status.diff
        assert [one.reason for one in world.notifier.news] == ["ApprovalPending"]
        assert await world.jobs() == []

    told(story)


def test_a_runbook_that_is_on_the_ladder_twice_is_tried_with_the_arguments_of_each_rung() -> None:
    async def story() -> None:
        spoken = [{"name": "note", "description": "Some text.", "type": "String", "default": "one"}]
        rungs = [
            {"runbook": "rollout-undo"},
            {"runbook": "rollout-undo", "parameters": [{"name": "note", "value": "two"}]},
        ]
        answer = {"name": "mend", "match": {"types": ["ImagePull"]}, "mode": "Open", "ladder": rungs}
        world = await broken(responses=[answer])
        world.see(RUNBOOKS, runbook("RestorePreviousTemplate", parameters=spoken).to_json())
        await catalogue.reconcile(world.context, Key("Runbook", "", "rollout-undo"))
        await world.inspect()
        await world.step()
        tried = [
            ({item.name: item.value for item in one.parameters}, one.verdict) for one in world.plan.status.candidates
        ]
        assert tried == [({}, "Accepted"), ({"note": "one"}, "Chosen"), ({"note": "two"}, "Accepted")]
        await world.context.twins.stop()

    run(story())


def test_rendering_tries_the_change_and_makes_none() -> None:
    async def story(world: World) -> None:
        tried = [(call.verb, call.dry_run) for call in world.kube.calls if call.kind == "Deployment"]
        assert ("json_patch", True) in tried
        assert ("json_patch", False) not in tried

    told(story)


def test_an_approval_runs_one_job_and_success_is_verified() -> None:
    async def story(world: World) -> None:
        await executing(world)
        [made] = await world.jobs()
        assert made["metadata"]["labels"][job.PLAN_UID] == world.plan.metadata.uid
        await world.step()
        assert world.plan.status.attempts[0].accepted_at is not None

        mend(world)
        await world.end_job(message='{"message":"3 of 3 updated","targetHash":"sha256:left"}')
        await world.step()
        assert world.phase == "Soaking"
        [attempt] = world.plan.status.attempts
        assert (attempt.outcome, attempt.message, attempt.target_hash) == ("Success", "3 of 3 updated", "sha256:left")

        world.clock.advance(timedelta(minutes=1))
        await settle()
        await world.inspect()
        await world.step()
        assert world.phase == "Succeeded"
        score = (await world.kube.list(PLANS))[0]["status"]["score"]
        assert score["matched"] == score["total"] > 0
        await world.inspect()
        assert world.finding.status.closure is not None
        assert world.finding.status.closure.one_hop
        assert (world.policy.status.closure.one_hop, world.policy.status.closure.eligible) == (1, 1)

    told(story)


def test_a_plan_is_not_judged_on_what_was_there_before_the_watch_was_interrupted() -> None:
    async def story(world: World) -> None:
        await executing(world)
        world.kube.tell(PODS, "INTERRUPTED")
        await settle()
        await world.end_job(message='{"message":"3 of 3 updated","targetHash":"sha256:left"}')
        await world.step()
        world.clock.advance(timedelta(minutes=1))
        await world.inspect()
        await world.step()
        assert world.phase == "Soaking"

        mend(world)
        world.kube.tell(PODS, "SYNCED")
        await settle()
        await world.inspect()
        await world.step()
        assert world.phase == "Succeeded"

    told(story)


def mend(world: World) -> None:
    """What the cluster looks like once the old template is back."""
    world.kube.put(DEPLOYMENTS, {**deployment(GOOD), "status": {}})
    world.kube.remove(PODS, "shop", "cart-2-1")
    world.kube.put(PODS, {key: value for key, value in pod("cart-1-3", "worker-3").items() if key != "kind"})


def test_the_intent_is_on_record_before_the_job_exists() -> None:
    async def story(world: World) -> None:
        await world.approve()
        world.kube.calls.clear()
        await world.step()
        writes = [(call.verb, call.kind) for call in world.kube.made("patch_status", "create")]
        assert writes == [("patch_status", "RemediationPlan"), ("create", "Job")]

    told(story)


def test_what_may_be_acted_on_is_read_from_the_api_server() -> None:
    async def story(world: World) -> None:
        await world.approve()
        await world.refresh()
        world.kube.calls.clear()
        await plans.reconcile(world.context, world.plan.key)
        read = [(call.kind, call.name) for call in world.kube.calls if call.verb == "get"]
        assert ("RemediationPlan", world.plan.metadata.name) in read
        assert ("Deployment", "cart") in read

    told(story)


def test_an_approval_that_was_withdrawn_unseen_runs_nothing() -> None:
    async def story(world: World) -> None:
        await world.approve()
        await world.refresh()
        gone: Json = {"metadata": {"annotations": {"forestall.dev/approve": None}}}
        await world.kube.merge_patch(PLANS, "shop", world.plan.metadata.name, gone, manager="ann")
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "PendingApproval"
        assert await world.jobs() == []

    told(story)


def suspend(world: World) -> None:
    body = world.policy.to_json()
    body["spec"]["suspend"] = True
    world.see(POLICIES, body)


def released(world: World) -> None:
    body = world.policy.to_json()
    body["spec"]["suspend"] = False
    world.see(POLICIES, body)


def forged(world: World) -> None:
    world.kube.enforcing = False


def edited(world: World) -> None:
    world.kube.put(DEPLOYMENTS, deployment("registry.example/shop@sha256:third"))


def owned(world: World) -> None:
    body = deployment(BAD)
    fields: Json = {"f:spec": {"f:template": {}}}
    body["metadata"]["managedFields"] = [{"manager": "argocd-controller", "fieldsV1": fields}]
    world.kube.put(DEPLOYMENTS, body)


def deleted(world: World) -> None:
    world.kube.remove(DEPLOYMENTS, "shop", "cart")


def uninspected(world: World) -> None:
    world.context.passes.clear()


GATES: dict[str, tuple[Callable[[World], None], str, str]] = {
    "the policy is suspended": (suspend, "Blocked", "spec.suspend"),
    "forged approvals are accepted": (forged, "Stale", "cannot be told from a forged one"),
    "somebody edited the target": (edited, "Stale", "changed since the plan was made"),
    "a GitOps controller owns the target": (owned, "Stale", "argocd-controller"),
    "the target is gone": (deleted, "Stale", "Deployment shop/cart is gone"),
    "the operator has started anew": (uninspected, "Blocked", "has not been inspected"),
}


@pytest.mark.parametrize(("happens", "phase", "why"), GATES.values(), ids=GATES.keys())
def test_no_job_is_created_when(happens: Callable[[World], None], phase: str, why: str) -> None:
    async def story(world: World) -> None:
        await world.approve()
        happens(world)
        await world.step()
        assert world.phase == phase
        assert why in world.plan.status.message
        assert await world.jobs() == []

    told(story)


def test_no_job_is_created_while_another_plan_that_no_watch_has_told_of_works_on_the_target() -> None:
    async def story(world: World) -> None:
        own = world.plan.to_json()
        await world.approve()
        await world.refresh()
        metadata = {**own["metadata"], "name": "other", "uid": "another"}
        world.kube.put(PLANS, {**own, "metadata": metadata, "status": {**own["status"], "phase": "Soaking"}})
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "Blocked"
        assert world.plan.status.message.startswith("plan shop/other works on the same target")
        assert await world.jobs() == []

    told(story)


def test_a_high_risk_asks_anew_before_its_job_whether_forgeries_are_refused() -> None:
    async def story(world: World) -> None:
        assert world.plan.status.risk_class == "High"
        await world.approve()
        suspend(world)
        await world.step()
        assert world.phase == "Blocked"
        world.kube.enforcing = False
        released(world)
        await world.step()
        assert (world.phase, "forged approval" in world.plan.status.message) == ("Blocked", True)
        assert await world.jobs() == []

    told(story, riskLimits={"maxAffectedServices": 0})


@pytest.mark.parametrize("status", [0, 429, 503])
def test_an_approval_waits_while_the_api_server_does_not_say_whether_it_checks_them(status: int) -> None:
    async def story(world: World) -> None:
        await world.approve()
        await world.refresh()
        world.kube.enforcing = False  # what refuses forgeries otherwise comes first
        world.kube.refuse("create", PLANS, KubeError(status, "No", "not now"))
        with pytest.raises(KubeError, match="not now"):
            await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "PendingApproval"
        world.kube.enforcing = True
        await world.step()
        assert world.phase == "Executing"

    told(story)


def test_a_rejection_ends_the_plan() -> None:
    async def story(world: World) -> None:
        given: Json = {"metadata": {"annotations": {REJECT: "no", REJECTED_BY: "bob"}}}
        await world.kube.merge_patch(PLANS, "shop", world.plan.metadata.name, given, manager="bob")
        await world.step()
        assert world.phase == "Rejected"

    told(story)


LOST: list[tuple[Any, Resource, bool]] = [
    ("patch_status", PLANS, False),
    ("patch_status", PLANS, True),
    ("create", JOBS, False),
    ("create", JOBS, True),
    ("get", PLANS, False),
    ("get", DEPLOYMENTS, False),
]


@pytest.mark.parametrize(("verb", "resource", "after"), LOST)
@pytest.mark.parametrize("status", [0, 409, 429, 503])
def test_a_call_that_fails_is_made_good_with_one_job(verb: Any, resource: Resource, after: bool, status: int) -> None:
    async def story(world: World) -> None:
        await world.approve()
        world.kube.refuse(verb, resource, KubeError(status, "No", "not now"), after=after)
        with pytest.raises(KubeError):
            await world.step()
        await world.step()
        await world.step()
        assert world.phase == "Executing"
        assert len(await world.jobs()) == len(world.plan.status.attempts) == 1

    told(story)


def test_the_stop_suspends_the_job_and_lets_it_go_on() -> None:
    async def story(world: World) -> None:
        await executing(world)
        for stop in (True, False):
            body = world.policy.to_json()
            body["spec"]["suspend"] = stop
            world.see(POLICIES, body)
            await world.step()
            [made] = await world.jobs()
            assert made["spec"]["suspend"] is stop

    told(story)


def test_a_finished_plan_is_never_looked_at_again() -> None:
    async def story(world: World) -> None:
        await executing(world)
        await world.end_job(code=40, message="refused")
        await world.step()
        assert world.phase == "Stale"
        assert "refused" in world.plan.status.message
        world.kube.calls.clear()
        assert await plans.reconcile(world.context, world.plan.key) is None
        assert world.kube.calls == []

    told(story)


@pytest.mark.parametrize("change", ["gone", "being deleted"])
def test_a_plan_that_is(change: str) -> None:
    async def story(world: World) -> None:
        key, body = world.plan.key, world.plan.to_json()
        if change == "gone":
            world.context.store.drop("RemediationPlan", body)
        else:
            body["metadata"] |= {"deletionTimestamp": "2030-01-01T12:00:00Z", "resourceVersion": "9999"}
            world.context.store.put("RemediationPlan", body)
        assert await plans.reconcile(world.context, key) is None

    told(story)


def test_a_plan_at_rest_is_not_written_again() -> None:
    async def story(world: World) -> None:
        world.kube.calls.clear()
        for _ in range(3):
            await world.step()
        assert world.kube.made("patch_status", "create", "merge_patch") == []
        assert len(world.notifier.news) == 1

    told(story)


def test_every_plan_has_one_trace_of_its_own() -> None:
    async def story(world: World) -> None:
        trace = plans.traceparent(world.plan)
        assert trace == plans.traceparent(world.plan)
        version, whole, span, flags = trace.split("-")
        assert (version, len(whole), len(span), flags) == ("00", 32, 16, "01")
        await executing(world)
        [made] = await world.jobs()
        assert made["metadata"]["annotations"]["forestall.dev/traceparent"] == trace
        marks = {"forestall.dev/plan-uid": world.plan.metadata.uid, "forestall.dev/traceparent": trace}
        assert world.notifier.news
        assert all(one.annotations == marks for one in world.notifier.news)

    told(story)


def test_every_line_of_the_log_about_a_plan_names_its_uid_and_trace() -> None:
    async def story(world: World) -> None:
        with capture_logs([merge_contextvars]) as lines:
            await executing(world)
        marks = {"plan": str(world.plan.key), "plan_uid": world.plan.metadata.uid}
        about = [one for one in lines if one["event"] in {"job", "phase"}]
        assert {one["event"] for one in about} == {"job", "phase"}
        assert all(one.items() >= {**marks, "traceparent": plans.traceparent(world.plan)}.items() for one in about)

    told(story)


def test_the_policy_looks_again_when_the_soak_is_over() -> None:
    async def story(world: World) -> None:
        await executing(world)
        await world.end_job()
        while world.context.queue.depth:
            world.context.queue.done(await world.context.queue.get())
        await world.step()
        assert world.phase == "Soaking"
        keys = [await world.context.queue.get() for _ in range(world.context.queue.depth)]
        assert world.policy.key in keys

    told(story)


def test_an_action_namespace_holds_the_jobs_and_no_other() -> None:
    async def story(world: World) -> None:
        await executing(world)
        [made] = await world.jobs()
        assert made["metadata"]["namespace"] == SETTINGS.action_namespace
        assert len(await world.kube.list(JOBS)) == 1

    told(story)
