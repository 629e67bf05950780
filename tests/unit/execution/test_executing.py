"""Executing: a Job is created once, followed, and its end taken for what it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.assignment import ON_CALL
from forestall.api.remediationplan import REJECT, REJECTED_BY, Attempt, Outcome
from forestall.execution import executing
from forestall.execution.decide import decide
from forestall.execution.decision import CreateJob, Decision, SuspendJob
from forestall.gates.facts import LiveTarget
from tests.unit.execution.scene import BEGUN, job
from tests.unit.execution.scene import executing as scene
from tests.unit.gates.scene import APPROVED, NOW, READS, policy

SUSPENDED = policy(suspend=True)


def decided(state: str | None, **more: Any) -> Decision:
    return executing.decide(scene(state, **more), NOW)


def last(decision: Decision) -> Attempt:
    return decision.status.attempts[-1]


ENDS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "complete": ({"state": "Complete", "exit_code": 0}, "Success", "Soaking"),
    "complete, its pod gone": ({"state": "Complete"}, "Success", "Soaking"),
    "nothing to do": ({"state": "Failed", "exit_code": 41}, "NothingToDo", "Soaking"),
    "a precondition failed": ({"state": "Failed", "exit_code": 40}, "FailureGuard", "Stale"),
    "failed": ({"state": "Failed", "exit_code": 1}, "Failure", "RollingBack"),
    "failed, its pod gone": ({"state": "Failed"}, "Failure", "RollingBack"),
    "killed": ({"state": "Failed", "exit_code": 137}, "Failure", "RollingBack"),
    "ran out of time": ({"state": "Failed", "timed_out": True}, "FailureTimeout", "RollingBack"),
    "ran out of time and was killed": (
        {"state": "Failed", "exit_code": 143, "timed_out": True},
        "FailureTimeout",
        "RollingBack",
    ),
}


@pytest.mark.parametrize(("job", "outcome", "phase"), ENDS.values(), ids=ENDS.keys())
def test_a_job_s_end_counts_as(job: dict[str, Any], outcome: Outcome, phase: str) -> None:
    decision = decided(**job)
    assert (last(decision).outcome, decision.status.phase) == (outcome, phase)
    assert last(decision).finished_at == NOW
    assert last(decision).accepted_at == BEGUN


def test_a_precondition_that_fails_after_a_step_is_no_clean_end() -> None:
    decision = decided("Failed", exit_code=40, steps=2, done=("Success",))
    assert (decision.status.phase, last(decision).outcome) == ("RollingBack", "FailureGuard")


def test_a_failure_names_the_step_what_happened_and_the_way_back() -> None:
    decision = decided("Failed", exit_code=1, message="refused", target_hash="sha256:half-done")
    assert decision.status.message == "is being undone: step-0 failed (Failure): refused"
    assert (last(decision).message, last(decision).target_hash) == ("refused", "sha256:half-done")
    assert (decision.actions, decision.requeue_after) == ((), timedelta(0))
    warned = [("Warning", "PlanRollingBack"), ("Warning", "StepFailed")]
    assert [(one.kind, one.reason) for one in decision.news] == warned


TRIES: dict[str, tuple[dict[str, Any], int, int, Outcome, str]] = {
    "a failure is tried again": ({"exit_code": 1}, 1, 2, "Failure", "Preflight"),
    "a timeout is tried again": ({"timed_out": True}, 2, 2, "FailureTimeout", "Preflight"),
    "the last failure ends it": ({"exit_code": 1}, 3, 2, "FailureRetries", "RollingBack"),
    "the last timeout ends it": ({"timed_out": True}, 2, 1, "FailureRetries", "RollingBack"),
    "a precondition that fails is not tried again": ({"exit_code": 40}, 1, 2, "FailureGuard", "Stale"),
    "a failure of what is not retried ends it": ({"exit_code": 1}, 1, 0, "Failure", "RollingBack"),
}


@pytest.mark.parametrize(("job", "number", "retries", "outcome", "phase"), TRIES.values(), ids=TRIES.keys())
def test_retries(job: dict[str, Any], number: int, retries: int, outcome: Outcome, phase: str) -> None:
    known = scene("Failed", **job)
    status = known.plan.status
    steps = (status.steps[0].model_copy(update={"retries": retries}),)
    attempt = status.attempts[0].model_copy(update={"attempt": number})
    changed = status.model_copy(update={"steps": steps, "attempts": (attempt,)})

    decision = executing.decide(known.with_status(changed), NOW)

    assert (last(decision).outcome, decision.status.phase) == (outcome, phase)


def test_the_next_try_has_its_own_number_and_expects_what_the_last_one_left() -> None:
    known = scene("Failed", exit_code=1, target_hash="sha256:half-done")
    steps = (known.plan.status.steps[0].model_copy(update={"retries": 1}),)
    first = executing.decide(known.with_status(known.plan.status.model_copy(update={"steps": steps})), NOW)
    live = LiveTarget(uid="uid-cart", reads_hash="sha256:half-done")

    again = last(decide(replace(known.with_status(first.status), live=live, jobs={}), NOW))

    assert first.status.expected_hash == "sha256:half-done"
    assert (again.step, again.attempt) == (0, 2)


def test_a_failure_without_words_gets_some() -> None:
    assert last(decided("Failed", exit_code=1, message="")).message == "the Job failed"


def test_words_longer_than_a_status_takes_are_cut() -> None:
    for state in ("Failed", "Complete"):
        decision = decided(state, exit_code=1, message="x" * 5000)
        assert len(last(decision).message) == 1024
        assert len(decision.status.message) <= 1024


def test_a_success_leaves_its_words_and_the_target_s_hash() -> None:
    decision = decided("Complete", target_hash="sha256:as-left", message="3 of 3 updated")
    assert (last(decision).target_hash, last(decision).message) == ("sha256:as-left", "3 of 3 updated")


def test_a_job_that_had_nothing_to_do_leaves_nothing_that_the_plan_may_undo() -> None:
    decision = decided(
        "Failed", exit_code=41, message="the target is already as wanted", target_hash="sha256:a-stranger's"
    )
    assert (last(decision).message, last(decision).target_hash) == ("the target is already as wanted", "")
    assert decision.status.expected_hash == READS


def test_a_job_that_had_nothing_to_do_leaves_what_an_earlier_one_has_changed() -> None:
    known = scene("Failed", exit_code=1, target_hash="sha256:half-done")
    steps = (known.plan.status.steps[0].model_copy(update={"retries": 1}),)
    first = executing.decide(known.with_status(known.plan.status.model_copy(update={"steps": steps})), NOW)
    live = LiveTarget(uid="uid-cart", reads_hash="sha256:half-done")
    again = decide(replace(known.with_status(first.status), live=live, jobs={}), NOW)
    ended = job("Failed", name=last(again).job_name, exit_code=41)

    done = executing.decide(replace(known.with_status(again.status), jobs={ended.name: ended}), NOW)

    assert [one.outcome for one in done.status.attempts] == ["Failure", "NothingToDo"]
    assert (done.status.phase, done.status.expected_hash) == ("Soaking", "sha256:half-done")


def test_a_job_that_was_not_read_is_looked_for_again_soon() -> None:
    decision = decided(None)
    assert (decision.actions, decision.requeue_after) == ((), timedelta(seconds=2))


def test_an_intent_on_record_is_carried_out_under_the_same_name() -> None:
    decision = decided("Absent")
    assert decision.actions == (CreateJob(last(decision)),)
    assert len(decision.status.attempts) == 1


def test_an_intent_is_renewed_so_that_a_conditional_write_goes_before_every_job() -> None:
    known = scene("Absent")
    decision = executing.decide(known, NOW)
    assert last(decision).intended_at == NOW
    assert decision.status != known.plan.status


def test_an_intent_is_not_carried_out_while_a_gate_is_shut() -> None:
    decision = decided("Absent", policy=SUSPENDED)
    assert (decision.actions, decision.requeue_after) == ((), timedelta(seconds=15))
    assert [one.gate for one in decision.status.gates if not one.ok] == ["suspend"]
    assert last(decision).outcome is None


@pytest.mark.parametrize(
    "change",
    [
        {"live": None},
        {"annotations": {}},
        {"annotations": {**APPROVED, REJECT: "no", REJECTED_BY: "bob"}},
    ],
    ids=["the target has changed", "the approval was withdrawn", "a person rejected it"],
)
def test_an_intent_that_is_given_up_is_closed_as_guarded(change: dict[str, Any]) -> None:
    decision = decided("Absent", **change)
    assert decision.actions == ()
    assert (last(decision).outcome, last(decision).finished_at) == ("FailureGuard", NOW)
    assert last(decision).message


def deleted(live: LiveTarget | None) -> Decision:
    return decided("Absent", accepted=True, live=live)


def test_a_job_that_had_been_accepted_and_is_gone_is_judged_by_its_target() -> None:
    decision = deleted(None)
    assert (decision.status.phase, decision.actions, decision.requeue_after) == (
        "Executing",
        (),
        timedelta(seconds=2),
    )


def test_a_deleted_job_whose_work_is_done_counts_as_done() -> None:
    decision = deleted(LiveTarget(uid="uid-cart", reads_hash="sha256:as-left", as_wanted=True))
    assert (decision.status.phase, decision.actions) == ("Soaking", ())
    assert (last(decision).outcome, last(decision).target_hash) == ("Success", "")
    assert "deleted" in last(decision).message
    assert decision.status.expected_hash == READS  # who made it so is not known: nothing of it is the plan's to undo


@pytest.mark.parametrize(
    "live",
    [
        LiveTarget(uid="uid-cart", reads_hash="sha256:half-done"),
        LiveTarget(uid="another", reads_hash="sha256:as-left", as_wanted=True),
        LiveTarget(error="gone"),
    ],
    ids=["not as wanted", "made anew", "gone"],
)
def test_a_deleted_job_whose_work_is_not_done_is_a_person_s_matter(live: LiveTarget) -> None:
    decision = deleted(live)
    assert (decision.status.phase, decision.actions) == ("Failed", ())
    assert (last(decision).outcome, decision.status.assignee) == ("FailureException", ON_CALL)
    assert "deleted" in decision.status.message
    assert decision.status.message.endswith("its inverse is: rollout-undo to=cart-1")


def test_a_stranger_s_job_is_not_taken_over() -> None:
    decision = decided("Foreign")
    assert (decision.status.phase, last(decision).outcome, decision.actions) == ("Failed", "FailureException", ())
    assert "is not this plan's" in decision.status.message
    assert decision.status.assignee == ON_CALL


def test_an_accepted_job_is_recorded_as_such() -> None:
    assert last(decided("Active")).accepted_at == BEGUN


def test_a_running_job_changes_nothing_further() -> None:
    known = scene("Active", accepted=True)
    assert executing.decide(known, NOW).status == known.plan.status


def test_the_stop_suspends_a_running_job() -> None:
    decision = decided("Active", policy=SUSPENDED)
    assert decision.actions == (SuspendJob(last(decision).job_name, suspend=True),)
    assert decision.status.message == "its Job is suspended"


def test_a_policy_that_is_gone_stops_too() -> None:
    assert decided("Active", policy=None).actions == (SuspendJob("forestall-0000aaaa-1111-0-1", suspend=True),)


def test_the_end_of_the_stop_lets_the_job_go_on() -> None:
    decision = decided("Suspended")
    assert decision.actions == (SuspendJob(last(decision).job_name, suspend=False),)
    assert decision.status.message == "runs step-0"


def test_a_suspended_job_stays_suspended_while_the_stop_holds() -> None:
    assert decided("Suspended", policy=SUSPENDED).actions == ()


def test_a_job_that_ends_although_stopped_counts() -> None:
    assert last(decided("Complete", policy=SUSPENDED)).outcome == "Success"
