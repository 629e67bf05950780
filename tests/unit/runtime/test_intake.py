"""What has changed decides what is looked at: no more, no less, and never twice for our own writes."""

from __future__ import annotations

import asyncio

import pytest

from forestall.adapters.resources import FINDINGS, PLANS, POLICIES, RUNBOOKS, TWINS
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.planning import job
from forestall.ports import Json, Resource
from forestall.runtime import intake
from forestall.runtime.store import key_of
from tests.unit.gates.scene import decision, finding, plan, policy, runbook
from tests.unit.runtime.instant import run
from tests.unit.runtime.scene import World, twin

PLAN, POLICY, ELSEWHERE = "RemediationPlan/shop/mend-cart", "InspectionPolicy/shop/shop", "InspectionPolicy/bank/shop"


def body(resource: Resource) -> Json:
    made = {POLICIES: policy(), PLANS: plan(), FINDINGS: finding(), RUNBOOKS: runbook(), TWINS: twin()}[
        resource
    ].to_json()
    made["metadata"] |= {"resourceVersion": "7", "uid": "u1"}
    return made


async def queued(world: World) -> set[str]:
    """The keys that wait; they are taken off the queue."""
    keys = [await world.context.queue.get() for _ in range(world.context.queue.depth)]
    for key in keys:
        world.context.queue.done(key)
    return {str(key) for key in keys}


async def watched() -> World:
    """Two policies of that name, in two namespaces, have been seen and looked at."""
    world = World()
    bank = body(POLICIES)
    bank["metadata"]["namespace"] = "bank"
    for one in (bank, body(POLICIES)):
        intake.seen(world.context, POLICIES.kind, None, one)
    await queued(world)
    return world


ROUTES: dict[Resource, set[str]] = {
    POLICIES: {POLICY},
    PLANS: {PLAN},
    FINDINGS: set(),
    RUNBOOKS: {"Runbook/rollout-undo", POLICY, ELSEWHERE},
    TWINS: {"NetworkTwin/cluster", POLICY, ELSEWHERE},
}


@pytest.mark.parametrize("event", ["ADDED", "MODIFIED", "DELETED", None])
@pytest.mark.parametrize("resource", ROUTES, ids=lambda resource: resource.kind)
def test_it_wakes_whatever_depends_on(resource: Resource, event: str | None) -> None:
    async def story() -> None:
        world = await watched()
        changed = body(resource)
        changed["metadata"]["resourceVersion"] = "8"
        intake.seen(world.context, resource.kind, event, changed)
        assert await queued(world) == ROUTES[resource]

    run(story())


@pytest.mark.parametrize("resource", ROUTES, ids=lambda resource: resource.kind)
def test_what_is_gone_unheard_wakes_what_its_deletion_would(resource: Resource) -> None:
    async def story() -> None:
        world = await watched()
        gone = key_of(resource.kind, body(resource))
        world.context.store.put(resource.kind, body(resource))
        intake.missed(world.context, gone, world.context.store.heard_of(resource.kind)[gone])
        assert await queued(world) == ROUTES[resource]
        assert not world.context.store.knows(gone)

    run(story())


def test_an_approval_that_is_gone_unheard_wakes_its_plan() -> None:
    async def story() -> None:
        world, item = await watched(), decision()
        intake.missed(world.context, item.key, item)
        assert await queued(world) == {str(item.key), PLAN}

    run(story())


def test_what_is_gone_while_it_is_written_is_taken_for_gone_after_it() -> None:
    async def story() -> None:
        world = await watched()
        key = key_of(POLICIES.kind, body(POLICIES))
        item = world.context.store.heard_of(POLICIES.kind)[key]
        with world.context.store.echoes.writing(key):
            intake.missed(world.context, key, item)
            assert world.context.store.knows(key)
        await asyncio.sleep(0)
        assert not world.context.store.knows(key)

    run(story())


def test_only_a_list_tells_that_there_was_one() -> None:
    async def story() -> None:
        world = World()
        intake.seen(world.context, POLICIES.kind, "ADDED", body(POLICIES))
        assert not world.context.listed.is_set()
        intake.seen(world.context, POLICIES.kind, None, body(POLICIES))
        assert world.context.listed.is_set()

    run(story())


@pytest.mark.parametrize("resource", [PLANS, FINDINGS], ids=lambda resource: resource.kind)
def test_many_findings_and_plans_wake_their_policy_once_within_a_tick(resource: Resource) -> None:
    async def story() -> None:
        world = await watched()
        for number in range(5):
            one = body(resource)
            one["metadata"] |= {"name": f"another-{number}", "uid": f"u-{number}"}
            intake.seen(world.context, resource.kind, None, one)
        await queued(world)
        assert str(await world.context.queue.get()) == POLICY
        assert asyncio.get_running_loop().time() == 0.2
        assert world.context.queue.depth == 0

    run(story())


@pytest.mark.parametrize("resource", [PLANS, FINDINGS], ids=lambda resource: resource.kind)
def test_no_policy_looks_at_each_of_what_comes_in_at_a_start(resource: Resource) -> None:
    async def story() -> None:
        world = await watched()
        world.context.unheard = frozenset(("shop",))
        intake.seen(world.context, resource.kind, None, body(resource))
        await queued(world)
        assert str(await world.context.queue.get()).startswith("Retention/")

    run(story())


