"""What must hold of every single decision about a plan, whatever it was decided on."""

from __future__ import annotations

from forestall.api.remediationplan import TAKE_OVER, TERMINAL, RemediationPlanStatus
from forestall.execution.decision import CreateJob, Decision, SuspendJob
from forestall.execution.moves import DONE
from forestall.gates.facts import Facts


def keeps_to_the_rules(known: Facts, decision: Decision) -> None:
    """Raise AssertionError where a decision on these facts breaks a rule."""
    absorbs(known.plan.status, decision)
    is_recorded(known.plan.status, decision)
    stops(known, decision)
    undoes_what_was_done(decision.status)


def absorbs(before: RemediationPlanStatus, decision: Decision) -> None:
    """An end stays as it is, and leaves nothing running or to be done."""
    if before.phase in TERMINAL:
        assert (decision.status.phase, decision.status.attempts) == (before.phase, before.attempts)
    if decision.status.phase in TERMINAL:
        assert decision.actions == ()
        assert all(one.outcome for one in decision.status.attempts)


def is_recorded(before: RemediationPlanStatus, decision: Decision) -> None:
    """A Job is created only for the last attempt on record, which has no end; no attempt is ever forgotten."""
    attempts = decision.status.attempts
    assert [one.job_name for one in attempts[: len(before.attempts)]] == [one.job_name for one in before.attempts]
    assert all(one.outcome for one in attempts[:-1])
    steps = {(one.rollback, one.step, one.attempt) for one in attempts}
    assert len({one.job_name for one in attempts}) == len(steps) == len(attempts)
    for action in decision.actions:
        if isinstance(action, CreateJob):
            assert action.attempt == attempts[-1]
            assert (action.attempt.outcome, action.attempt.accepted_at) == (None, None)


def stops(known: Facts, decision: Decision) -> None:
    """While a stop holds, or a person has taken over, no Job is created and none is let go on."""
    stopped = known.policy is None or known.policy.spec.suspend or TAKE_OVER in known.annotations
    paused = {one.spec.level for one in known.pauses or ()}
    for action in decision.actions:
        assert not (isinstance(action, CreateJob) and (stopped or paused))
        assert not (isinstance(action, SuspendJob) and not action.suspend and (stopped or "Stop" in paused))


def undoes_what_was_done(after: RemediationPlanStatus) -> None:
    """What undoes runs in order and only after a step, and success is never claimed of what was undone."""
    undoing = [one for one in after.attempts if one.rollback]
    if undoing:
        assert not after.attempts[0].rollback
        assert after.attempts[-len(undoing) :] == tuple(undoing)
        assert [one.step for one in undoing] == sorted(one.step for one in undoing)
        assert after.phase in {"RollingBack", "RolledBack", "Failed", "Escalated"}
    if after.phase == "RolledBack":
        assert [one.step for one in undoing if one.outcome in DONE] == list(range(len(after.rollback)))
