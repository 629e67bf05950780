"""Approval: a person who holds the right has approved exactly this content, not too long ago.

Who set the annotations, and with which right, is the API server's word: an admission policy lets nobody write
another's name or another digest. The operator makes sure that this policy really is in force.
"""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import APPROVE, APPROVED_BY, Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto

GATE = "approval"


def judge(facts: Facts, now: datetime) -> Verdict:
    """Open if the annotation pair is whole, names this plan's digest and has not expired."""
    digest = facts.plan.status.plan_digest
    given, approver = facts.annotations.get(APPROVE, ""), facts.annotations.get(APPROVED_BY, "")
    if not given or not approver:
        return veto(GATE, "NotApproved", f"waits for a person: kubectl forestall approve {facts.plan.metadata.name}")
    if not digest or given != digest:
        return veto(GATE, "WrongDigest", f"{APPROVE} names another content than status.planDigest: approve again")
    recorded = facts.plan.status.approval
    if recorded is not None and now >= recorded.expires_at:
        return veto(GATE, "ApprovalExpired", f"the approval ended at {recorded.expires_at.isoformat()}")
    return passes(GATE, "Approved", f"approved by {approver}")


def enforced(facts: Facts, _now: datetime) -> Verdict:
    """Open if the API server was seen to refuse a forged approval."""
    if not facts.approval_enforced:
        return veto(
            "approval-enforced",
            "ApprovalPolicyNotEnforced",
            "the API server let a forged approval pass a dry run, or could not be asked: "
            "install the chart's admission policies; until then no approval counts",
        )
    return passes("approval-enforced", "Enforced")
