"""Executing: one Job at a time, followed to its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from forestall.api.remediationplan import Attempt, Outcome
from forestall.execution import moves, preflight
from forestall.execution.decision import CreateJob, Decision, News, SuspendJob
from forestall.execution.moves import RECHECK, end, inverse_text, stay, to
from forestall.execution.soaking import begin
from forestall.gates import chain
from forestall.gates.facts import Facts, JobState

PRECONDITION_FAILED = 40
NOTHING_TO_DO = 41
RETRY = timedelta(seconds=2)


def decide(facts: Facts, now: datetime) -> Decision:
    """Follow the current attempt's Job."""
    attempt = facts.plan.status.attempts[-1]
    job = facts.jobs.get(attempt.job_name)
    if job is None:
        return stay(facts, facts.plan.status.message, RETRY)
    if job.state == "Absent":
        return _absent(facts, attempt, now)
    if job.state == "Foreign":
        return _failed(facts, attempt, "FailureException", f"Job {job.name} exists and is not this plan's", now)
    if job.state in {"Active", "Suspended"}:
        return _running(facts, attempt, job)
    return _ended(facts, attempt, job, now)


def _absent(facts: Facts, attempt: Attempt, now: datetime) -> Decision:
    """The intent is on record and there is no Job: it was never created, or somebody deleted it."""
    if attempt.accepted_at is not None:
        return _failed(facts, attempt, "FailureException", "its Job was deleted before it ended", now)
    if given_up := moves.given_up(_guarded(facts, attempt, "given up before its Job was created", now), now):
        return given_up
    judgement = chain.judge(facts, now)
    facts = preflight.with_verdicts(facts, judgement.verdicts)
    if judgement.veto is None:
        # Renewed, so that there is a write, whose precondition makes sure that nobody has gone on with the plan.
        facts = _with_attempt(facts, attempt, intended_at=now)
        return Decision(facts.plan.status, actions=(CreateJob(facts.plan.status.attempts[-1]),))
    if judgement.consequence == "Blocked":
        return stay(facts, judgement.veto.message, RECHECK)
    facts = _guarded(facts, attempt, judgement.veto.message, now)
    return preflight.barred(facts, judgement.veto, judgement.consequence, now)


def _guarded(facts: Facts, attempt: Attempt, message: str, now: datetime) -> Facts:
    """The facts with an attempt on record that ended before its Job was created."""
    return _with_attempt(facts, attempt, outcome="FailureGuard", message=message, finished_at=now)


def _running(facts: Facts, attempt: Attempt, job: JobState) -> Decision:
    """Record that the Job was accepted; suspend it, or let it go on, as the policy says."""
    if attempt.accepted_at is None:
        facts = _with_attempt(facts, attempt, accepted_at=job.created_at)
    stop = facts.policy is None or facts.policy.spec.suspend
    if stop == (job.state == "Suspended"):
        return stay(facts, facts.plan.status.message, RECHECK)
    message = "its Job is suspended" if stop else f"runs {facts.plan.status.steps[attempt.step].name}"
    return Decision(to(facts.plan.status, "Executing", message), (SuspendJob(job.name, stop),), requeue_after=RECHECK)


def _ended(facts: Facts, attempt: Attempt, job: JobState, now: datetime) -> Decision:
    """Take the outcome; then the next step, the soak, or the end."""
    finished = job.finished_at or now
    outcome = _outcome(job)
    if outcome != "Success":
        return _failed(facts, attempt, outcome, job.message or "the Job failed", finished, job=job)
    facts = _with_attempt(
        facts,
        attempt,
        accepted_at=attempt.accepted_at or job.created_at,
        finished_at=finished,
        outcome=outcome,
        message=job.message[:1024],
        target_hash=job.target_hash,
    )
    if attempt.step + 1 < len(facts.plan.status.steps):
        # The gates need the target as it is now, which is read only while no Job runs.
        status = to(facts.plan.status, "Preflight", "asks the gates for its next step")
        return Decision(status, requeue_after=timedelta(0))
    return begin(facts, now)


def _outcome(job: JobState) -> Outcome:
    """How a finished Job counts. Exit 41 (nothing to do) is success: the goals are judged all the same."""
    if job.state == "Complete" or job.exit_code == NOTHING_TO_DO:
        return "Success"
    if job.timed_out:
        return "FailureTimeout"
    return "FailureGuard" if job.exit_code == PRECONDITION_FAILED else "Failure"


def _failed(
    facts: Facts, attempt: Attempt, outcome: Outcome, message: str, at: datetime, *, job: JobState | None = None
) -> Decision:
    """End on a failed attempt. A precondition that did not hold before anything was changed makes it Stale."""
    accepted = attempt.accepted_at or (job.created_at if job else None)
    facts = _with_attempt(facts, attempt, outcome=outcome, message=message[:1024], finished_at=at, accepted_at=accepted)
    acted = any(one.outcome == "Success" for one in facts.plan.status.attempts)
    if outcome == "FailureGuard" and not acted:
        return end(facts, "Stale", f"its Job changed nothing: {message}")
    text = f"{facts.plan.status.steps[attempt.step].name} failed ({outcome}): {message}"
    failed = end(facts, "Failed", f"{text}; {inverse_text(facts.plan.status.rollback)}")
    return Decision(failed.status, news=(*failed.news, News("Warning", "StepFailed", text[:1000])))


def _with_attempt(facts: Facts, attempt: Attempt, **changes: object) -> Facts:
    """The facts with the last attempt brought up to date."""
    attempts = (*facts.plan.status.attempts[:-1], attempt.model_copy(update=changes))
    return facts.with_status(facts.plan.status.model_copy(update={"attempts": attempts}))
