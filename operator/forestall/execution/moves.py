"""How a phase's function words its decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from forestall.api.assignment import AGENT, ON_CALL, Assignee, HandOff
from forestall.api.remediationplan import (
    REJECT,
    REJECTED_BY,
    Attempt,
    Outcome,
    Phase,
    Rejection,
    RemediationPlanStatus,
    Step,
)
from forestall.execution.decision import Decision, News
from forestall.gates import lock
from forestall.gates.decisions import fitting
from forestall.gates.facts import Facts

RECHECK = timedelta(seconds=15)
"""How long a blocked plan waits before it looks again, if nothing wakes it earlier."""
RETRY = timedelta(seconds=2)
"""How long it waits for facts that it does not have yet."""
MAX_HAND_OFFS = 16
DONE: Final[frozenset[Outcome | None]] = frozenset(("Success", "NothingToDo"))
"""Ends of a step after which the next one may follow."""


def to(status: RemediationPlanStatus, phase: Phase, message: str, **changes: object) -> RemediationPlanStatus:
    """`status` in another phase."""
    blocked = {"blocked_until": None} if phase != "Blocked" else {}
    return status.model_copy(update={"phase": phase, "message": message[:1024], **blocked, **changes})


def stay(facts: Facts, message: str, wait: timedelta | None = None, **changes: object) -> Decision:
    """The same phase, with another message; look again after `wait`."""
    status = facts.plan.status
    return Decision(to(status, status.phase, message, **changes), requeue_after=wait)


def end(facts: Facts, phase: Phase, message: str, **changes: object) -> Decision:
    """A terminal phase. People are told by a warning of every end that nobody chose."""
    chosen = {"Succeeded", "Cancelled", "Rejected", "Superseded"}
    kind: Literal["Normal", "Warning"] = "Normal" if phase in chosen else "Warning"
    return Decision(to(facts.plan.status, phase, message, **changes), news=(News(kind, f"Plan{phase}", message),))


def hand_over(
    facts: Facts, phase: Phase, message: str, now: datetime, to: Assignee = ON_CALL, /, **changes: object
) -> Decision:
    """A terminal phase that leaves the item with a person: nothing follows by itself."""
    status = facts.plan.status
    handed = HandOff(time=now, source=status.assignee or AGENT, to=to, reason=message[:1024])
    hand_offs = (*status.hand_offs, handed)[-MAX_HAND_OFFS:]
    return end(facts, phase, message, assignee=to, hand_offs=hand_offs, **changes)


def undo(facts: Facts, why: str, **changes: object) -> Decision:
    """Run the recorded inverse; where there is none, the plan has failed."""
    if not facts.plan.status.rollback:
        return end(facts, "Failed", f"{why}; it has no inverse", **changes)
    message = f"is being undone: {why}"
    status = to(facts.plan.status, "RollingBack", message, **changes)
    # The target is read only while no Job runs: the rollback is decided on facts that are gathered anew.
    return Decision(status, requeue_after=timedelta(0), news=(News("Warning", "PlanRollingBack", message[:1000]),))


def given_up(facts: Facts, now: datetime) -> Decision | None:
    """The end of a plan that a person has rejected or that is no longer needed; None where it goes on.

    Once a step has been run the plan cannot end as if nothing had been done, and a cleared finding is its own work.
    """
    if rejection := rejected(facts, now):
        message = f"rejected by {rejection.name}: {rejection.reason}"
        if acted(facts):
            return undo(facts, f"stopped between its steps: {message}", rejection=rejection)
        return end(facts, "Rejected", message, rejection=rejection)
    if missing := _missing(facts):
        if acted(facts):
            return hand_over(facts, "Failed", f"stopped between its steps: {missing}{_way_back(facts)}", now)
        return end(facts, "Cancelled", missing)
    if facts.finding is not None and facts.finding.status.state == "Cleared" and not acted(facts):
        return end(facts, "Cancelled", "the finding cleared by itself")
    return None


def _missing(facts: Facts) -> str:
    """What the plan cannot be without; empty where all is there."""
    spec = facts.plan.spec
    if facts.policy is None:
        return f"inspection policy {spec.policy_ref.name} is gone"
    return f"finding {spec.finding_ref.name} is gone, or another policy's" if facts.finding is None else ""


def _way_back(facts: Facts) -> str:
    return f"; {inverse_text(facts.plan.status.rollback)}"


def rejected(facts: Facts, now: datetime) -> Rejection | None:
    """Who has rejected the plan, by annotation or by an object; None: nobody."""
    reason, name = facts.annotations.get(REJECT, ""), facts.annotations.get(REJECTED_BY, "")
    if name and REJECT in facts.annotations:
        return Rejection(name=name, reason=reason[:1024], time=now)
    specs = (one.spec for one in fitting(facts, "Reject"))
    return next((Rejection(name=spec.approver, reason=spec.reason, time=now) for spec in specs), None)


def acted(facts: Facts) -> bool:
    """Whether a Job of a step has run that may have changed something."""
    return lock.acted(facts.plan.status)


def current(status: RemediationPlanStatus) -> Attempt | None:
    """The attempt that has not ended."""
    return status.attempts[-1] if status.attempts and status.attempts[-1].outcome is None else None


def done(status: RemediationPlanStatus, *, rollback: bool = False) -> int:
    """How many of the steps, or of those that undo them, are done."""
    return sum(1 for one in status.attempts if one.rollback == rollback and one.outcome in DONE)


def next_attempt(facts: Facts, now: datetime, *, rollback: bool = False) -> Attempt:
    """The attempt at the first step that is not done."""
    status = facts.plan.status
    step = done(status, rollback=rollback)
    number = 1 + sum(1 for one in status.attempts if (one.rollback, one.step) == (rollback, step))
    name = f"forestall-{facts.plan.metadata.uid[:13]}-{'undo-' if rollback else ''}{step}-{number}"
    return Attempt(step=step, attempt=number, rollback=rollback, job_name=name, intended_at=now)


def with_attempt(facts: Facts, attempt: Attempt, **changes: object) -> Facts:
    """The facts with the last attempt brought up to date."""
    attempts = (*facts.plan.status.attempts[:-1], attempt.model_copy(update=changes))
    return facts.with_status(facts.plan.status.model_copy(update={"attempts": attempts}))


def inverse_text(steps: tuple[Step, ...]) -> str:
    """How a person undoes the plan, in words."""
    if not steps:
        return "it has no inverse"
    shown = (f"{step.argv[0]} " + " ".join(f"{p.name}={p.value}" for p in step.parameters) for step in steps)
    return "its inverse is: " + "; then ".join(text.strip() for text in shown)
