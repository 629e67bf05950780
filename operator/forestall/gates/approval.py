"""Approval: as many people as the policy wants have approved exactly this content, not too long ago.

Who they are, and that they hold the right, is the API server's word: admission policies let nobody write another's
name. The operator makes sure that these policies really are in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forestall.api.remediationplan import APPROVE, APPROVED_BY, Verdict
from forestall.gates.decisions import fitting
from forestall.gates.facts import Facts
from forestall.gates.gitops import tracker
from forestall.gates.verdicts import passes, veto

GATE = "approval"


def judge(facts: Facts, now: datetime) -> Verdict:
    """Open if enough people have approved this plan's digest and the approval has not expired."""
    people, wanted = approvers(facts), required(facts)
    if len(people) < wanted:
        return _missing(facts, people, wanted)
    recorded = facts.plan.status.approval
    if recorded is None:
        return passes(GATE, "Approved", f"approved by {', '.join(people)}")
    if now >= recorded.expires_at:
        return veto(GATE, "ApprovalExpired", f"the approval ended at {recorded.expires_at.isoformat()}")
    gone = {recorded.name, *recorded.others} - {*people}
    if gone:
        return veto(GATE, "ApproverChanged", f"{', '.join(sorted(gone))} approved, and has withdrawn it")
    return passes(GATE, "Approved", f"approved by {', '.join(people)}")


def rights(facts: Facts, _now: datetime) -> Verdict:
    """Open if everybody whose approval counts and whose groups are known still holds the right."""
    gate = "approver"
    if facts.rightless is None:
        return veto(gate, "RightsUnknown", "whether the approvers still hold the right has not been asked")
    lost = sorted({one.spec.approver for one in fitting(facts, "Approve") if one.metadata.name in facts.rightless})
    if lost:
        return veto(
            gate, "ApproverLostRight", f"{', '.join(lost)} may no longer approve plans of this policy and class"
        )
    return passes(gate, "Entitled")


def enforced(facts: Facts, _now: datetime) -> Verdict:
    """Open if the API server was seen to refuse a forged approval, by the policies as shipped."""
    gate = "approval-enforced"
    if not facts.approval_enforced:
        why = facts.enforcement or "no forged approval was seen to be refused: install the chart's admission policies"
        return veto(gate, "ApprovalPolicyNotEnforced", f"{why}; until then no approval counts")
    return passes(gate, "Enforced")


def approvers(facts: Facts) -> tuple[str, ...]:
    """The different people whose approval of this content counts, by name."""
    annotated = [facts.annotations[APPROVED_BY]] if _by_annotation(facts) and not tracker(facts.plan.metadata) else []
    return tuple(sorted({*annotated, *(one.spec.approver for one in fitting(facts, "Approve"))}))


def required(facts: Facts) -> int:
    """How many there must be: what the policy says, or said when the plan was made, whichever is more."""
    return max(facts.plan.status.approvers, facts.response.approvers if facts.response else 1)


def given(facts: Facts) -> bool:
    """Whether anybody has tried to approve. Whether it counts is another matter."""
    return bool(facts.annotations.get(APPROVE)) or any(one.spec.decision == "Approve" for one in facts.approvals)


def _by_annotation(facts: Facts) -> bool:
    """Whether the annotation pair is whole and names this plan's digest."""
    digest = facts.plan.status.plan_digest
    return bool(digest and facts.annotations.get(APPROVE) == digest and facts.annotations.get(APPROVED_BY))


def _missing(facts: Facts, people: Sequence[str], wanted: int) -> Verdict:
    """The veto that says what is missing."""
    name, said = facts.plan.metadata.name, facts.annotations.get(APPROVE, "")
    if said and facts.annotations.get(APPROVED_BY) and said != facts.plan.status.plan_digest:
        return veto(GATE, "WrongDigest", f"{APPROVE} names another content than status.planDigest: approve again")
    if said and (tool := tracker(facts.plan.metadata)):
        return veto(GATE, "ApprovalNotDurable", f"{tool} may prune annotations of the plan: use a RemediationApproval")
    if people:
        return veto(GATE, "NotApproved", f"{len(people)} of {wanted} approvals, by {', '.join(people)}: waits for more")
    return veto(GATE, "NotApproved", f"waits for a person: kubectl forestall approve {name}")
