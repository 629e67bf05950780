"""How a phase's function words its decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from forestall.api.remediationplan import (
    APPROVE,
    APPROVED_BY,
    REJECT,
    REJECTED_BY,
    Attempt,
    Phase,
    Rejection,
    RemediationPlanStatus,
    Step,
)
from forestall.execution.decision import Decision, News
from forestall.gates.facts import Facts

RECHECK = timedelta(seconds=15)
"""How long a blocked plan waits before it looks again, if nothing wakes it earlier."""


def to(status: RemediationPlanStatus, phase: Phase, message: str, **changes: object) -> RemediationPlanStatus:
    """`status` in another phase."""
    blocked = {"blocked_until": None} if phase != "Blocked" else {}
    return status.model_copy(update={"phase": phase, "message": message[:1024], **blocked, **changes})


def stay(facts: Facts, message: str, wait: timedelta | None = None, **changes: object) -> Decision:
    """The same phase, with another message; look again after `wait`."""
    status = facts.plan.status
    return Decision(to(status, status.phase, message, **changes), requeue_after=wait)


def end(facts: Facts, phase: Phase, message: str, **changes: object) -> Decision:
    """A terminal phase. People are told of all but Succeeded by a warning."""
    kind: Literal["Normal", "Warning"] = "Normal" if phase in {"Succeeded", "Cancelled", "Rejected"} else "Warning"
    return Decision(to(facts.plan.status, phase, message, **changes), news=(News(kind, f"Plan{phase}", message),))


def given_up(facts: Facts, now: datetime) -> Decision | None:
    """The end of a plan that a person has rejected or that is no longer needed; None where it goes on.

    Once a step has been run the plan cannot end as if nothing had been done, and a cleared finding is its own work.
    """
    reason, name = facts.annotations.get(REJECT, ""), facts.annotations.get(REJECTED_BY, "")
    if name and REJECT in facts.annotations:
        rejection = Rejection(name=name, reason=reason[:1024], time=now)
        message = f"rejected by {name}: {reason}"
        if acted(facts):
            return end(facts, "Failed", f"stopped between its steps: {message}", rejection=rejection)
        return end(facts, "Rejected", message, rejection=rejection)
    if facts.finding is not None and facts.finding.status.state == "Cleared" and not acted(facts):
        return end(facts, "Cancelled", "the finding cleared by itself")
    return None


def acted(facts: Facts) -> bool:
    """Whether a step has been run to its end."""
    return any(attempt.outcome == "Success" for attempt in facts.plan.status.attempts)


def approval_given(facts: Facts) -> bool:
    """Whether the approval annotations are set at all. Whether they count is the gates' matter."""
    return bool(facts.annotations.get(APPROVE) and facts.annotations.get(APPROVED_BY))


def job_name(facts: Facts, step: int, attempt: int) -> str:
    """The one name that the Job of this attempt can have."""
    return f"forestall-{facts.plan.metadata.uid[:13]}-{step}-{attempt}"


def next_attempt(facts: Facts, now: datetime) -> Attempt:
    """The attempt at the first step that has not succeeded."""
    attempts = facts.plan.status.attempts
    step = sum(1 for attempt in attempts if attempt.outcome == "Success")
    number = 1 + sum(1 for attempt in attempts if attempt.step == step)
    return Attempt(step=step, attempt=number, job_name=job_name(facts, step, number), intended_at=now)


def inverse_text(steps: tuple[Step, ...]) -> str:
    """How a person undoes the plan, in words."""
    if not steps:
        return "it has no inverse"
    shown = (f"{step.argv[0]} " + " ".join(f"{p.name}={p.value}" for p in step.parameters) for step in steps)
    return "its inverse is: " + "; then ".join(text.strip() for text in shown)
