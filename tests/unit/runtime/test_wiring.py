"""The tasks beside the workers: the probe of the approval policy, the watch of Jobs, the age of what was heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from forestall.adapters.resources import JOBS, PLANS, POLICIES
from forestall.planning import job
from forestall.ports import KubeError
from forestall.runtime.store import MODELS
from forestall.runtime.wiring import build, deafness, follow_jobs, probe, reconcilers
from tests.unit.gates.scene import policy
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import REFUSED, SETTINGS, World, twin


def during(seconds: float, task: Callable[[World], Awaitable[Any]], story: Callable[[World], None]) -> World:
    """Run a task that does not end for so long, in a world that was told a story first."""

    async def both() -> World:
        world = World()
        story(world)
        with suppress(TimeoutError):
            await asyncio.wait_for(task(world), seconds)
        return world

    return run(both())


def probes(world: World) -> int:
    return len([call for call in world.kube.calls if call.verb == "create"])


def refusing(world: World) -> None:
    world.context.weakness = "not asked yet"
    world.kube.refuse("create", PLANS, REFUSED, times=1000)
    world.see(POLICIES, policy().to_json())


def unguarded(world: World) -> None:
    world.kube.enforcing = False


def test_a_policy_in_force_is_probed_once_a_minute() -> None:
    world = during(301, lambda world: probe(world.context), refusing)
    assert world.context.enforced
    assert probes(world) == 6
    assert world.context.metrics.registry.get_sample_value("forestall_approval_policy_enforced") == 1


def test_a_policy_that_is_not_in_force_is_probed_every_second() -> None:
    world = during(30.5, lambda world: probe(world.context), unguarded)
    assert not world.context.enforced
    assert probes(world) == 31


def test_a_change_of_the_answer_wakes_the_policies() -> None:
    async def story() -> None:
        world = World()
        refusing(world)
        world.context.queue.done(await world.context.queue.get())
        task = asyncio.create_task(probe(world.context))
        await settle()
        assert world.context.queue.depth == 1
        world.context.queue.done(await world.context.queue.get())
        await asyncio.sleep(200)
        assert world.context.queue.depth == 0
        task.cancel()

    run(story())


def test_a_probe_that_gets_no_answer_is_a_no_and_goes_on() -> None:
    def story(world: World) -> None:
        world.kube.refuse("create", PLANS, KubeError(0, "Unreachable", "reset"), times=3)
        world.kube.refuse("create", PLANS, REFUSED, times=1000)

    assert during(10, lambda world: probe(world.context), story).context.enforced


def test_jobs_wake_their_plans() -> None:
    def story(world: World) -> None:
        for number, noted in enumerate(({job.PLAN: "shop/mend-cart"}, {}, None)):
            labels = {job.MANAGED: "true"}
            metadata = {"name": f"j{number}", "namespace": SETTINGS.action_namespace, "labels": labels}
            world.kube.put(JOBS, {"metadata": {**metadata, "annotations": noted}})
        stranger = {"name": "x", "namespace": SETTINGS.action_namespace, "annotations": {job.PLAN: "shop/other"}}
        world.kube.put(JOBS, {"metadata": stranger})

    world = during(1, lambda world: follow_jobs(world.context), story)
    assert world.context.queue.depth == 1


def test_watches_that_hear_nothing_are_a_fault_only_while_the_api_server_answers() -> None:
    async def story() -> None:
        world = World()
        await world.context.twins.put(twin())
        await asyncio.sleep(300)
        assert deafness(world.context) == 0, "nobody has heard of it"
        await world.context.election.look()
        assert deafness(world.context) == 300
        await world.context.twins.stop()

    run(story())


def test_every_kind_that_is_queued_has_a_reconciler() -> None:
    async def story() -> None:
        world = World()
        built = build(SETTINGS, world.kube)
        assert set(reconcilers(built)) == (set(MODELS) - {"Finding"}) | {"Retention", "Job"}

    run(story())
