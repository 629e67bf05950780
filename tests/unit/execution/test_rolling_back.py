"""RollingBack: the inverse is run under the plan's own approval, only on what the plan left, and then verified."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.assignment import ON_CALL
from forestall.api.inspectionpolicy import GoalState, GoalStatus
from forestall.api.remediationplan import Attempt
from forestall.execution import rolling_back
from forestall.execution.decision import CreateJob, Decision, SuspendJob
from forestall.gates.facts import Inspected, LiveTarget
from tests.unit.execution.scene import LEFT, WAY_BACK
from tests.unit.execution.scene import rolling_back as scene
from tests.unit.gates.scene import NOW, READS, inspected, pause, policy

NAME = "forestall-0000aaaa-1111-undo-0-1"
LATER = NOW + timedelta(minutes=15)
BEGUN_ANEW = LiveTarget(uid="another", reads_hash=LEFT)
STRANGE = LiveTarget(uid="uid-cart", reads_hash="sha256:somebody-else's")
OWNED = LiveTarget(uid="uid-cart", reads_hash=LEFT, foreign_owners=("argocd",))


def decided(state: str | None = None, **more: Any) -> Decision:
    return rolling_back.decide(scene(state, **more), NOW)


def last(decision: Decision) -> Attempt:
    return decision.status.attempts[-1]


def soaked(up: GoalState = "Fulfilled", **more: Any) -> Decision:
    """The rollback's soak is over; goal `light` was met before the plan, `up` was not."""
    goals = (
        GoalStatus(name="light", observed=up, predicted="Unknown"),
        GoalStatus(name="up", observed="NotFulfilled", predicted="Unknown"),
    )
    known = {"inspected": inspected(goals=goals), "found": READS, **more}
    return decided(undone=True, until=NOW, **known)


def stuck(decision: Decision, why: str) -> None:
    """The plan has failed, a person has it, and its message says why and how to undo it by hand."""
    status = decision.status
    assert (status.phase, decision.actions, status.assignee) == ("Failed", (), ON_CALL)
    assert status.message == f"not undone: {why}; {WAY_BACK}"
    assert status.hand_offs[-1].to == ON_CALL
    assert status.timestamps.verified == NOW


def test_the_inverse_is_put_on_record_and_its_job_asked_for() -> None:
    decision = decided(annotations={})  # no fresh approval is asked for
    attempt = last(decision)
    assert decision.actions == (CreateJob(attempt),)
    assert (attempt.rollback, attempt.step, attempt.attempt, attempt.job_name) == (True, 0, 1, NAME)
    assert (decision.status.expected_hash, attempt.accepted_at) == (LEFT, None)
    assert decision.status.step_of(attempt).name == "undo-0"


def test_the_target_is_read_first() -> None:
    decision = decided(found=None)
    assert (decision.actions, decision.requeue_after) == ((), timedelta(seconds=2))


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (LiveTarget(error="Deployment shop/cart is gone"), "Deployment shop/cart is gone"),
        (BEGUN_ANEW, "the target was deleted and made anew"),
        (STRANGE, "the target has changed since the plan's last Job"),
        (OWNED, "argocd owns what the runbook writes"),
    ],
    ids=["gone", "made anew", "changed by others", "owned by Git"],
)
def test_what_the_plan_did_not_leave_behind_is_not_touched(live: LiveTarget, why: str) -> None:
    stuck(decided(live=live), why)
    unborn = decided("Absent", live=live)
    stuck(unborn, why)
    assert last(unborn).outcome == "FailureGuard"


def test_a_job_that_told_nothing_and_changed_nothing_leaves_nothing_to_undo() -> None:
    decision = decided(found=READS, told="")
    assert (decision.status.phase, decision.actions, decision.status.assignee) == ("Failed", (), None)
    assert decision.status.message.startswith("nothing is left to undo: ")


def test_what_no_job_is_known_to_have_changed_is_not_undone() -> None:
    stuck(decided(found=LEFT, told=""), rolling_back.NOT_ITS_OWN)
    stuck(decided("Absent", found=LEFT, told=""), rolling_back.NOT_ITS_OWN)


def test_a_rollback_that_finds_nothing_to_do_is_verified_like_any_other() -> None:
    decision = decided("Failed", exit_code=41)
    assert (last(decision).outcome, decision.status.undoing is not None) == ("NothingToDo", True)


@pytest.mark.parametrize(
    ("stop", "gate"),
    [({"policy": policy(suspend=True)}, "suspend"), ({"pauses": (pause(),)}, "pause")],
    ids=["suspended", "paused"],
)
@pytest.mark.parametrize("state", [None, "Absent"])
def test_a_stop_keeps_it_back(stop: dict[str, Any], gate: str, state: str | None) -> None:
    decision = decided(state, **stop)
    assert (decision.status.phase, decision.actions, decision.requeue_after) == (
        "RollingBack",
        (),
        timedelta(seconds=15),
    )
    assert [one.gate for one in decision.status.gates if not one.ok] == [gate]
    assert [one.rollback for one in decision.status.attempts if one.outcome is None] == ([True] if state else [])


def test_a_mode_that_is_no_longer_open_does_not_keep_it_back() -> None:
    assert decided(policy=policy(mode="Propose"), response=None).actions


