"""Soaking: the goals are watched for a while after the last Job; then they are judged, and so is the prediction."""

from __future__ import annotations

from datetime import datetime, timedelta

from forestall.api.prediction import Prediction, Score
from forestall.api.remediationplan import RemediationPlanStatus, Timestamps, Verification
from forestall.execution.decision import Decision
from forestall.execution.moves import RECHECK, end, stay, to, undo
from forestall.gates.facts import Facts, Inspected

LOOK_AGAIN = timedelta(seconds=1)


def begin(facts: Facts, now: datetime) -> Decision:
    """Start the soak after the last step."""
    soak = facts.policy.spec.execution.soak if facts.policy else timedelta(seconds=30)
    verification = Verification(since=now, until=now + soak)
    times = facts.plan.status.timestamps.model_copy(update={"acted": now})
    status = to(
        facts.plan.status,
        "Soaking",
        f"acted; its goals are judged at {verification.until.isoformat(timespec='seconds')}",
        verification=verification,
        timestamps=times,
    )
    return Decision(status, requeue_after=soak)


def decide(facts: Facts, now: datetime) -> Decision:
    """Judge once the soak is over and an inspection has run since. What cannot be judged is not success."""
    verification = facts.plan.status.verification
    if verification is None:
        return end(facts, "Failed", "the start of its soak is missing from its status")
    if now < verification.until:
        return stay(facts, facts.plan.status.message, verification.until - now)
    seen = facts.inspected
    if seen is None or seen.at < verification.until:
        return _wait(facts, verification, "no inspection has run since the soak ended", now)
    if seen.finding_present is None or not seen.metrics_ok:
        return _wait(facts, verification, seen.problem or "the inspection could not judge", now)
    if seen.finding_present and seen.lingers and not _broken_promises(facts.plan.status.prediction, seen):
        limit = verification.until + _patience(facts)
        if now < limit:
            return stay(facts, "its goals are met; it waits for the alert to be resolved", min(RECHECK, limit - now))
    return _judged(facts, verification, seen, now)


def _wait(facts: Facts, verification: Verification, why: str, now: datetime) -> Decision:
    """Wait for evidence, as long as evidence may be old; then give up."""
    if now < verification.until + _patience(facts):
        late = facts.inspected is not None and facts.inspected.at >= verification.until
        return stay(facts, f"cannot be judged yet: {why}", RECHECK if late else LOOK_AGAIN)
    judged = verification.model_copy(update={"result": "Inconclusive", "message": why})
    return _failure(facts, judged, f"inconclusive is not success: {why}", None, now)


def _patience(facts: Facts) -> timedelta:
    """How long after the soak a verdict is waited for."""
    return facts.policy.spec.execution.evidence_max_age if facts.policy else timedelta(0)


def _judged(facts: Facts, verification: Verification, seen: Inspected, now: datetime) -> Decision:
    """Success: the condition is gone and every goal that the twin promised is met."""
    score = scored(facts.plan.status.prediction, seen)
    worse = _broken_promises(facts.plan.status.prediction, seen)
    if seen.finding_present or worse:
        why = "; ".join(
            ([f"{facts.plan.spec.finding_ref.name} is still there"] if seen.finding_present else []) + worse
        )
        lost = _lost(facts.plan.status.prediction, seen)
        judged = verification.model_copy(update={"result": "NotFulfilled", "message": why[:1024], "lost": lost})
        return _failure(facts, judged, why, score, now)
    judged = verification.model_copy(update={"result": "Fulfilled", "message": "the condition is gone, goals are met"})
    done = f"verified; prediction {score.matched} of {score.total} right"
    return end(facts, "Succeeded", done, verification=judged, score=score, timestamps=_verified(facts.plan.status, now))


def _failure(facts: Facts, judged: Verification, why: str, score: Score | None, now: datetime) -> Decision:
    times = _verified(facts.plan.status, now)
    return undo(facts, why, verification=judged, score=score, timestamps=times)


def _verified(status: RemediationPlanStatus, now: datetime) -> Timestamps:
    return status.timestamps.model_copy(update={"verified": now})


def _broken_promises(prediction: Prediction | None, seen: Inspected) -> list[str]:
    """Goals that are not met although the twin said they would be, or that were met before."""
    promised = {goal.name for goal in prediction.goals if goal.after == "Fulfilled"} if prediction else set()
    return [
        f"goal {goal.name} is {goal.observed}"
        for goal in seen.goals
        if goal.name in promised and goal.observed != "Fulfilled"
    ]


def _lost(prediction: Prediction | None, seen: Inspected) -> tuple[str, ...]:
    """Goals that were met before the plan and are not any more."""
    before = {goal.name for goal in prediction.goals if goal.before == "Fulfilled"} if prediction else set()
    return tuple(goal.name for goal in seen.goals if goal.name in before and goal.observed == "NotFulfilled")


def scored(prediction: Prediction | None, seen: Inspected) -> Score:
    """The prediction held against what was seen: each goal's state, ready pods, nodes."""
    if prediction is None:
        return Score(matched=0, total=0, message="nothing was predicted")
    observed = {goal.name: goal.observed for goal in seen.goals}
    pairs: list[tuple[str, str, str]] = [
        (f"goal {goal.name}", goal.after, observed[goal.name]) for goal in prediction.goals if goal.name in observed
    ]
    pairs += [("ready pods", str(prediction.ready_pods), str(seen.ready_pods))] if seen.ready_pods is not None else []
    pairs += [("nodes", str(prediction.nodes), str(seen.nodes))] if seen.nodes is not None else []
    wrong = [f"{what}: predicted {said}, is {found}" for what, said, found in pairs if said != found]
    return Score(matched=len(pairs) - len(wrong), total=len(pairs), message="; ".join(wrong)[:1024])
