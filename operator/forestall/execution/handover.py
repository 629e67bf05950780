"""A plan that a person takes over, or whose policy is gone while it executes: its Job is suspended, then it ends.

It ends only once no Job of it runs any more: a decision that came to nothing between the record and the act is made
again.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from forestall.api.assignment import ON_CALL, Assignee
from forestall.api.remediationplan import TAKE_OVER, TAKEN_OVER_BY, Phase
from forestall.execution import following
from forestall.execution.decision import Decision, SuspendJob
from forestall.execution.moves import RETRY, current, hand_over, inverse_text, stay
from forestall.gates.facts import Facts


class Claim(NamedTuple):
    """Who takes the plan out of forestall's hands, why, and how it ends."""

    phase: Phase
    by: Assignee
    reason: str


def decide(facts: Facts, now: datetime) -> Decision | None:
    """The way to the end of a plan that is claimed; None where nobody claims it, or its Job has to be heard first."""
    claim = _claim(facts)
    attempt = current(facts.plan.status)
    if claim is None or attempt is None:
        return None if claim is None else _handed(facts, claim, now)
    job = facts.jobs.get(attempt.job_name)
    if job is None:
        return stay(facts, facts.plan.status.message, RETRY)
    if job.state == "Active":
        stayed = stay(facts, f"{claim.reason}; its Job is being suspended")
        return Decision(stayed.status, (SuspendJob(job.name, suspend=True),), requeue_after=RETRY)
    if job.state == "Suspended" or (job.state == "Absent" and attempt.accepted_at is None):
        return _handed(following.closed(facts, attempt, "FailureGuard", claim.reason, now), claim, now)
    return None


def _claim(facts: Facts) -> Claim | None:
    who, why = facts.annotations.get(TAKEN_OVER_BY, ""), facts.annotations.get(TAKE_OVER, "")
    if who and why:
        return Claim("Escalated", Assignee(kind="Human", name=who), f"taken over by {who}: {why}")
    if facts.policy is None and facts.plan.status.phase in {"Executing", "RollingBack"}:
        return Claim("Failed", ON_CALL, f"inspection policy {facts.plan.spec.policy_ref.name} is gone")
    return None


def _handed(facts: Facts, claim: Claim, now: datetime) -> Decision:
    ran = bool(facts.plan.status.attempts)
    message = f"{claim.reason}; {inverse_text(facts.plan.status.rollback)}" if ran else claim.reason
    return hand_over(facts, claim.phase, message, now, claim.by)
