"""Before each Job the plan is tried on the world as it is now, whatever its policy's last inspection has seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

from forestall.adapters.resources import NODES, PLANS, POLICIES, TWINS
from forestall.gates.facts import Simulation
from forestall.ports import Json, Sample
from forestall.runtime import trials, twin_status
from forestall.runtime.gathering import gather
from tests.unit.planning.world import QUERY, available, node
from tests.unit.runtime.instant import run, settle
from tests.unit.runtime.scene import TWIN, World, broken, twin

Story = Callable[[World], Awaitable[None]]
BUSY: Json = {
    "name": "busy",
    "metric": {"query": QUERY, "operator": "GreaterOrEqual", "target": 0.5, "sharedBy": "cart"},
}
"""A goal that a third pod takes a third of the value from."""


def measure(world: World, value: str) -> None:
    world.prometheus.answers[QUERY] = (Sample({}, Decimal(value)),) if value else "timed out"


def approved(story: Story, *, prometheus: bool = False) -> None:
    """A story of a world whose plan has been approved, and was inspected before that for the last time."""

    async def whole() -> None:
        world = await broken(goals=[available(2), *([BUSY] if prometheus else [])])
        measure(world, "0.9")
        world.see(TWINS, twin(prometheus=prometheus).to_json())
        await twin_status.reconcile(world.context, TWIN)
        await settle()
        await world.inspect()
        await world.step()
        await world.approve()
        await world.refresh()
        try:
            await story(world)
        finally:
            await world.context.twins.stop()

    run(whole())


async def vetoes(world: World) -> list[tuple[str, str]]:
    [plan] = await world.kube.list(PLANS)
    return [(one["gate"], one["reason"]) for one in plan["status"]["gates"] if not one["ok"]]


def cordon(world: World, *names: str) -> None:
    for name in names:
        world.kube.put(NODES, node(name, unschedulable=True))


async def decided(world: World) -> str:
    """The plan's phase after its next step; no policy has been inspected for it."""
    last = dict(world.context.passes)
    await world.step()
    assert world.context.passes == last
    return world.phase


def test_what_has_changed_since_the_inspection_stops_the_job() -> None:
    async def story(world: World) -> None:
        cordon(world, "worker-1", "worker-2", "worker-3")
        assert await decided(world) == "Stale"
        assert await vetoes(world) == [("twin", "LeavesGoalWorse")]
        assert "pods of Deployment/shop/cart that find no node with room: 1" in world.plan.status.message
        assert await world.jobs() == []

    approved(story)


def test_what_has_not_changed_starts_it() -> None:
    async def story(world: World) -> None:
        assert await decided(world) == "Executing"
        assert len(await world.jobs()) == 1

    approved(story)


def test_a_twin_that_misses_changes_keeps_it_waiting_and_loses_no_approval() -> None:
    async def story(world: World) -> None:
        world.kube.tell(NODES, "INTERRUPTED")
        assert await decided(world) == "Blocked"
        assert (await vetoes(world))[0] == ("simulation", "NotSimulated")
        assert world.plan.status.approval is not None
        world.kube.tell(NODES, "SYNCED")
        assert await decided(world) == "Executing"

    approved(story)


def test_what_is_measured_now_counts_and_not_what_was_measured_at_the_inspection() -> None:
    async def story(world: World) -> None:
        measure(world, "0.6")
        assert await decided(world) == "Stale"
        assert world.plan.status.message == "goal busy becomes NotFulfilled"
        assert await world.jobs() == []

    approved(story, prometheus=True)


def test_what_is_not_measured_now_keeps_it_waiting() -> None:
    async def story(world: World) -> None:
        measure(world, "")
        assert await decided(world) == "Blocked"
        assert world.plan.status.message == "it cannot be simulated now: timed out"
        measure(world, "0.9")
        assert await decided(world) == "Executing"

    approved(story, prometheus=True)


def test_evidence_of_an_earlier_policy_is_none() -> None:
    async def story(world: World) -> None:
        body = world.policy.to_json()
        body["spec"]["schedule"] = {"interval": "20s"}
        world.see(POLICIES, body)
        assert await decided(world) == "Blocked"
        assert (await vetoes(world))[0] == ("evidence", "NotInspected")
        assert ("simulation", "NotSimulated") in await vetoes(world)

    approved(story)


def test_a_runbook_that_is_no_longer_on_the_ladder_is_not_run() -> None:
    async def story(world: World) -> None:
        facts = await gather(world.context, world.plan)
        assert facts.response is not None
        bare = replace(facts, response=facts.response.model_copy(update={"ladder": ()}))
        said = await trials.now(world.context, bare)
        assert said == Simulation("runbook rollout-undo is no longer on the response's ladder")

    approved(story)
