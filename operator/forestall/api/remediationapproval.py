"""RemediationApproval: one person's decision on one plan, as an object of its own."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from forestall.api.base import (
    Column,
    Condition,
    Crd,
    Digest,
    LocalRef,
    Model,
    Name,
    Resource,
    Text,
    Uid,
    UserName,
    list_map,
    validations,
)
from forestall.api.remediationplan import RiskClass


class PlanRef(Model):
    """A plan, and not another one that bears its name later."""

    name: Name
    """Name of the RemediationPlan, in this namespace."""
    uid: Annotated[Uid, Field(min_length=1)]
    """Its UID."""


class RemediationApprovalSpec(Model):
    """What is decided, and by whom. It never changes: delete it to withdraw it."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            ("self == oldSelf", "spec is immutable: delete the approval and make another"),
            ("self.decision != 'Reject' || size(self.reason) > 0", "a rejection gives a reason"),
        )
    )

    plan_ref: PlanRef
    """The plan."""
    policy_ref: LocalRef
    """The plan's InspectionPolicy. The approver's right is a right on this policy."""
    plan_digest: Annotated[Digest, Field(min_length=1)]
    """The plan's `status.planDigest`."""
    risk_class: RiskClass
    """The plan's `status.riskClass`. Low takes the right `approve`, High the right `approve-high`."""
    approver: UserName
    """Who decides: the API server makes sure that it is the requester's own name."""
    groups: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(max_length=256)] = ()
    """The requester's groups, all of them: the API server makes sure of that, too. With them the operator asks
    again, right before each Job, whether the approver still holds the right."""
    decision: Literal["Approve", "Reject"]
    """What is decided."""
    reason: Text = ""
    """Why. A rejection needs one."""


class RemediationApprovalStatus(Model):
    """Whether the decision fits its plan."""

    observed_generation: int = 0
    """The generation of the spec that was read."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Accepted: it fits its plan. Whether the plan runs is up to its gates."""


class RemediationApproval(Resource):
    """A decision that needs no write access to the plan: for two approvers, for plans that are kept in Git."""

    crd: ClassVar[Crd] = Crd(
        kind="RemediationApproval",
        plural="remediationapprovals",
        short="approval",
        scope="Namespaced",
        columns=(
            Column("Plan", ".spec.planRef.name"),
            Column("Decision", ".spec.decision"),
            Column("Approver", ".spec.approver"),
            Column("Accepted", '.status.conditions[?(@.type=="Accepted")].status'),
            Column("Reason", '.status.conditions[?(@.type=="Accepted")].reason', wide=True),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
    )
    spec: RemediationApprovalSpec
    """What is decided."""
    status: RemediationApprovalStatus = RemediationApprovalStatus()
    """Whether it fits its plan."""
