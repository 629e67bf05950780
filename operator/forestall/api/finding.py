"""Finding: the deduplicated record of one risk or problem."""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from forestall.api.assignment import Assignee, HandOff
from forestall.api.base import (
    Column,
    Condition,
    Crd,
    DecimalText,
    Label,
    LocalRef,
    Model,
    Name,
    ObjectRef,
    Query,
    Resource,
    Text,
    Time,
    list_map,
    validations,
)
from forestall.api.inspectionpolicy import FindingType, GoalState, Severity
from forestall.api.prediction import Score

FindingClass = Literal["Risk", "Problem"]
"""Risk: a goal would break under a trigger (T-1). Problem: something has broken (T0)."""
FindingState = Literal["Open", "Planned", "Cleared", "Closed", "Escalated"]
"""Cleared: the condition went away. Closed: verified after action. The two are not the same."""

MAX_TRANSITIONS = 64
MAX_HAND_OFFS = 32
MAX_ALERTS = 512


class FindingSpec(Model):
    """What the finding is about. This is its identity and never changes."""

    model_config = ConfigDict(
        json_schema_extra=validations(("self == oldSelf", "spec is a finding's identity: it is immutable"))
    )

    policy_ref: LocalRef
    """The InspectionPolicy that found it, in this namespace."""
    type: FindingType
    """What is wrong, or will be."""
    resource: ObjectRef
    """What it is wrong with."""
    qualifier: Annotated[str, Field(max_length=253)] = ""
    """Tells apart several findings of one type on one resource: the inspection, the goal, the element lost."""

    @property
    def object_name(self) -> str:
        """The Finding's own name: readable, and one and the same for one identity."""
        identity = "\0".join((self.policy_ref.name, self.type, *self.resource.to_json().values(), self.qualifier))
        tag = hashlib.sha256(identity.encode()).hexdigest()[:10]
        return f"{self.type.lower()}-{self.resource.name[:24].strip('-.').replace('.', '-')}-{tag}"


class Trigger(Model):
    """What turns a risk into a problem."""

    kind: Literal["Failure", "Change"]
    """Failure: the loss of an element. Change: something that people do, such as maintenance."""
    element: Annotated[str, Field(max_length=253)]
    """The element, for example node/worker-2, link/backbone/a-b or riskGroup/duct-7."""


class Evidence(Model):
    """One fact that the finding rests on."""

    source: Annotated[str, Field(max_length=253)]
    """Where the fact is from: the inspection and the source of the twin."""
    query: Query | None = None
    """The PromQL query, for a measured value."""
    value: DecimalText | None = None
    """The measured value, rounded to 1e-4."""
    message: Text
    """The fact in words."""


class FiringAlert(Model):
    """An alert that fires for the finding, as Alertmanager last told."""

    fingerprint: Label
    """What Alertmanager knows it by: a hash of its labels."""
    starts_at: Time
    """Since when it fires."""
    message: Annotated[str, Field(max_length=256)] = ""
    """Its name and summary. Of many alerts, the first ones tell theirs."""
    told_until: Time | None = None
    """Until when its sender has vouched for it: when it was last told, or the end that it then named, if that is
    later. Brought up to date now and then, not with each repetition."""


class Transition(Model):
    """One change of the finding's condition or state."""

    time: Time
    """When it was seen."""
    to: Literal["Raised", "Cleared", "Planned", "Closed", "Escalated"]
    """What it changed to."""
    message: Text = ""
    """Why."""


class PlanRef(Model):
    """A plan made for this finding."""

    name: Name
    """Name of the RemediationPlan."""
    uid: Annotated[str, Field(max_length=64)] = ""
    """Its UID."""
    runbook: Name
    """Runbook that it runs."""
    phase: Annotated[str, Field(max_length=32)] = ""
    """Its phase when last seen."""


class FindingClosure(Model):
    """How the finding was closed."""

    one_hop: bool
    """Closed by exactly one plan that forestall ran, verified, with no second plan, edit or hand-off."""
    series: Literal["Supervised", "Touchless"]
    """Supervised: a person approved. The two series are never mixed."""
    provisional: bool = True
    """True until the hold-off has passed without a reopening."""
    plan: Name
    """The plan that closed it."""


class FindingStatus(Model):
    """All that is known of the finding."""

    observed_generation: int = 0
    """The generation of the object that this status was written for."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Ready: the finding is at rest (Cleared, Closed)."""
    state: FindingState = "Open"
    """Where the finding stands."""
    finding_class: Annotated[FindingClass, Field(alias="class")] = "Problem"
    """Risk (T-1) or Problem (T0)."""
    severity: Severity = "indeterminate"
    """How much it hurts, in the terms of RFC 8632."""
    observed: GoalState = "Unknown"
    """Whether all the affected goals are met now."""
    predicted: GoalState = "Unknown"
    """Whether they would be met under the trigger."""
    trigger: Trigger | None = None
    """What would make a risk bite."""
    message: Text = ""
    """What is wrong, in one sentence."""
    affected_goals: Annotated[tuple[Label, ...], Field(max_length=64)] = ()
    """Goals of the policy that are, or would be, NotFulfilled."""
    affected_services: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(max_length=256)] = ()
    """Services that the resource carries, on the twin."""
    targets: Annotated[tuple[ObjectRef, ...], Field(max_length=16)] = ()
    """Workloads that a runbook would act on."""
    snapshot_id: Annotated[str, Field(max_length=80)] = ""
    """The twin's snapshot that it was found on."""
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=32)] = ()
    """The facts that it rests on."""
    alerts: Annotated[
        tuple[FiringAlert, ...], Field(max_length=MAX_ALERTS, json_schema_extra=list_map("fingerprint"))
    ] = ()
    """Alerts that fire for it, stored before Alertmanager has its answer. None is left once all are resolved."""
    detected_at: Time | None = None
    """When it was raised, or raised again after it had been cleared or closed."""
    cleared_at: Time | None = None
    """When the condition last went away."""
    closed_at: Time | None = None
    """When a plan's success was verified."""
    transition_count: int = 0
    """How often the condition was raised or cleared."""
    transitions: Annotated[tuple[Transition, ...], Field(max_length=MAX_TRANSITIONS)] = ()
    """The latest changes, oldest first."""
    plans: Annotated[tuple[PlanRef, ...], Field(max_length=64)] = ()
    """Plans made since it was raised."""
    score: Score | None = None
    """Of a fault that an inspection had examined before it came: what was foreseen, held against what came."""
    no_plan_reason: Text = ""
    """Why an open finding has no plan: what is missing, and what the twin said of the runbooks that were tried."""
    closure: FindingClosure | None = None
    """How it was closed."""
    assignee: Assignee | None = None
    """Who has the finding in hand."""
    hand_offs: Annotated[tuple[HandOff, ...], Field(max_length=MAX_HAND_OFFS)] = ()
    """How it changed hands; the latest are kept."""


class Finding(Resource):
    """The deduplicated record of one risk or problem: what, where, why, and what was done about it."""

    crd: ClassVar[Crd] = Crd(
        kind="Finding",
        plural="findings",
        short="finding",
        scope="Namespaced",
        columns=(
            Column("Type", ".spec.type"),
            Column("Resource", ".spec.resource.name"),
            Column("Class", ".status.class"),
            Column("Severity", ".status.severity"),
            Column("State", ".status.state"),
            Column("Message", ".status.message", wide=True),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
        selectable=(".spec.type", ".status.state", ".status.severity"),
    )
    spec: FindingSpec
    """What the finding is about: its identity."""
    status: FindingStatus = FindingStatus()
    """All that is known of it."""
