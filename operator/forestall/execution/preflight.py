"""Approved, Preflight, Blocked: every gate is asked, then the next attempt is put on record and its Job created."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forestall.api.remediationplan import Verdict
from forestall.execution.decision import CreateJob, Decision
from forestall.execution.moves import RECHECK, acted, end, given_up, next_attempt, to, undo
from forestall.gates import chain
from forestall.gates.facts import Facts


def enter(facts: Facts, _now: datetime) -> Decision:
    """From approval to preflight: nothing is decided yet."""
    return Decision(to(facts.plan.status, "Preflight", "asks the gates"))


def decide(facts: Facts, now: datetime) -> Decision:
    """Create the next Job, or say what is in the way."""
    if done := given_up(facts, now):
        return done
    judgement = chain.judge(facts, now)
    facts = with_verdicts(facts, judgement.verdicts)
    if judgement.veto is not None:
        return barred(facts, judgement.veto, judgement.consequence, now)
    attempt = next_attempt(facts, now)
    step = facts.plan.status.steps[attempt.step].name
    status = to(facts.plan.status, "Executing", f"runs {step}", attempts=(*facts.plan.status.attempts, attempt))
    return Decision(status, actions=(CreateJob(attempt),))


def with_verdicts(facts: Facts, verdicts: Sequence[Verdict]) -> Facts:
    """The facts with the gates' answers on record."""
    status = facts.plan.status.model_copy(update={"gates": tuple(verdicts)})
    return facts.with_status(status)


def barred(facts: Facts, veto: Verdict, consequence: chain.Consequence | None, now: datetime) -> Decision:
    """What a veto means: wait, wait for a valid approval, or end. What a Job has already changed is undone."""
    if consequence == "Blocked":
        status = to(facts.plan.status, "Blocked", veto.message, blocked_until=now + RECHECK)
        return Decision(status, requeue_after=RECHECK)
    if acted(facts):
        return undo(facts, f"stopped between its steps: {veto.message}")
    if consequence == "Unapproved" and veto.reason != "ApprovalExpired":
        return Decision(to(facts.plan.status, "PendingApproval", f"approval withdrawn: {veto.message}", approval=None))
    return end(facts, "Expired" if veto.reason == "ApprovalExpired" else "Stale", veto.message)
