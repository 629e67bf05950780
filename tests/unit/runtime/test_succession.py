"""Who begins to lead looks at everything: what it knows, and what every action Job belongs to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from forestall.adapters.resources import FINDINGS, JOBS, PLANS, POLICIES, RUNBOOKS, TWINS
from forestall.planning import job
from forestall.ports import KubeError
from forestall.runtime.succession import SUCCESSION, begin, succeed
from forestall.runtime.wiring import build, duties, hand_over
from forestall.runtime.workers import work
from tests.unit.gates.scene import finding, plan, policy, runbook
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import POLICY, SETTINGS, World, planned, twin


def known(world: World) -> World:
    """One object of each of these kinds was seen; nobody has looked at any."""
    for resource, item in (
        (POLICIES, policy()),
        (PLANS, plan()),
        (FINDINGS, finding()),
        (RUNBOOKS, runbook()),
        (TWINS, twin()),
    ):
        world.context.store.put(resource.kind, item.to_json())
    return world


async def waiting(world: World) -> list[str]:
    return sorted([str(await world.context.queue.get()) for _ in range(world.context.queue.depth)])


def test_all_that_is_known_is_looked_at() -> None:
    async def story() -> None:
        world = known(World())
        await succeed(world.context, SUCCESSION)
        assert await waiting(world) == [
            "InspectionPolicy/shop/shop",
            "NetworkTwin/cluster",
            "RemediationPlan/shop/mend-cart",
            "Runbook/rollout-undo",
        ]

    run(story())


def test_plans_of_action_jobs_are_looked_at_and_so_are_suspended_jobs() -> None:
    async def story() -> None:
        world = World()
        noted = {"labels": {job.MANAGED: "true"}, "annotations": {job.PLAN: "shop/mend-cart"}}
        metadata = {"name": "j", "namespace": SETTINGS.action_namespace, **noted}
        world.kube.put(JOBS, {"metadata": metadata, "spec": {"suspend": True}})
        await succeed(world.context, SUCCESSION)
        assert await waiting(world) == [f"Job/{SETTINGS.action_namespace}/j", "RemediationPlan/shop/mend-cart"]

    run(story())


def test_a_look_at_the_jobs_that_fails_is_raised_to_be_tried_again() -> None:
    async def story() -> None:
        world = World()
        world.kube.refuse("list", JOBS, KubeError(503, "ServiceUnavailable", ""))
        with pytest.raises(KubeError):
            await succeed(world.context, SUCCESSION)

    run(story())


async def working(world: World, seconds: float) -> None:
    """Do what this replica's part is, for so long."""
    context = world.context
    with suppress(TimeoutError):
        await asyncio.wait_for(work(context.queue, duties(context), context.metrics), seconds)


def statuses(world: World) -> list[str]:
    return sorted({call.kind for call in world.kube.made("patch_status")})


def test_one_that_follows_writes_nothing_and_keeps_its_twin_warm() -> None:
    async def story() -> None:
        world = World()
        for resource, item in ((RUNBOOKS, runbook()), (TWINS, twin()), (POLICIES, policy())):
            world.see(resource, item.to_json())
        await working(world, 30)
        kept = world.context.twins.get("cluster")
        assert kept is not None
        assert kept.ready
        assert statuses(world) == []
        assert world.context.queue.age == 0
        await world.context.twins.stop()

    run(story())


def test_one_that_begins_to_lead_does_what_it_left_while_it_followed() -> None:
    async def story() -> None:
        world = World()
        for resource, item in ((RUNBOOKS, runbook()), (TWINS, twin()), (POLICIES, policy())):
            world.see(resource, item.to_json())
        await working(world, 30)
        await world.context.election.look()
        world.context.queue.add(SUCCESSION)
        await working(world, 30)
        assert statuses(world) == ["InspectionPolicy", "NetworkTwin", "Runbook"]
        await world.context.twins.stop()

    run(story())


def test_what_was_inspected_when_one_led_before_is_no_evidence() -> None:
    async def story() -> None:
        world = await planned()
        assert world.context.passes
        begin(world.context)
        assert not world.context.passes
        assert not world.context.revisions
        assert SUCCESSION in [await world.context.queue.get() for _ in range(world.context.queue.depth)]

    run(story())


def test_one_that_follows_keeps_no_inspection() -> None:
    async def story() -> None:
        world = await planned()
        assert world.context.passes
        world.context.queue.add(POLICY)
        await working(world, 1)
        assert not world.context.passes
        await world.context.twins.stop()

    run(story())


def test_what_the_wiring_builds_leads_by_its_lease_and_writes_only_then() -> None:
    async def story() -> None:
        world = World()
        context = build(SETTINGS, world.kube)
        plain: dict[str, Any] = {"metadata": {"name": "j"}}
        with pytest.raises(KubeError, match="another replica"):
            await context.kube.create(JOBS, "shop", plain)
        await context.election.look()
        await context.kube.create(JOBS, "shop", plain)
        assert context.queue.depth == 1
        assert await context.queue.get() == SUCCESSION

    run(story())


def test_a_hand_over_lets_what_has_begun_end_and_gives_the_lease_back() -> None:
    async def story() -> None:
        world = World()
        context = build(SETTINGS, world.kube)
        await context.election.look()
        key = await context.queue.get()
        leaving = asyncio.create_task(hand_over(context))
        await settle()
        assert not context.election.leading
        await context.kube.create(JOBS, "shop", {"metadata": {"name": "begun"}})
        context.queue.done(key)
        await leaving
        assert not context.election.holding
        assert asyncio.get_running_loop().time() < 0.1

    run(story())


def test_a_hand_over_waits_no_longer_than_a_second() -> None:
    async def story() -> None:
        world = World()
        context = build(SETTINGS, world.kube)
        await context.election.look()
        await context.queue.get()
        await hand_over(context)
        assert asyncio.get_running_loop().time() == pytest.approx(1.0)
        with pytest.raises(KubeError, match="another replica"):
            await context.kube.create(JOBS, "shop", {"metadata": {"name": "late"}})

    run(story())
