"""Alerts that nobody resolves, and alerts of nodes, which are every namespace's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forestall.adapters.alertmanager import Alert
from forestall.adapters.resources import FINDINGS, PLANS, POLICIES
from forestall.ports import Json
from forestall.runtime import policies
from forestall.runtime.alerts import Intake
from tests.unit.planning.world import NOW
from tests.unit.runtime.alerting import MATCHERS, SLOW, alert, count, notification, told
from tests.unit.runtime.scene import World

EXPIRING: Json = {"name": "slow", "alert": {**SLOW["alert"], "expireAfter": "1h"}}


def written(world: World) -> int:
    """How often a finding's status was written."""
    return sum(call.kind == "Finding" for call in world.kube.made("patch_status"))


def pass_by(world: World, **time: float) -> None:
    world.clock.advance(timedelta(**time))


def test_an_alert_that_is_neither_resolved_nor_told_again_clears_its_finding_and_is_nobody_s_success() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await world.inspect()
        await world.refresh()
        pass_by(world, minutes=59)
        await world.inspect()
        assert world.finding.status.state == "Planned"
        pass_by(world, minutes=1)
        await world.inspect()
        finding = world.finding.status
        assert (finding.state, finding.closure, finding.alerts) == ("Cleared", None, ())
        assert finding.transitions[-1].message == policies.EXPIRED
        assert count(world, "expired") == 1

    told(story, EXPIRING)


def test_without_a_limit_an_alert_fires_until_it_is_resolved() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await world.inspect()
        pass_by(world, days=30)
        await world.inspect()
        assert world.finding.status.state == "Planned"

    told(story)


def test_an_alert_that_is_told_again_lives_on_and_that_is_not_written_each_time() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await world.inspect()
        await world.inspect()
        before = written(world)
        for _ in range(12):
            pass_by(world, minutes=10)
            await intake.take(notification(alert()))
            await world.inspect()
        assert world.finding.status.state == "Planned"
        assert written(world) - before == 6

    told(story, EXPIRING)


def test_an_alert_lives_as_long_as_its_sender_says_and_the_limit_besides() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert(until=NOW + timedelta(hours=3))))
        await world.inspect()
        for hours, state in ((3, "Planned"), (1, "Cleared")):
            pass_by(world, hours=hours)
            await world.inspect()
            assert world.finding.status.state == state

    told(story, EXPIRING)


def test_what_was_told_before_this_replica_listened_has_all_of_its_time_again() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await world.inspect()
        pass_by(world, hours=5)
        world.context.since = world.clock.now()
        for minutes, state in ((59, "Planned"), (1, "Cleared")):
            pass_by(world, minutes=minutes)
            await world.inspect()
            assert world.finding.status.state == state

    told(story, EXPIRING)


@pytest.mark.parametrize("phase", ["Executing", "Soaking", "RollingBack"])
def test_while_a_plan_is_at_work_silence_is_not_taken_for_its_success(phase: str) -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await world.inspect()
        await world.refresh()
        world.see(PLANS, {**world.plan.to_json(), "status": {**world.plan.status.to_json(), "phase": phase}})
        pass_by(world, days=1)
        await world.inspect()
        assert (world.finding.status.state, len(world.finding.status.alerts)) == ("Planned", 1)

    told(story, EXPIRING)


def on_nodes(name: str = "slow") -> Json:
    return {"name": name, "alert": {"matchers": MATCHERS, "target": {"kind": "Node", "nameLabel": "node"}}}


def of_a_node(fingerprint: str = "a1", status: str = "firing", **labels: str) -> Alert:
    found = alert(fingerprint, status, node="worker-1", **labels)
    return found.model_copy(update={"labels": {key: value for key, value in found.labels.items() if value}})


def test_an_alert_of_a_node_is_taken_without_a_namespace_and_only_for_a_node_that_is_there() -> None:
    async def story(world: World, intake: Intake) -> None:
        gone = of_a_node("b2", namespace="").model_copy(update={"labels": {"alertname": "Slow", "node": "gone"}})
        await intake.take(notification(of_a_node(namespace=""), gone))
        (found,) = await world.kube.list(FINDINGS)
        assert found["metadata"]["namespace"] == "shop"
        assert found["spec"]["resource"] == {"kind": "Node", "namespace": "", "name": "worker-1"}
        assert (count(world, "taken"), count(world, "untargeted")) == (1, 1)
        await world.inspect()
        assert world.finding.status.targets[0].kind == "Node"

        await intake.take(notification(of_a_node(status="resolved", namespace="")))
        await world.inspect()
        assert world.finding.status.state == "Cleared"

    told(story, on_nodes())


def test_each_namespace_has_its_own_finding_on_a_node() -> None:
    async def story(world: World, intake: Intake) -> None:
        policy = world.policy.to_json()
        other = {**policy, "metadata": {"name": "shop", "namespace": "payments", "uid": "uid-other"}}
        world.see(POLICIES, other)
        await intake.take(notification(of_a_node(namespace="")))
        assert [one["metadata"]["namespace"] for one in await world.kube.list(FINDINGS)] == ["payments", "shop"]
        await intake.take(notification(of_a_node(status="resolved", namespace="")))
        assert [one["status"].get("alerts", []) for one in await world.kube.list(FINDINGS)] == [[], []]

    told(story, on_nodes())
