"""Preflight and Blocked: all verdicts on record, then the attempt, then the Job."""

from __future__ import annotations

from datetime import timedelta

from forestall.execution import preflight
from forestall.execution.decision import CreateJob
from tests.unit.gates.scene import GATES, NOW, attempt, attempts, facts, policy, rendered


def test_open_gates_put_an_attempt_on_record_and_ask_for_its_job() -> None:
    decision = preflight.decide(facts(), NOW)
    [first] = decision.status.attempts
    assert (first.step, first.attempt, first.intended_at, first.outcome) == (0, 1, NOW, None)
    assert decision.actions == (CreateJob(first),)
    assert decision.status.message == "runs step-0"


def test_every_verdict_is_recorded_whether_open_or_shut() -> None:
    assert [one.gate for one in preflight.decide(facts(), NOW).status.gates] == list(GATES)
    shut = preflight.decide(facts(live=None), NOW)
    assert [one.gate for one in shut.status.gates if not one.ok] == ["target"]


def test_a_blocked_plan_says_when_it_looks_again() -> None:
    decision = preflight.decide(facts(policy=policy(suspend=True)), NOW)
    assert decision.status.blocked_until == NOW + timedelta(seconds=15)
    assert decision.requeue_after == timedelta(seconds=15)
    assert "spec.suspend" in decision.status.message


def test_a_plan_that_goes_on_is_blocked_no_longer() -> None:
    decision = preflight.decide(facts(rendered(phase="Blocked", blockedUntil=NOW)), NOW)
    assert decision.status.blocked_until is None


def test_an_approval_that_was_withdrawn_leaves_the_record() -> None:
    decision = preflight.decide(facts(annotations={}), NOW)
    assert (decision.status.phase, decision.status.approval) == ("PendingApproval", None)
    assert decision.status.message.startswith("approval withdrawn")


def test_a_second_try_has_its_own_number_and_name() -> None:
    tried = [attempt(outcome="FailureGuard")]
    [_, again] = preflight.decide(facts(rendered(attempts=tried)), NOW).status.attempts
    assert (again.step, again.attempt, again.job_name[-4:]) == (0, 2, "-0-2")


def test_a_step_follows_the_last_one_that_succeeded() -> None:
    tried = [attempt(outcome="FailureGuard"), attempt(number=2, outcome="Success")]
    [*_, following] = preflight.decide(facts(rendered(steps=2, attempts=tried)), NOW).status.attempts
    assert (following.step, following.attempt, following.job_name[-4:]) == (1, 1, "-1-1")


def test_a_plan_that_stops_between_its_steps_says_so() -> None:
    decision = preflight.decide(facts(rendered(steps=2, attempts=attempts("Success")[:1]), live=None), NOW)
    assert decision.status.phase == "RollingBack"
    assert decision.status.message == "is being undone: stopped between its steps: the target has not been read"
    assert [one.kind for one in decision.news] == ["Warning"]
