"""RollingBack: the recorded inverse is run, and what was there before is found again.

The inverse is part of what was approved, so nobody is asked once more. It undoes only what this plan is known to
have done: a target that is not as the last Job left it is a person's to judge.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from forestall.api.remediationplan import Attempt, Verification
from forestall.execution import following, moves
from forestall.execution.decision import CreateJob, Decision
from forestall.execution.moves import DONE, RECHECK, RETRY, end, hand_over, inverse_text, stay, to
from forestall.execution.soaking import LOOK_AGAIN
from forestall.gates import chain
from forestall.gates.facts import Facts, Inspected, JobState, LiveTarget

NOT_ITS_OWN = "no Job of the plan is known to have changed the target, and it is not as before: nothing is to undo"


def decide(facts: Facts, now: datetime) -> Decision:
    """Follow the Job that undoes; else create the next one; after the last one look whether it helped."""
    status = facts.plan.status
    attempt = moves.current(status)
    if attempt is not None:
        return _follow(facts, attempt, now)
    if facts.live is None:
        return stay(facts, status.message, RETRY)
    if status.undoing is not None:
        return _verified(facts, status.undoing, facts.live, now)
    return _next(facts, facts.live, now)


def _next(facts: Facts, live: LiveTarget, now: datetime) -> Decision:
    """The next Job that undoes, where the target is as this plan left it."""
    status = facts.plan.status
    before = status.target.reads_hash if status.target else ""
    begun = any(one.rollback for one in status.attempts)
    if problem := _unlike(facts, live):
        return _stuck(facts, problem, now)
    if not begun and live.reads_hash == before:
        return end(facts, "Failed", f"nothing is left to undo: {status.message}", timestamps=_times(facts, now))
    judgement = chain.judge(facts, now, chain.UNDOING)
    if judgement.veto is not None:
        return stay(facts, judgement.veto.message, RECHECK, gates=tuple(judgement.verdicts))
    attempt = moves.next_attempt(facts, now, rollback=True)
    message = f"undoes it by {status.step_of(attempt).name}"
    return Decision(to(status, "RollingBack", message, attempts=(*status.attempts, attempt)), (CreateJob(attempt),))


def _unlike(facts: Facts, live: LiveTarget) -> str:
    """Why the target is not what this plan left behind; empty where it is."""
    target = facts.plan.status.target
    if live.error or target is None:
        return live.error or "the plan has no target"
    if live.uid != target.uid:
        return "the target was deleted and made anew"
    expected = facts.plan.status.expected_hash
    if live.reads_hash not in {expected, target.reads_hash}:
        # Nothing of its own stands there: what does is for those to undo who made it.
        unknown = expected == target.reads_hash
        return NOT_ITS_OWN if unknown else "the target has changed since the plan's last Job"
    if live.foreign_owners:
        return f"{', '.join(live.foreign_owners)} owns what the runbook writes"
    return ""


def _follow(facts: Facts, attempt: Attempt, now: datetime) -> Decision:
    job = facts.jobs.get(attempt.job_name)
    if job is None:
        return stay(facts, facts.plan.status.message, RETRY)
    if job.state == "Absent" and attempt.accepted_at is None:
        return _create(facts, attempt, now)
    if job.state in {"Absent", "Foreign"}:
        what = "was deleted" if job.state == "Absent" else "is not this plan's"
        facts = following.closed(facts, attempt, "FailureException", f"Job {job.name} {what}", now)
        return _stuck(facts, f"Job {job.name} {what}", now)
    if job.state in {"Active", "Suspended"}:
        return following.running(facts, attempt, job, now)
    return _ended(facts, attempt, job, now)


def _create(facts: Facts, attempt: Attempt, now: datetime) -> Decision:
    """The intent is on record and its Job was not created: it is asked for anew, like the first time."""
    if facts.live is None:
        return stay(facts, facts.plan.status.message, RETRY)
    if problem := _unlike(facts, facts.live):
        facts = following.closed(facts, attempt, "FailureGuard", problem, now)
        return _stuck(facts, problem, now)
    judgement = chain.judge(facts, now, chain.UNDOING)
    if judgement.veto is not None:
        return stay(facts, judgement.veto.message, RECHECK, gates=tuple(judgement.verdicts))
    return following.created_anew(facts, attempt, now)


def _ended(facts: Facts, attempt: Attempt, job: JobState, now: datetime) -> Decision:
    outcome = following.outcome_of(job)
    facts = following.ended(facts, attempt, job, outcome, now)
    if outcome not in DONE:
        return _stuck(facts, f"the rollback failed ({outcome}): {job.message or 'the Job failed'}", now)
    if moves.done(facts.plan.status, rollback=True) < len(facts.plan.status.rollback):
        return stay(facts, facts.plan.status.message, timedelta(0))
    soak = facts.policy.spec.execution.soak if facts.policy else timedelta(0)
    undoing = Verification(since=now, until=now + soak)
    return stay(facts, "undone; what was there before is looked for after the soak", soak, undoing=undoing)


def _verified(facts: Facts, undoing: Verification, live: LiveTarget, now: datetime) -> Decision:
    """Judge the rollback once its soak is over, on an inspection made since."""
    if now < undoing.until:
        return stay(facts, facts.plan.status.message, undoing.until - now)
    if problem := _not_as_before(facts, live):
        return _stuck(facts, problem, now, undoing=_result(undoing, "NotFulfilled", problem))
    seen = facts.inspected
    if seen is None or seen.at < undoing.until or not seen.metrics_ok:
        return _wait(facts, undoing, seen, now)
    if broken := _lost_goals(facts, seen):
        return _stuck(facts, broken, now, undoing=_result(undoing, "NotFulfilled", broken))
    judged = _result(undoing, "Fulfilled", "the target and its goals are as before the plan")
    return end(facts, "RolledBack", judged.message, undoing=judged, timestamps=_times(facts, now))


def _wait(facts: Facts, undoing: Verification, seen: Inspected | None, now: datetime) -> Decision:
    """Wait for evidence, as long as evidence may be old; then a person has to look."""
    why = (seen.problem if seen else "") or "no inspection has run since the rollback"
    if facts.policy is not None and now < undoing.until + facts.policy.spec.execution.evidence_max_age:
        return stay(facts, f"the rollback cannot be judged yet: {why}", LOOK_AGAIN)
    return _stuck(facts, why, now, undoing=_result(undoing, "Inconclusive", why))


def _not_as_before(facts: Facts, live: LiveTarget) -> str:
    target = facts.plan.status.target
    if live.error or target is None:
        return live.error or "the plan has no target"
    same = (live.uid, live.reads_hash) == (target.uid, target.reads_hash)
    return "" if same else "the target is not as it was before the plan"


def _lost_goals(facts: Facts, seen: Inspected) -> str:
    """Goals that were met before the plan and are not met after its rollback."""
    prediction = facts.plan.status.prediction
    before = {goal.name for goal in prediction.goals if goal.before == "Fulfilled"} if prediction else set()
    lost = [goal for goal in seen.goals if goal.name in before and goal.observed != "Fulfilled"]
    return "; ".join(f"goal {goal.name} was met before the plan and is {goal.observed}" for goal in lost)


def _result(undoing: Verification, result: str, message: str) -> Verification:
    return undoing.model_copy(update={"result": result, "message": message[:1024]})


def _stuck(facts: Facts, why: str, now: datetime, **changes: object) -> Decision:
    """The way back is barred: a person has to look."""
    message = f"not undone: {why}; {inverse_text(facts.plan.status.rollback)}"
    return hand_over(facts, "Failed", message, now, timestamps=_times(facts, now), **changes)


def _times(facts: Facts, now: datetime) -> object:
    times = facts.plan.status.timestamps
    return times.model_copy(update={"verified": times.verified or now})
