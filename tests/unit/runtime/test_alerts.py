"""What Alertmanager tells stands on findings, whoever was told, however often, and in whatever company."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from forestall.adapters.memory import Verb
from forestall.adapters.resources import DEPLOYMENTS, FINDINGS, PLANS, POLICIES
from forestall.api.finding import MAX_ALERTS, Finding, FiringAlert
from forestall.ports import KubeError, Resource
from forestall.runtime import policies
from forestall.runtime.alerts import Change, Intake, merged, readable
from forestall.runtime.gathering import gather
from tests.unit.planning.world import NOW
from tests.unit.runtime.alerting import MATCHERS, SLOW, alert, count, notification, stored, told
from tests.unit.runtime.scene import POLICY, World


def test_an_alert_is_stored_before_anybody_looks_at_it() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        (found,) = await world.kube.list(FINDINGS)
        assert found["spec"]["type"] == "Alert"
        assert found["metadata"]["ownerReferences"][0]["name"] == "shop"
        assert found["status"]["alerts"] == [
            {
                "fingerprint": "a1",
                "startsAt": "2030-01-01T12:00:00Z",
                "message": "Slow: the cart crawls a1",
                "toldUntil": "2030-01-01T12:00:00Z",
            }
        ]
        assert (count(world, "taken"), count(world, "unmatched")) == (1, 0)
        assert POLICY in [await world.context.queue.get() for _ in range(world.context.queue.depth)]

    told(story)


def test_the_next_pass_makes_a_finding_and_a_plan_of_it_and_resolving_clears_both() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await world.inspect()
        await world.refresh()
        assert (world.finding.status.state, world.finding.status.message) == (
            "Open",
            "Deployment cart: Slow: the cart crawls a1",
        )
        assert world.plan.spec.runbook_ref.name == "rollout-undo"
        inspected = (await gather(world.context, world.plan)).inspected
        assert inspected is not None
        assert (inspected.finding_present, inspected.lingers) == (True, True)

        await intake.take(notification(alert(status="resolved")))
        await world.inspect()
        await world.refresh()
        assert (world.finding.status.state, world.finding.status.closure) == ("Cleared", None)
        assert world.finding.status.alerts == ()
        assert len(await world.kube.list(PLANS)) == 1

    told(story)


def test_repeated_and_grouped_alerts_are_one_finding_and_nothing_is_written_twice() -> None:
    async def story(world: World, intake: Intake) -> None:
        group = notification(alert("a1"), alert("b2", pod="cart-1"), alert("c3", pod="cart-2"))
        await intake.take(group)
        assert await stored(world) == ["a1", "b2", "c3"]
        before = len(world.kube.made("patch_status", "create"))
        for _ in range(3):
            await intake.take(group)
        assert len(world.kube.made("patch_status", "create")) == before

        await intake.take(notification(alert("a1", "resolved"), alert("b2"), alert("c3", "resolved")))
        assert await stored(world) == ["b2"]

    told(story)


def test_a_finding_clears_with_its_last_alert_only() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert("a1"), alert("b2")))
        await world.inspect()
        for name, state in (("a1", "Planned"), ("b2", "Cleared")):
            await intake.take(notification(alert(name, "resolved")))
            await world.inspect()
            assert world.finding.status.state == state

    told(story)


def test_what_is_resolved_before_anybody_saw_it_was_never_raised() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await intake.take(notification(alert(status="resolved")))
        await world.inspect()
        (move,) = world.finding.status.transitions
        assert (world.finding.status.state, move.to) == ("Cleared", "Cleared")
        assert move.message == "its alerts were resolved before an inspection raised it"

    told(story)


def test_an_alert_that_comes_during_a_pass_is_not_cleared_by_it() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await world.inspect()
        await intake.take(notification(alert(status="resolved")))
        twin = world.context.twins.get("cluster")
        assert twin is not None
        done = await policies.look(world.context, world.policy, twin)
        await intake.take(notification(alert()))
        await policies.record(world.context, world.policy, done)
        assert [one.to for one in world.finding.status.transitions] == ["Raised", "Planned"]

    told(story)


def test_of_two_replicas_that_are_told_at_once_none_overwrites_the_other() -> None:
    async def story(world: World, intake: Intake) -> None:
        other = Intake(world.context)
        await asyncio.gather(intake.take(notification(alert("a1"))), other.take(notification(alert("b2"))))
        assert await stored(world) == ["a1", "b2"]

    told(story)


def test_a_write_that_somebody_else_overtook_is_done_again_on_what_there_is_now() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert("a1")))
        world.kube.refuse("patch_status", FINDINGS, KubeError(409, "Conflict", "modified"), times=2)
        await intake.take(notification(alert("b2")))
        assert await stored(world) == ["a1", "b2"]

    told(story)


def test_a_replica_that_has_not_seen_the_finding_resolves_its_alert_all_the_same() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        world.context.store.drop("Finding", {"metadata": {**world.finding.metadata.to_json(), "uid": ""}})
        await intake.take(notification(alert(status="resolved")))
        assert await stored(world) == []

    told(story)


def test_a_replica_that_has_just_started_asks_for_the_policies_before_it_calls_an_alert_unknown() -> None:
    async def story(world: World, _: Intake) -> None:
        policy = world.policy.to_json()
        world.context.store.drop("InspectionPolicy", {"metadata": {**policy["metadata"], "uid": ""}})
        await Intake(world.context).take(notification(alert()))
        assert await stored(world) == ["a1"]

    told(story)


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("list", POLICIES),
        ("list", FINDINGS),
        ("get", FINDINGS),
        ("get", DEPLOYMENTS),
        ("create", FINDINGS),
        ("patch_status", FINDINGS),
    ],
)
def test_what_cannot_be_stored_is_not_taken_and_the_next_try_loses_nothing(verb: Verb, resource: Resource) -> None:
    async def story(world: World, intake: Intake) -> None:
        world.kube.refuse(verb, resource, KubeError(0, "Unreachable", "reset"))
        with pytest.raises(KubeError, match="Unreachable"):
            await intake.take(notification(alert()))
        await intake.take(notification(alert()))
        assert await stored(world) == ["a1"]

    told(story)


def test_one_finding_that_cannot_be_stored_keeps_no_other_from_it() -> None:
    async def story(world: World, intake: Intake) -> None:
        world.kube.refuse("patch_status", FINDINGS, KubeError(500, "InternalError", "no"))
        with pytest.raises(KubeError, match="InternalError"):
            await intake.take(notification(alert()))
        assert len(await world.kube.list(FINDINGS)) == 2
        assert sum(len(one.status.alerts) for one in world.context.store.all(Finding)) == 1

    told(story, SLOW, {**SLOW, "name": "also"})


def test_alerts_that_nobody_takes_are_counted_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    async def story(world: World, intake: Intake) -> None:
        strange = alert("b2", alertname="Strange\x1b[31m")
        await intake.take(notification(alert("c3", namespace="payments"), strange, unreadable=2, truncated=5))
        assert await world.kube.list(FINDINGS) == []
        fates = ("taken", "unmatched", "unreadable", "truncated")
        assert [count(world, fate) for fate in fates] == [0, 2, 2, 5]

    told(story)
    line = capsys.readouterr().out
    assert "Slow" in line
    assert "Strange [31m" in line
    assert "\x1b[31mm" not in line


@pytest.mark.parametrize("name", ["gone", "../cart", ""])
def test_an_alert_for_what_is_not_there_leaves_no_finding_behind(name: str) -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert(deployment=name)))
        assert await world.kube.list(FINDINGS) == []
        assert (count(world, "untargeted"), count(world, "unmatched")) == (1, 0)

    told(story)


def test_an_inspection_that_finds_no_object_keeps_no_other_from_its_finding() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        (found,) = await world.kube.list(FINDINGS)
        assert found["spec"]["qualifier"] == "slow"
        assert [count(world, fate) for fate in ("taken", "untargeted", "unmatched")] == [1, 1, 0]

    absent = {"matchers": MATCHERS, "target": {"kind": "Service", "nameLabel": "service"}}
    told(story, SLOW, {"name": "also", "alert": absent})


def test_resolving_what_was_never_told_makes_nothing() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert(status="resolved")))
        assert await world.kube.list(FINDINGS) == []
        assert count(world, "resolved") == 1

    told(story)


def test_an_alert_that_its_policy_takes_no_longer_is_forgotten_when_it_is_told_again() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(alert()))
        await intake.take(notification(alert(alertname="Other")))
        assert await stored(world) == []

    told(story)


def test_thousands_of_alerts_of_one_group_end_on_one_finding_that_can_be_stored() -> None:
    async def story(world: World, intake: Intake) -> None:
        await intake.take(notification(*(alert(f"{number:016x}", pod=str(number)) for number in range(3000))))
        assert len(await stored(world)) == MAX_ALERTS
        assert (count(world, "taken"), count(world, "overflow")) == (MAX_ALERTS, 3000 - MAX_ALERTS)
        (found,) = await world.kube.list(FINDINGS)
        assert len(str(found)) < 100_000

    told(story)


def firing(names: Iterable[str], message: str = "m", **more: Any) -> dict[str, FiringAlert]:
    return {one: FiringAlert(fingerprint=one, starts_at=more.get("since", NOW), message=message) for one in names}


def test_an_alert_that_fires_anew_is_told_anew_and_one_that_is_repeated_stays_as_it_was() -> None:
    held = tuple(firing("ab", "first").values())
    assert merged(held, Change(fires=firing("ab", "second"))) == held
    later = NOW.replace(hour=13)
    assert merged(held, Change(fires=firing("a", "second", since=later)))[1].message == "second"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\nb\t c", "a b c"), ("a\u202eb", "a b"), ("\x00\x1b[0m", "[0m"), ("  ", ""), ("naïve 漢字", "naïve 漢字")],
)
def test_what_is_not_seen_is_not_kept(text: str, shown: str) -> None:
    assert readable(text) == shown
