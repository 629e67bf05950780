"""A plan that is taken over: its Job is suspended first, and the record says who has it since when, and why."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.assignment import AGENT, ON_CALL, Assignee
from forestall.api.remediationplan import TAKE_OVER, TAKEN_OVER_BY
from forestall.execution import handover
from forestall.execution.decide import decide
from forestall.execution.decision import Decision, SuspendJob
from tests.unit.execution.scene import WAY_BACK, executing, rolling_back, soaking
from tests.unit.gates.scene import APPROVED, NOW, facts, rendered

TAKEN = {**APPROVED, TAKE_OVER: "I know this one", TAKEN_OVER_BY: "bob"}
BOB = Assignee(kind="Human", name="bob")
WORDS = "taken over by bob: I know this one"


def taken(state: str | None, **more: Any) -> Decision | None:
    return handover.decide(executing(state, annotations=TAKEN, **more), NOW)


def test_a_plan_that_nobody_claims_goes_on() -> None:
    assert handover.decide(executing("Active"), NOW) is None


@pytest.mark.parametrize("half", [{TAKE_OVER: "why"}, {TAKEN_OVER_BY: "bob"}, {TAKE_OVER: "", TAKEN_OVER_BY: "bob"}])
def test_half_a_claim_is_none(half: dict[str, str]) -> None:
    assert handover.decide(executing("Active", annotations=half), NOW) is None


@pytest.mark.parametrize("known", [facts(annotations=TAKEN), soaking(annotations=TAKEN)], ids=["preflight", "soaking"])
def test_a_plan_without_a_job_changes_hands_at_once(known: Any) -> None:
    decision = handover.decide(known, NOW)
    assert decision is not None
    assert (decision.status.phase, decision.status.assignee) == ("Escalated", BOB)
    (hand_off,) = decision.status.hand_offs
    assert (hand_off.time, hand_off.source, hand_off.to, hand_off.reason) == (NOW, AGENT, BOB, decision.status.message)
    assert decision.status.message.startswith(WORDS)
    assert [(one.kind, one.reason) for one in decision.news] == [("Warning", "PlanEscalated")]


def test_a_plan_that_has_run_says_how_it_is_undone() -> None:
    before, after = (decide(one, NOW).status.message for one in (facts(annotations=TAKEN), soaking(annotations=TAKEN)))
    assert (before, after) == (WORDS, f"{WORDS}; {WAY_BACK}")


def test_a_running_job_is_suspended_before_the_plan_ends() -> None:
    decision = taken("Active")
    assert decision is not None
    assert (decision.status.phase, decision.status.assignee) == ("Executing", None)
    assert decision.actions == (SuspendJob("forestall-0000aaaa-1111-0-1", suspend=True),)


@pytest.mark.parametrize("state", ["Suspended", "Absent"])
def test_a_job_that_does_not_run_is_closed_as_guarded(state: str) -> None:
    decision = taken(state)
    assert decision is not None
    assert decision.status.phase == "Escalated"
    assert (decision.status.attempts[-1].outcome, decision.status.attempts[-1].message) == ("FailureGuard", WORDS)
    assert decision.actions == ()


def test_a_job_that_was_not_read_is_read_first() -> None:
    decision = taken(None)
    assert decision is not None
    assert (decision.status.phase, decision.actions) == ("Executing", ())


@pytest.mark.parametrize("state", ["Complete", "Failed"])
def test_a_job_that_has_ended_is_heard_first(state: str) -> None:
    assert taken(state) is None
    decision = decide(executing(state, annotations=TAKEN, exit_code=1), NOW)
    assert decision.status.attempts[-1].outcome is not None


def test_a_rollback_s_job_is_suspended_too() -> None:
    decision = decide(rolling_back("Active", annotations=TAKEN), NOW)
    assert decision.actions == (SuspendJob("forestall-0000aaaa-1111-undo-0-1", suspend=True),)
    assert decide(rolling_back("Suspended", annotations=TAKEN), NOW).status.phase == "Escalated"


@pytest.mark.parametrize("known", [executing, rolling_back])
def test_without_its_policy_an_executing_plan_is_stopped_and_handed_over(known: Any) -> None:
    assert decide(known("Active", policy=None), NOW).actions
    ended = decide(known("Suspended", policy=None), NOW).status
    assert (ended.phase, ended.assignee) == ("Failed", ON_CALL)
    assert ended.message == f"inspection policy shop is gone; {WAY_BACK}"


def test_without_its_policy_a_plan_that_waits_is_no_longer_needed() -> None:
    assert handover.decide(facts(rendered(phase="PendingApproval"), policy=None), NOW) is None
