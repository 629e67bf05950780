"""Findings over time: raised, cleared, planned, closed, raised again. One condition is one finding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from forestall.api import conditions
from forestall.api.assignment import AGENT, ON_CALL, SYSTEM, Assignee, HandOff
from forestall.api.finding import (
    MAX_HAND_OFFS,
    MAX_TRANSITIONS,
    Evidence,
    Finding,
    FindingClosure,
    FindingState,
    FindingStatus,
    PlanRef,
    Transition,
)
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.closure import hops
from forestall.closure.hops import Hop
from forestall.inspection.report import Observation

MAX_PLANS = 64
"""Plans that a finding's status takes; the latest are kept."""
Move = Literal["Raised", "Cleared", "Planned", "Closed", "Escalated"]
AT_REST: tuple[FindingState, ...] = ("Cleared", "Closed")

_LATEST = datetime.max.replace(tzinfo=UTC)
_FACTS = (
    "finding_class",
    "severity",
    "observed",
    "predicted",
    "trigger",
    "message",
    "affected_goals",
    "affected_services",
    "targets",
    "evidence",
)
"""What a finding says in the words of an observation; the names are the same on both."""


def update(
    finding: Finding | None,
    observation: Observation | None,
    *,
    plans: Sequence[RemediationPlan],
    snapshot_id: str,
    now: datetime,
    judged: bool = True,
    gone: str = "",
) -> FindingStatus:
    """The finding's next status. It equals the old one where nothing of meaning changed.

    `finding` is None for a condition seen for the first time. Without an observation the condition has gone away
    (`Report.clears`), `gone` says why, where that is not plain; where it could not be judged, `judged` is False, and it
    is taken to be as it was. `plans` are all those of this finding.
    """
    old = finding.status if finding is not None else FindingStatus()
    if observation is not None:
        status = _seen(old, observation, snapshot_id, now)
    else:
        status = _unseen(old, now, gone) if judged else old
    if status.state != "Closed":
        status = _answered(status, _made_since(status.detected_at, plans), now)
    if status.state in (*AT_REST, "Planned"):
        status = status.model_copy(update={"no_plan_reason": ""})
    return _with_conditions(status, finding.metadata.generation if finding is not None else 1, now)


def _seen(old: FindingStatus, observation: Observation, snapshot_id: str, now: datetime) -> FindingStatus:
    facts = {name: getattr(observation, name) for name in _FACTS} | {"snapshot_id": snapshot_id}
    if old.detected_at is None or old.state in AT_REST:
        facts["score"] = observation.score
        raised = {"state": "Open", "detected_at": now, "closed_at": None, "closure": None, "plans": ()}
        fresh = _handed(old.model_copy(update=facts | raised), SYSTEM, now, "raised")
        return _moved(fresh, "Raised", now, observation.message)
    old = old if observation.score is None else old.model_copy(update={"score": observation.score})
    return old if _same_meaning(old, observation) else old.model_copy(update=facts)


def _unseen(old: FindingStatus, now: datetime, gone: str) -> FindingStatus:
    """What the finding says stays as it was when it last showed; the state says that it is gone."""
    if old.state in AT_REST:
        return old
    why = gone if old.detected_at is not None else gone or "its alerts were resolved before an inspection raised it"
    return _moved(old.model_copy(update={"state": "Cleared", "cleared_at": now}), "Cleared", now, why)


def _same_meaning(old: FindingStatus, observation: Observation) -> bool:
    """Whether there is nothing to rewrite: all facts are the same, and values about the same."""
    plain = all(getattr(old, name) == getattr(observation, name) for name in _FACTS if name != "evidence")
    return (
        plain
        and len(old.evidence) == len(observation.evidence)
        and all(map(_same_evidence, old.evidence, observation.evidence))
    )


def _same_evidence(old: Evidence, new: Evidence) -> bool:
    if old.value is None or new.value is None:
        return old == new
    close = abs(old.value - new.value) * 10 <= abs(old.value)
    return close and old.model_copy(update={"value": new.value}) == new


def _made_since(detected_at: datetime | None, plans: Sequence[RemediationPlan]) -> Sequence[RemediationPlan]:
    """Plans that answer the present showing of the condition, oldest first."""
    answering = [plan for plan in plans if detected_at is None or _answers(plan, detected_at)]
    return sorted(answering, key=lambda plan: (plan.metadata.creation_timestamp or _LATEST, plan.metadata.name))


def _answers(plan: RemediationPlan, detected_at: datetime) -> bool:
    """Whether the plan is under way, or was made or ended since. The API server cuts creation times to the second."""
    created, times = plan.metadata.creation_timestamp, plan.status.timestamps
    ended = times.verified or times.acted
    made = created is None or created >= detected_at.replace(microsecond=0)
    return made or plan.status.phase not in TERMINAL or (ended is not None and ended >= detected_at)


