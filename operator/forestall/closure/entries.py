"""What the statuses of findings and plans say for the ledger.

A status is the outbox: every entry follows from it, with its time, as often as it is asked. So an entry that could not
be written is made up from the status later, and one that was written is not written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from forestall.api import conditions
from forestall.api.assignment import HandOff
from forestall.api.base import format_time
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import TERMINAL, Approval, Attempt, Rejection, RemediationPlan
from forestall.ports import Entry, Json

ENDED: Final = "Ended"
"""The transition that is the last one of a plan."""


def of_finding(finding: Finding, policy: InspectionPolicy | None) -> list[Entry]:
    """What became of a finding. `policy` is its own, as it stands: how far it lets the loop go; None where it is gone.

    Bodies: kind, finding (namespace/name), and of a transition all by which it is counted.
    """
    uid, common = (
        finding.metadata.uid,
        {"kind": "Finding", "finding": f"{finding.metadata.namespace}/{finding.metadata.name}"},
    )
    facts = {**common, **_facts(finding), **_scope(finding, policy)}
    moved = [
        Entry(uid, -1, 0, one.to, one.time, {**facts, "message": one.message}) for one in finding.status.transitions
    ]
    return [*moved, *(_handed(uid, common, one) for one in finding.status.hand_offs)]


def of_plan(plan: RemediationPlan) -> list[Entry]:
    """What became of a plan. Bodies: kind, finding (namespace/name), plan, and what the transition says."""
    attempts = (entry for attempt in plan.status.attempts for entry in _attempt(plan, attempt))
    handed = (_handed(plan.metadata.uid, _common(plan), one) for one in plan.status.hand_offs)
    return [*_decisions(plan), *attempts, *_judgements(plan), *handed, *_end(plan)]


def _common(plan: RemediationPlan) -> Json:
    place = plan.metadata.namespace
    return {
        "kind": "Plan",
        "finding": f"{place}/{plan.spec.finding_ref.name}",
        "plan": f"{place}/{plan.metadata.name}",
    }


def _entry(plan: RemediationPlan, transition: str, at: datetime, body: Json) -> Entry:
    return Entry(plan.metadata.uid, -1, 0, transition, at, {**_common(plan), **body})


def _decisions(plan: RemediationPlan) -> Iterator[Entry]:
    status = plan.status
    if plan.metadata.creation_timestamp:
        yield _entry(plan, "Proposed", plan.metadata.creation_timestamp, _proposal(plan))
    if status.approval:
        yield _entry(plan, "Approved", status.approval.observed_at, _approval(status.approval, plan))
    if status.rejection:
        yield _entry(plan, "Rejected", status.rejection.time, _rejection(status.rejection))


def _judgements(plan: RemediationPlan) -> Iterator[Entry]:
    status = plan.status
    verification, undoing, at = status.verification, status.undoing, status.timestamps.verified
    if verification and at and verification.result != "Pending":
        score = status.score.to_json() if status.score else None
        yield _entry(plan, "Verified", at, {**verification.to_json(), "score": score})
    if undoing and undoing.result != "Pending":
        yield _entry(plan, "Undone", undoing.until, undoing.to_json())


def _end(plan: RemediationPlan) -> Iterator[Entry]:
    status = plan.status
    # The condition Succeeded is Unknown until the plan ends.
    found = conditions.find(status.conditions, "Succeeded")
    if found and status.phase in TERMINAL:
        end = {"phase": status.phase, "message": status.message, "times": status.timestamps.to_json()}
        yield _entry(plan, ENDED, found.last_transition_time, end)


def _facts(finding: Finding) -> Json:
    spec, status = finding.spec, finding.status
    return {
        "policy": spec.policy_ref.name,
        "type": spec.type,
        "resource": spec.resource.to_json(),
        "qualifier": spec.qualifier,
        "class": status.finding_class,
        "severity": status.severity,
    }


def _scope(finding: Finding, policy: InspectionPolicy | None) -> Json:
    """How far the policy lets the loop go with the finding. Without an answer the mode is empty."""
    if policy is None:
        return {"mode": "", "suspended": False}
    answers = (one for one in policy.spec.responses if finding.spec.type in one.match.types)
    mode = next((one.mode for one in answers), "")
    return {"mode": mode, "suspended": policy.spec.suspend}


def _proposal(plan: RemediationPlan) -> Json:
    spec = plan.spec
    return {
        "policy": spec.policy_ref.name,
        "runbook": spec.runbook_ref.to_json(),
        "parameters": [one.to_json() for one in spec.parameters],
        "proposer": spec.proposer,
    }


def _approval(approval: Approval, plan: RemediationPlan) -> Json:
    return {
        "by": approval.kind,
        "names": [approval.name, *approval.others],
        "digest": approval.digest,
        "expires": format_time(approval.expires_at),
        "planDigest": plan.status.plan_digest,
        "risk": plan.status.risk_class,
    }


def _rejection(rejection: Rejection) -> Json:
    return {"names": [rejection.name], "reason": rejection.reason}


def _attempt(plan: RemediationPlan, attempt: Attempt) -> Iterator[Entry]:
    """The intent, and the end. What undoes is told apart, since it counts its steps anew."""
    undo = "Undo" if attempt.rollback else ""
    place = (plan.metadata.uid, attempt.step, attempt.attempt)
    body = {**_common(plan), "job": attempt.job_name}
    runs = plan.status.step_of(attempt).to_json()
    yield Entry(*place, f"{undo}Intended", attempt.intended_at, {**body, "runs": runs})
    if attempt.finished_at:
        accepted = format_time(attempt.accepted_at) if attempt.accepted_at else None
        end = {**body, "accepted": accepted, "outcome": attempt.outcome, "message": attempt.message}
        yield Entry(*place, f"{undo}Finished", attempt.finished_at, end)


def _handed(uid: str, common: Json, one: HandOff) -> Entry:
    body = {**common, "from": one.source.to_json(), "to": one.to.to_json(), "reason": one.reason}
    return Entry(uid, -1, 0, "HandedOff", one.time, body)