def test_an_intent_on_record_is_carried_out_under_the_same_name() -> None:
    decision = decided("Absent")
    assert decision.actions == (CreateJob(last(decision)),)
    assert (last(decision).job_name, last(decision).intended_at) == (NAME, NOW)


def test_an_intent_waits_until_its_target_is_read() -> None:
    assert decided("Absent", found=None).requeue_after == timedelta(seconds=2)


@pytest.mark.parametrize(("state", "suspend"), [("Active", True), ("Suspended", False)])
def test_the_stop_holds_for_its_job_too(state: str, suspend: bool) -> None:
    decision = decided(state, policy=policy(suspend=suspend))
    assert decision.actions == (SuspendJob(NAME, suspend=suspend),)


def test_a_job_that_was_not_read_is_looked_for_again_soon() -> None:
    assert decided("unread").requeue_after == timedelta(seconds=2)


@pytest.mark.parametrize(
    ("state", "job", "why"),
    [
        ("Failed", {"exit_code": 1, "message": "refused"}, "the rollback failed (Failure): refused"),
        ("Failed", {"exit_code": 40, "message": "changed"}, "the rollback failed (FailureGuard): changed"),
        ("Failed", {"timed_out": True}, "the rollback failed (FailureTimeout): the Job failed"),
        ("Foreign", {}, f"Job {NAME} is not this plan's"),
        ("Absent", {"accepted": True}, f"Job {NAME} was deleted"),
    ],
)
def test_a_rollback_that_does_not_work_is_a_person_s_matter(state: str, job: dict[str, Any], why: str) -> None:
    decision = decided(state, **job)
    stuck(decision, why)
    assert last(decision).outcome is not None


def test_after_the_last_job_it_soaks() -> None:
    decision = decided("Complete", policy=policy(execution={"soak": "90s"}))
    undoing = decision.status.undoing
    assert undoing is not None
    assert (undoing.since, undoing.until, undoing.result) == (NOW, NOW + timedelta(seconds=90), "Pending")
    assert (decision.status.phase, decision.requeue_after) == ("RollingBack", timedelta(seconds=90))


def test_another_step_follows_the_first_on_facts_gathered_anew() -> None:
    known = scene("Complete", rollback=2, target_hash="sha256:half-undone")
    first = rolling_back.decide(known, NOW)
    assert (first.actions, first.requeue_after, first.status.undoing) == ((), timedelta(0), None)
    live = LiveTarget(uid="uid-cart", reads_hash="sha256:half-undone")
    second = rolling_back.decide(replace(known.with_status(first.status), live=live, jobs={}), NOW)
    assert (last(second).step, last(second).rollback) == (1, True)
    assert second.status.expected_hash == "sha256:half-undone"


def test_the_soak_is_not_cut_short() -> None:
    decision = soaked(found=READS)
    early = rolling_back.decide(scene(undone=True, until=NOW + timedelta(seconds=7)), NOW)
    assert (early.status.phase, early.requeue_after) == ("RollingBack", timedelta(seconds=7))
    assert decision.status.phase == "RolledBack"


def test_it_is_verified_by_the_target_and_by_the_goals_that_were_met_before() -> None:
    decision = soaked()
    assert (decision.status.phase, decision.status.assignee) == ("RolledBack", None)
    assert decision.status.undoing is not None
    assert decision.status.undoing.result == "Fulfilled"
    assert decision.status.timestamps.verified == NOW


def test_a_target_that_is_not_as_before_is_not_rolled_back() -> None:
    decision = soaked(found=LEFT)
    stuck(decision, "the target is not as it was before the plan")
    assert decision.status.undoing is not None
    assert decision.status.undoing.result == "NotFulfilled"


def test_a_target_that_is_gone_is_not_rolled_back() -> None:
    stuck(soaked(live=LiveTarget(error="gone")), "gone")


@pytest.mark.parametrize("state", ["NotFulfilled", "Unknown"])
def test_a_goal_that_was_met_before_must_be_met_again(state: GoalState) -> None:
    stuck(soaked(up=state), f"goal light was met before the plan and is {state}")


UNSEEN: dict[str, tuple[Inspected | None, str]] = {
    "nothing was inspected": (None, "no inspection has run since the rollback"),
    "it was inspected before": (inspected(at=NOW - timedelta(seconds=1)), "no inspection has run since the rollback"),
    "the metrics are gone": (inspected(metrics_ok=False, problem="timed out"), "timed out"),
}


@pytest.mark.parametrize(("seen", "why"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_cannot_be_judged_is_waited_for_and_then_a_person_s_matter(seen: Inspected | None, why: str) -> None:
    known = scene(undone=True, until=NOW, found=READS, inspected=seen)
    early = rolling_back.decide(known, LATER - timedelta(milliseconds=1))
    assert (early.status.phase, early.status.message) == ("RollingBack", f"the rollback cannot be judged yet: {why}")
    late = rolling_back.decide(known, LATER)
    assert (late.status.phase, late.status.assignee) == ("Failed", ON_CALL)
    assert late.status.undoing is not None
    assert late.status.undoing.result == "Inconclusive"