def _answered(status: FindingStatus, plans: Sequence[RemediationPlan], now: datetime) -> FindingStatus:
    """The status as plans make it: under way, escalated to a person, closed by a success."""
    status = status.model_copy(update={"plans": tuple(_reference(plan) for plan in plans[-MAX_PLANS:])})
    succeeded = [plan for plan in plans if plan.status.phase == "Succeeded"]
    if status.state == "Cleared":
        return _closed(status, succeeded[-1], plans, now) if succeeded else status
    if any(plan.status.phase not in TERMINAL for plan in plans):
        return _in_state(_handed(status, AGENT, now, "a plan is under way"), "Planned", now)
    if (claimed := _claimed(plans)) is not None:
        return _in_state(_handed(status, claimed.to, claimed.time, claimed.reason), "Escalated", now)
    # Nothing takes a finding from a person but another plan, or its own end.
    return status if status.state == "Escalated" else _in_state(status, "Open", now)


def unplanned(status: FindingStatus, why: str, now: datetime, *, exhausted: bool) -> FindingStatus:
    """The status of a finding for which no plan is made. Where everything was tried, a person has it from now on."""
    told = status.model_copy(update={"no_plan_reason": why})
    if not exhausted or status.state == "Escalated":
        return told
    return _in_state(_handed(told, ON_CALL, now, why), "Escalated", now, why)


def _claimed(plans: Sequence[RemediationPlan]) -> HandOff | None:
    """The last hand-off of a plan to a person, or None."""
    handed = [one for plan in plans for one in plan.status.hand_offs if one.to.kind == "Human"]
    return max(handed, key=lambda one: one.time, default=None)


def _in_state(
    status: FindingStatus, state: Literal["Open", "Planned", "Escalated"], now: datetime, why: str = ""
) -> FindingStatus:
    """The status in that state, with a transition where it is another one and not merely Open."""
    changed = state != status.state
    status = status.model_copy(update={"state": state})
    return _moved(status, state, now, why) if changed and state != "Open" else status


def _handed(status: FindingStatus, to: Assignee, time: datetime, reason: str) -> FindingStatus:
    """The status with another assignee, on record; the same status where nobody new has it."""
    if status.assignee == to:
        return status
    if status.assignee is None:
        return status.model_copy(update={"assignee": to})
    hand_off = HandOff(time=time, source=status.assignee, to=to, reason=reason[:1024])
    hand_offs = (*status.hand_offs, hand_off)[-MAX_HAND_OFFS:]
    return status.model_copy(update={"assignee": to, "hand_offs": hand_offs})


def _closed(
    status: FindingStatus, plan: RemediationPlan, plans: Sequence[RemediationPlan], now: datetime
) -> FindingStatus:
    in_hand = _in_a_person_s_hands(status) or _claimed(plans) is not None
    one_hop = not hops.missed([_hop(one) for one in plans], in_hand=in_hand)
    closure = FindingClosure(one_hop=one_hop, series="Supervised", plan=plan.metadata.name)
    closed_at = plan.status.timestamps.verified or now
    closed = status.model_copy(update={"state": "Closed", "closed_at": closed_at, "closure": closure})
    return _moved(closed, "Closed", now, f"plan {plan.metadata.name} succeeded")


def _hop(plan: RemediationPlan) -> Hop:
    """What counts of a plan. An approval that was withdrawn leaves its time."""
    status = plan.status
    fulfilled = status.verification is not None and status.verification.result == "Fulfilled"
    return Hop(
        ran=any(not one.rollback for one in status.attempts),
        decided_on=status.timestamps.decided is not None or status.rejection is not None,
        succeeded=fulfilled and status.phase == "Succeeded" and not any(one.rollback for one in status.attempts),
        acted=any(not one.rollback and one.outcome != "NothingToDo" for one in status.attempts),
    )


def _in_a_person_s_hands(status: FindingStatus) -> bool:
    """Whether a person has had the finding since it was raised."""
    since = status.detected_at
    return any(one.to.kind == "Human" and (since is None or one.time >= since) for one in status.hand_offs)


def _reference(plan: RemediationPlan) -> PlanRef:
    return PlanRef(
        name=plan.metadata.name,
        uid=plan.metadata.uid,
        runbook=plan.spec.runbook_ref.name,
        phase=plan.status.phase,
    )


def _moved(status: FindingStatus, to: Move, now: datetime, message: str = "") -> FindingStatus:
    """The status with one more transition. What is counted is the condition alone: raised and cleared."""
    transitions = (*status.transitions, Transition(time=now, to=to, message=message))[-MAX_TRANSITIONS:]
    counted = status.transition_count + (to in ("Raised", "Cleared"))
    return status.model_copy(update={"transitions": transitions, "transition_count": counted})


def _with_conditions(status: FindingStatus, generation: int, now: datetime) -> FindingStatus:
    at_rest = status.state in AT_REST
    ready = conditions.make("Ready", at_rest, status.state, status.message, generation=generation, now=now)
    merged = tuple(conditions.merge(status.conditions, [ready]))
    return status.model_copy(update={"conditions": merged, "observed_generation": generation})
