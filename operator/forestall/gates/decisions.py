"""Decisions that people put into objects of their own, and whether each fits the plan that it names.

The API server has made sure who decided, and that they held the right that goes with the claimed policy and risk
class. It could not see the plan: that the claims are true is checked here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationplan import RemediationPlan
from forestall.gates.facts import Facts


class Fault(NamedTuple):
    """Why a decision does not count, as one CamelCase word and for people."""

    reason: str
    message: str


def fault(approval: RemediationApproval, plan: RemediationPlan) -> Fault | None:
    """What keeps a decision from counting for the plan; None: it fits."""
    spec, status = approval.spec, plan.status
    if spec.plan_ref.name != plan.metadata.name or spec.plan_ref.uid != plan.metadata.uid:
        return Fault("OtherPlan", f"spec.planRef names another plan: the UID of {plan.metadata.name} differs")
    if spec.policy_ref.name != plan.spec.policy_ref.name:
        return Fault("OtherPolicy", f"spec.policyRef: the plan's policy is {plan.spec.policy_ref.name}")
    if spec.plan_digest != status.plan_digest:
        return Fault("OtherDigest", f"spec.planDigest: the plan's digest is {status.plan_digest or 'not known yet'}")
    if spec.risk_class != (status.risk_class or "High"):
        return Fault("OtherRiskClass", f"spec.riskClass: the plan's class is {status.risk_class or 'High'}")
    if spec.decision == "Approve" and spec.approver == plan.spec.proposer:
        return Fault("ProposerCannotApprove", f"spec.approver: {spec.approver} proposed the plan")
    return None


def fitting(facts: Facts, decision: Literal["Approve", "Reject"]) -> tuple[RemediationApproval, ...]:
    """The decisions of one sort that count for the plan, ordered by name; those being deleted are withdrawn."""
    found = [
        one
        for one in facts.approvals
        if one.spec.decision == decision and not one.metadata.deletion_timestamp and fault(one, facts.plan) is None
    ]
    return tuple(sorted(found, key=lambda one: one.metadata.name))
