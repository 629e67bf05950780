"""Executing: one Job at a time, followed to its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from forestall.api.remediationplan import Attempt, Outcome
from forestall.execution import following, moves, preflight
from forestall.execution.decision import Decision, News
from forestall.execution.moves import DONE, RECHECK, RETRY, end, hand_over, inverse_text, stay, to, undo
from forestall.execution.soaking import begin
from forestall.gates import chain
from forestall.gates.facts import Facts, JobState

RETRIED = frozenset(("Failure", "FailureTimeout"))
"""Ends after which a step may be tried again."""


def decide(facts: Facts, now: datetime) -> Decision:
    """Follow the current attempt's Job."""
    attempt = facts.plan.status.attempts[-1]
    job = facts.jobs.get(attempt.job_name)
    if job is None:
        return stay(facts, facts.plan.status.message, RETRY)
    if job.state == "Absent":
        return _absent(facts, attempt, now)
    if job.state == "Foreign":
        return _lost(facts, attempt, f"Job {job.name} exists and is not this plan's", now)
    if job.state in {"Active", "Suspended"}:
        return following.running(facts, attempt, job, now)
    return _ended(facts, attempt, job, now)


def _absent(facts: Facts, attempt: Attempt, now: datetime) -> Decision:
    """The intent is on record and there is no Job: it was never created, or somebody deleted it."""
    if attempt.accepted_at is not None:
        return _deleted(facts, attempt, now)
    closed = following.closed(facts, attempt, "FailureGuard", "given up before its Job was created", now)
    if given_up := moves.given_up(closed, now):
        return given_up
    judgement = chain.judge(facts, now)
    facts = preflight.with_verdicts(facts, judgement.verdicts)
    if judgement.veto is None:
        return following.created_anew(facts, attempt, now)
    if judgement.consequence == "Blocked":
        return stay(facts, judgement.veto.message, RECHECK)
    facts = following.closed(facts, attempt, "FailureGuard", judgement.veto.message, now)
    return preflight.barred(facts, judgement.veto, judgement.consequence, now)


def _deleted(facts: Facts, attempt: Attempt, now: datetime) -> Decision:
    """A stranger deleted the Job: what is there decides, and it is not made again.

    Whether the Job or somebody else made the target so, nobody can tell: it is not for this plan to undo.
    """
    live = facts.live
    if live is None:
        return stay(facts, "its Job was deleted: the target is being read", RETRY)
    if not live.as_wanted or not facts.plan.status.target or live.uid != facts.plan.status.target.uid:
        return _lost(facts, attempt, "its Job was deleted, and the target is not as it was to become", now)
    message = "its Job was deleted; the target is as it was to become"
    return _onwards(following.closed(facts, attempt, "Success", message, now), now)


def _lost(facts: Facts, attempt: Attempt, message: str, now: datetime) -> Decision:
    """Nobody knows what the Job changed: a person has to look."""
    facts = following.closed(facts, attempt, "FailureException", message, now)
    text = _told(facts, attempt, "FailureException", message)
    handed = hand_over(facts, "Failed", f"{text}; {inverse_text(facts.plan.status.rollback)}", now)
    return Decision(handed.status, news=(*handed.news, News("Warning", "StepFailed", text[:1000])))


def _ended(facts: Facts, attempt: Attempt, job: JobState, now: datetime) -> Decision:
    """Take the outcome; then the next step, another try, the soak, the way back or the end."""
    outcome = following.outcome_of(job)
    if outcome in RETRIED and (allowed := facts.plan.status.step_of(attempt).retries):
        if attempt.attempt <= allowed:
            facts = following.ended(facts, attempt, job, outcome, now)
            again = f"tries {facts.plan.status.step_of(attempt).name} again ({attempt.attempt} of {allowed})"
            return Decision(to(facts.plan.status, "Preflight", again), requeue_after=timedelta(0))
        outcome = "FailureRetries"
    facts = following.ended(facts, attempt, job, outcome, now)
    return _onwards(facts, now) if outcome in DONE else _failed(facts, now)


def _onwards(facts: Facts, now: datetime) -> Decision:
    """After a step that is done: the next one, or the soak."""
    if moves.done(facts.plan.status) < len(facts.plan.status.steps):
        # The gates need the target as it is now, which is read only while no Job runs.
        status = to(facts.plan.status, "Preflight", "asks the gates for its next step")
        return Decision(status, requeue_after=timedelta(0))
    return begin(facts, now)


def _failed(facts: Facts, now: datetime) -> Decision:
    """The way back. A precondition that did not hold before anything was changed makes the plan Stale."""
    attempt = facts.plan.status.attempts[-1]
    if attempt.outcome == "FailureGuard" and not moves.acted(facts):
        return end(facts, "Stale", f"its Job changed nothing: {attempt.message}")
    text = _told(facts, attempt, attempt.outcome or "Failure", attempt.message)
    times = facts.plan.status.timestamps.model_copy(update={"acted": now})
    undone = undo(facts, text, timestamps=times)
    return Decision(
        undone.status,
        requeue_after=undone.requeue_after,
        news=(*undone.news, News("Warning", "StepFailed", text[:1000])),
    )


def _told(facts: Facts, attempt: Attempt, outcome: Outcome, message: str) -> str:
    return f"{facts.plan.status.step_of(attempt).name} failed ({outcome}): {message}"
