"""A Job that runs, and what its end counts as: the same for the steps of a plan and for those that undo it."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Attempt, Outcome
from forestall.execution.decision import CreateJob, Decision, SuspendJob
from forestall.execution.moves import DONE, RECHECK, stay, with_attempt
from forestall.gates import pause
from forestall.gates.facts import Facts, JobState

PRECONDITION_FAILED = 40
NOTHING_TO_DO = 41


def created_anew(facts: Facts, attempt: Attempt, now: datetime) -> Decision:
    """Create the Job of an intent on record.

    The intent is renewed, so that there is a write, whose precondition makes sure that nobody has gone on.
    """
    facts = with_attempt(facts, attempt, intended_at=now)
    return Decision(facts.plan.status, (CreateJob(facts.plan.status.attempts[-1]),))


def running(facts: Facts, attempt: Attempt, job: JobState, now: datetime) -> Decision:
    """Record that the Job was accepted; suspend it, or let it go on, as people say."""
    if attempt.accepted_at is None:
        facts = with_attempt(facts, attempt, accepted_at=job.created_at)
    stop = facts.policy is None or facts.policy.spec.suspend or pause.stops(facts, now)
    if stop == (job.state == "Suspended"):
        return stay(facts, facts.plan.status.message, RECHECK)
    message = "its Job is suspended" if stop else f"runs {facts.plan.status.step_of(attempt).name}"
    stayed = stay(facts, message, RECHECK)
    return Decision(stayed.status, (SuspendJob(job.name, stop),), requeue_after=RECHECK)


def outcome_of(job: JobState) -> Outcome:
    """How a finished Job counts. After exit 41 (nothing to do) the plan goes on: its goals are judged all the same."""
    if job.state == "Complete":
        return "Success"
    if job.exit_code == NOTHING_TO_DO:
        return "NothingToDo"
    if job.timed_out:
        return "FailureTimeout"
    return "FailureGuard" if job.exit_code == PRECONDITION_FAILED else "Failure"


def ended(facts: Facts, attempt: Attempt, job: JobState, outcome: Outcome, now: datetime) -> Facts:
    """The facts with the end of the attempt's Job on record."""
    words = job.message or ("" if outcome in DONE else "the Job failed")
    return with_attempt(
        facts,
        attempt,
        accepted_at=attempt.accepted_at or job.created_at,
        finished_at=job.finished_at or now,
        outcome=outcome,
        message=words[:1024],
        # Who had made the target as wanted is not known: it is no work of this plan's, and not for it to undo.
        target_hash="" if outcome == "NothingToDo" else job.target_hash,
    )


def closed(facts: Facts, attempt: Attempt, outcome: Outcome, message: str, now: datetime) -> Facts:
    """The facts with an attempt on record that ended without its Job's word."""
    return with_attempt(facts, attempt, outcome=outcome, message=message[:1024], finished_at=now)
