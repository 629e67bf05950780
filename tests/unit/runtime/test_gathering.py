"""What a decision rests on: read anew where a Job may follow, and in words where it cannot be had."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from forestall.adapters.resources import DEPLOYMENTS, FINDINGS, PLANS, POLICIES, REPLICASETS, RUNBOOKS
from forestall.api.remediationplan import RemediationPlan
from forestall.api.runbook import Runbook
from forestall.planning.runbooks import digest
from forestall.ports import Json, KubeError, Resource
from forestall.runtime import plans
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import World, broken, planned

Story = Callable[[World], Awaitable[None]]


async def whole(world: World, story: Story) -> None:
    try:
        await story(world)
    finally:
        await world.context.twins.stop()


def unplanned(story: Story) -> None:
    """A story of a world with a plan that has not been rendered yet."""

    async def both() -> None:
        world = await broken()
        await world.inspect()
        await world.refresh()
        await whole(world, story)

    run(both())


def waiting(story: Story) -> None:
    """A story of a world with a plan that waits for a person."""

    async def both() -> None:
        await whole(await planned(), story)

    run(both())


def no_pass(world: World) -> None:
    world.context.passes.clear()


def no_runbook(world: World) -> None:
    world.context.store.drop("Runbook", {"metadata": {"name": "rollout-undo"}})


def newer_runbook(world: World) -> None:
    [body] = [one.to_json() for one in world.context.store.all(Runbook)]
    body["spec"]["version"] = "1.0.1"
    world.see(RUNBOOKS, body)


def no_history(world: World) -> None:
    world.kube.remove(REPLICASETS, "shop", "cart-1")


def no_preview(world: World) -> None:
    world.kube.refuse("json_patch", DEPLOYMENTS, KubeError(403, "Forbidden", "cannot patch deployments"))


def no_target(world: World) -> None:
    world.kube.remove(DEPLOYMENTS, "shop", "cart")


DRAFTS: dict[str, tuple[Callable[[World], None], str]] = {
    "nothing was inspected since the start": (no_pass, "waits for an inspection"),
    "the runbook is gone": (no_runbook, "runbook rollout-undo is missing"),
    "the runbook has another version": (newer_runbook, "spec.runbookRef.version: the catalogue has 1.0.1"),
    "there is nothing to go back to": (no_history, "has no earlier template to restore"),
    "the preview is refused": (no_preview, "cannot patch deployments"),
    "the target is gone": (no_target, "cannot be rendered: 404"),
}


@pytest.mark.parametrize(("happens", "why"), DRAFTS.values(), ids=DRAFTS.keys())
def test_a_plan_that_cannot_be_rendered_says_why_and_is_tried_again(happens: Callable[[World], None], why: str) -> None:
    async def story(world: World) -> None:
        happens(world)
        again = await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "Proposed"
        assert why in world.plan.status.message
        assert again is not None
        assert world.plan.status.candidates == ()

    unplanned(story)


def test_a_policy_that_the_store_has_lost_is_asked_for() -> None:
    async def story(world: World) -> None:
        world.context.store.drop("InspectionPolicy", {"metadata": {"namespace": "shop", "name": "shop"}})
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "PendingApproval"

    unplanned(story)


def test_a_plan_of_a_runbook_that_the_response_does_not_name_ends() -> None:
    async def story(world: World) -> None:
        body = world.plan.to_json()
        body["spec"]["runbookRef"]["name"] = "unheard-of"
        world.context.store.put("RemediationPlan", body)
        [runbook] = [one.to_json() for one in world.context.store.all(Runbook)]
        runbook["metadata"] |= {"name": "unheard-of", "uid": ""}
        world.see(RUNBOOKS, runbook)
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "Cancelled"
        assert "not among the response's" in world.plan.status.message

    unplanned(story)


def test_what_was_changed_a_moment_ago_counts_although_no_watch_has_told_it() -> None:
    async def story(world: World) -> None:
        await world.approve()
        await world.refresh()
        body = world.policy.to_json()
        body["spec"]["suspend"] = True
        world.kube.put(POLICIES, body)
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "Blocked"
        assert await world.jobs() == []

    waiting(story)


def test_a_policy_that_was_deleted_a_moment_ago_lets_nothing_run() -> None:
    async def story(world: World) -> None:
        await world.approve()
        await world.refresh()
        world.kube.remove(POLICIES, "shop", "shop")
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase != "Executing"
        assert await world.jobs() == []

    waiting(story)


@pytest.mark.parametrize("status", [0, 403, 500])
def test_a_policy_that_cannot_be_read_lets_nothing_run(status: int) -> None:
    async def story(world: World) -> None:
        await world.approve()
        await world.refresh()
        world.kube.refuse("get", POLICIES, KubeError(status, "No", "no"))
        with pytest.raises(KubeError):
            await plans.reconcile(world.context, world.plan.key)
        assert await world.jobs() == []

    waiting(story)


def test_a_finding_of_another_policy_is_none_of_this_plan_s() -> None:
    async def story(world: World) -> None:
        await world.approve()
        await world.refresh()
        body: Json = world.finding.to_json()
        body["spec"]["policyRef"]["name"] = "another"
        world.see(FINDINGS, body)
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "Cancelled"
        assert await world.jobs() == []

    waiting(story)


def test_beyond_what_one_identity_may_propose_nothing_is_simulated() -> None:
    async def story() -> None:
        world = await broken()
        await world.inspect()
        await world.refresh()
        world.context.settings = replace(world.context.settings, proposals=1)
        [first] = world.context.store.all(RemediationPlan)
        for name in ("mine-a", "mine-b"):
            body = first.to_json()
            body["metadata"] |= {"name": name, "uid": name}
            world.see(PLANS, {**body, "spec": {**body["spec"], "proposer": "frank"}, "status": {}})
        for plan in list(world.context.store.all(RemediationPlan)):
            await plans.reconcile(world.context, plan.key)
        ends = {one.metadata.name: one.status for one in world.context.store.all(RemediationPlan)}
        assert ends["mine-b"].phase == "Superseded"
        assert ends["mine-b"].candidates == ()
        assert "frank has 1 proposals" in ends["mine-b"].message
        assert ends["mine-a"].candidates
        assert ends[first.metadata.name].candidates
        await world.context.twins.stop()

    run(story())


def test_a_new_plan_is_rendered_once() -> None:
    async def story(world: World) -> None:
        for _ in range(3):
            await world.inspect()
            await world.step()
        assert world.phase == "PendingApproval"
        made = [(call.verb, call.dry_run) for call in world.kube.calls if call.kind == DEPLOYMENTS.kind]
        assert (made.count(("get", False)), made.count(("json_patch", True))) == (1, 1)

    waiting(story)


def test_of_the_replicasets_only_those_with_the_labels_of_the_target_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def story(world: World) -> None:
        listed = world.kube.list

        async def noted(
            resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
        ) -> Sequence[Json]:
            asked.append((resource.kind, namespace, labels))
            return await listed(resource, namespace, labels=labels, fields=fields)

        monkeypatch.setattr(world.kube, "list", noted)
        await plans.reconcile(world.context, world.plan.key)
        assert world.phase == "PendingApproval"

    unplanned(story)
    assert [one for one in asked if one[0] == "ReplicaSet"] == [("ReplicaSet", "shop", "app=cart")]


def test_a_runbooks_digest_is_worked_out_once_for_each_version_of_it() -> None:
    async def story(world: World) -> None:
        [before] = world.context.store.all(Runbook)
        assert world.context.digest_of(before) is world.context.digest_of(before) == digest(before)
        newer_runbook(world)
        [after] = world.context.store.all(Runbook)
        assert world.context.digest_of(after) == digest(after) != digest(before)

    waiting(story)