def test_an_echo_of_what_is_known_is_no_news() -> None:
    async def story() -> None:
        world = await watched()
        for event in ("ADDED", "MODIFIED"):
            intake.seen(world.context, POLICIES.kind, event, body(POLICIES))
        assert await queued(world) == set()

    run(story())


def test_an_echo_that_is_faster_than_the_answer_is_no_news() -> None:
    async def story() -> None:
        world = await watched()
        written = body(POLICIES)
        written["metadata"]["resourceVersion"] = "8"
        with world.context.store.echoes.writing(key_of(POLICIES.kind, written)):
            intake.seen(world.context, POLICIES.kind, "MODIFIED", written)
            world.context.store.put(POLICIES.kind, written)
        await asyncio.sleep(0)
        assert await queued(world) == set()

    run(story())


@pytest.mark.parametrize("event", ["MODIFIED", "DELETED"])
def test_what_others_change_during_a_write_is_looked_at_after_it(event: str) -> None:
    async def story() -> None:
        world = await watched()
        written, theirs = body(POLICIES), body(POLICIES)
        written["metadata"]["resourceVersion"], theirs["metadata"]["resourceVersion"] = "8", "9"
        with world.context.store.echoes.writing(key_of(POLICIES.kind, written)):
            intake.seen(world.context, POLICIES.kind, event, theirs)
            world.context.store.put(POLICIES.kind, written)
            assert await queued(world) == set()
        await asyncio.sleep(0)
        assert await queued(world) == {POLICY}

    run(story())


def test_the_list_at_a_start_is_looked_at_whether_known_or_not() -> None:
    async def story() -> None:
        world = await watched()
        intake.seen(world.context, POLICIES.kind, None, body(POLICIES))
        assert await queued(world) == {POLICY}

    run(story())


def test_a_deletion_is_never_an_echo() -> None:
    async def story() -> None:
        world = await watched()
        intake.seen(world.context, POLICIES.kind, "DELETED", body(POLICIES))
        assert await queued(world) == {POLICY}
        assert [one.metadata.namespace for one in world.context.store.all(InspectionPolicy)] == ["bank"]

    run(story())


def test_an_object_that_cannot_be_read_is_looked_at_all_the_same() -> None:
    async def story() -> None:
        world = await watched()
        odd = {**body(POLICIES), "spec": {}}
        odd["metadata"]["resourceVersion"] = "8"
        intake.seen(world.context, POLICIES.kind, "MODIFIED", odd)
        assert await queued(world) == {POLICY}

    run(story())


def test_changes_of_a_twin_within_a_tick_wake_its_policies_once() -> None:
    async def story() -> None:
        world = await watched()
        for _ in range(5):
            intake.twin_changed(world.context, "cluster", "")
            intake.twin_changed(world.context, "another", "")
        assert await queued(world) == set()
        keys = {str(await world.context.queue.get()) for _ in range(2)}
        assert keys == {POLICY, ELSEWHERE}
        assert asyncio.get_running_loop().time() == 0.2
        assert world.context.queue.depth == 0

    run(story())


def test_a_change_in_a_namespace_wakes_the_policies_of_no_other() -> None:
    async def story() -> None:
        world = await watched()
        intake.twin_changed(world.context, "cluster", "shop")
        intake.twin_changed(world.context, "cluster", "empty")
        assert str(await world.context.queue.get()) == POLICY
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await world.context.queue.get()

    run(story())


@pytest.mark.parametrize(("named", "keys"), [("shop/mend-cart", {PLAN}), ("", set()), ("mend-cart", set())])
def test_a_job_wakes_the_plan_that_it_names(named: str, keys: set[str]) -> None:
    async def story() -> None:
        world = await watched()
        annotations = {job.PLAN: named} if named else None
        intake.job_changed(world.context, {"metadata": {"name": "j", "annotations": annotations}})
        assert await queued(world) == keys

    run(story())


def test_a_suspended_job_is_looked_at_for_its_own_sake() -> None:
    async def story() -> None:
        world = await watched()
        suspended = {"metadata": {"name": "j", "namespace": "forestall-actions"}, "spec": {"suspend": True}}
        intake.job_changed(world.context, suspended)
        assert await queued(world) == {"Job/forestall-actions/j"}

    run(story())


@pytest.mark.parametrize("resource", [FINDINGS, PLANS, POLICIES], ids=lambda resource: resource.kind)
def test_many_changes_of_what_is_kept_bring_one_look_at_what_is_not_needed(resource: Resource) -> None:
    async def story() -> None:
        world = await watched()
        for version in range(10, 15):
            changed = body(resource)
            changed["metadata"]["resourceVersion"] = str(version)
            intake.seen(world.context, resource.kind, "MODIFIED", changed)
        await queued(world)
        woken = set() if resource == POLICIES else {POLICY}
        keys = {str(await world.context.queue.get()) for _ in range(2 + len(woken))}
        assert keys == {"Retention/shop", "Retention/bank", *woken}
        assert asyncio.get_running_loop().time() == world.context.settings.retention_pause.total_seconds()
        assert world.context.queue.depth == 0

    run(story())
