"""Executing: a Job is created once, followed, and its end taken for what it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forestall.api.remediationplan import REJECT, REJECTED_BY, Attempt, Outcome
from forestall.execution import executing
from forestall.execution.decision import CreateJob, Decision, SuspendJob
from tests.unit.execution.scene import BEGUN
from tests.unit.execution.scene import executing as scene
from tests.unit.gates.scene import APPROVED, NOW, policy

SUSPENDED = policy(suspend=True)


def decided(state: str | None, **more: Any) -> Decision:
    return executing.decide(scene(state, **more), NOW)


def last(decision: Decision) -> Attempt:
    return decision.status.attempts[-1]


ENDS: dict[str, tuple[dict[str, Any], Outcome, str]] = {
    "complete": ({"state": "Complete", "exit_code": 0}, "Success", "Soaking"),
    "complete, its pod gone": ({"state": "Complete"}, "Success", "Soaking"),
    "nothing to do": ({"state": "Failed", "exit_code": 41}, "Success", "Soaking"),
    "a precondition failed": ({"state": "Failed", "exit_code": 40}, "FailureGuard", "Stale"),
    "failed": ({"state": "Failed", "exit_code": 1}, "Failure", "Failed"),
    "failed, its pod gone": ({"state": "Failed"}, "Failure", "Failed"),
    "killed": ({"state": "Failed", "exit_code": 137}, "Failure", "Failed"),
    "ran out of time": ({"state": "Failed", "timed_out": True}, "FailureTimeout", "Failed"),
    "ran out of time and was killed": (
        {"state": "Failed", "exit_code": 143, "timed_out": True},
        "FailureTimeout",
        "Failed",
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
    assert (decision.status.phase, last(decision).outcome) == ("Failed", "FailureGuard")


def test_a_failure_names_the_step_what_happened_and_the_way_back() -> None:
    decision = decided("Failed", exit_code=1, message="refused")
    assert decision.status.message == "step-0 failed (Failure): refused; its inverse is: rollout-undo to=cart-1"
    assert last(decision).message == "refused"
    assert [(one.kind, one.reason) for one in decision.news] == [("Warning", "PlanFailed"), ("Warning", "StepFailed")]


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


def test_a_job_that_had_been_accepted_and_is_gone_was_deleted_and_is_not_made_again() -> None:
    decision = decided("Absent", accepted=True)
    assert (decision.status.phase, decision.actions) == ("Failed", ())
    assert last(decision).outcome == "FailureException"
    assert "deleted" in decision.status.message


def test_a_stranger_s_job_is_not_taken_over() -> None:
    decision = decided("Foreign")
    assert (decision.status.phase, last(decision).outcome, decision.actions) == ("Failed", "FailureException", ())
    assert "is not this plan's" in decision.status.message


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
