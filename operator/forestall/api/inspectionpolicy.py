"""InspectionPolicy: the goals that services must meet, what is inspected for them, and what may answer a finding."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from forestall.api.base import (
    Column,
    Condition,
    Crd,
    DecimalText,
    Duration,
    Label,
    LabelName,
    LocalRef,
    Model,
    Name,
    Operator,
    Query,
    Resource,
    Text,
    exactly_one,
    list_map,
)
from forestall.api.goals import Goal
from forestall.api.networkpolicy import ContingencyInspection, MaintenanceInspection, SinglePointOfFailureInspection
from forestall.api.retention import Retention

Check = Literal[
    "ImagePull",
    "CrashLoop",
    "OutOfMemory",
    "ConfigMissing",
    "Unschedulable",
    "ProbeFailing",
    "StuckRollout",
    "QuotaExceeded",
    "NoReadyEndpoints",
    "NodeNotReady",
    "FailedJob",
]
"""What the state of a Kubernetes object can tell. Each is the type of the findings that it raises."""
AlertType = Literal[Check, "Alert"]
"""What an alert can be taken for."""
FindingType = Literal[AlertType, "MetricThreshold", "SinglePointOfFailure", "Contingency", "Maintenance"]
"""What a finding says is wrong, or will be."""
Mode = Literal["Observe", "Propose", "Open"]
"""How far the loop may go: record findings; plan and predict; run what a person approved."""
Severity = Literal["indeterminate", "warning", "minor", "major", "critical"]
"""`warning`: impending, no effect yet. `minor`: a fault that protection absorbed."""
GoalState = Literal["Fulfilled", "NotFulfilled", "Unknown"]
"""Whether a goal is met."""


class WorkloadInspection(Model):
    """Checks the state of workloads and of what carries them. All look at the policy's namespace and at the nodes."""

    checks: Annotated[tuple[Check, ...], Field(min_length=1, max_length=16)]
    """Which checks. Of a Deployment's pods: `ImagePull` (the image cannot be had), `CrashLoop` (a container ends
    again and again), `OutOfMemory` (one is killed for the memory that it takes), `ConfigMissing` (one lacks a
    ConfigMap, a Secret or a key), `Unschedulable` (no node takes the pod), `ProbeFailing` (one runs and does not
    become ready). Of the Deployment: `StuckRollout` (the rollout does not go on), `QuotaExceeded` (pods are refused
    by a quota). `NoReadyEndpoints`: a Service leads to no ready pod. `NodeNotReady`: a node does not work.
    `FailedJob`: a Job was given up. What another check of the policy explains raises no finding of its own."""


class MetricTarget(Model):
    """Which object a series speaks of. Set exactly one of `name` and `nameLabel`."""

    model_config = ConfigDict(json_schema_extra=exactly_one("name", "nameLabel"))

    kind: Literal["Deployment", "Service"]
    """Kind of the object, in this namespace."""
    name: Label | None = None
    """Name of the object, the same for every series."""
    name_label: LabelName | None = None
    """The label that holds the object's name: one finding for each object."""


class MetricInspection(Model):
    """Finds values that pass a threshold for some time."""

    query: Query
    """PromQL; an instant query. No series at all is an error, never a pass."""
    operator: Operator
    """How a value compares with the threshold when it is a problem."""
    threshold: float
    """The threshold, in the query's own unit."""
    hold: Annotated[Duration, Field(alias="for")] = timedelta(0)
    """How long the comparison must hold without a break before a finding is raised."""
    target: MetricTarget
    """What the value belongs to."""


class AlertMatcher(Model):
    """A condition on one label of an alert."""

    label: LabelName
    """Name of the label. One that the alert does not have counts as empty."""
    operator: Literal["In", "NotIn"] = "In"
    """Whether the label's value must be one of `values`, or none of them."""
    values: Annotated[tuple[Annotated[str, Field(max_length=256)], ...], Field(min_length=1, max_length=64)]
    """Values, compared as they are. Regular expressions belong into Alertmanager's own routes."""


class AlertTarget(Model):
    """Which object an alert speaks of. Set exactly one of `name` and `nameLabel`."""

    model_config = ConfigDict(json_schema_extra=exactly_one("name", "nameLabel"))

    kind: Literal["Deployment", "Service", "Node"]
    """Kind of the object, in this namespace; a node stands in none."""
    name: Name | None = None
    """Name of the object, the same for every alert."""
    name_label: LabelName | None = None
    """The label that holds the object's name: one finding for each object."""


class AlertInspection(Model):
    """Takes over alerts whose label `namespace` names this policy's namespace, or of a node, and of no namespace."""

    matchers: Annotated[tuple[AlertMatcher, ...], Field(min_length=1, max_length=16)]
    """Which alerts. All of them must match."""
    type: AlertType = "Alert"
    """The type of the findings that they raise. `Alert`: the twin takes a fix for one if the target is in trouble on it
    and no more afterwards. The name of a check: as for a finding of that check."""
    severity: Severity | None = None
    """Severity of the findings. Unset: from what becomes of the goals that lean on the target."""
    target: AlertTarget
    """What the alerts speak of. All those that speak of one object are one finding."""
    expire_after: Duration | None = None
    """How long after it was last told an alert that nobody resolves counts as gone, and never as a success: longer than
    Alertmanager's `repeat_interval`. Unset: for ever."""


class Inspection(Model):
    """One thing that is looked for. Set exactly one of its kinds."""

    model_config = ConfigDict(
        json_schema_extra=exactly_one(
            "workload", "metric", "alert", "singlePointOfFailure", "contingency", "maintenance"
        )
    )

    name: Label
    """Name of the inspection, unique in this policy."""
    workload: WorkloadInspection | None = None
    """State of workloads and their pods."""
    metric: MetricInspection | None = None
    """A PromQL value against a threshold."""
    alert: AlertInspection | None = None
    """Alerts of an Alertmanager."""
    single_point_of_failure: SinglePointOfFailureInspection | None = None
    """What-if on the twin: the loss of one element."""
    contingency: ContingencyInspection | None = None
    """What-if on the twin: what a network no longer carries after a loss."""
    maintenance: MaintenanceInspection | None = None
    """What-if on the twin: what it no longer carries after a loss during maintenance."""


class FindingMatch(Model):
    """Which findings a response answers. All that is set must match."""

    types: Annotated[tuple[FindingType, ...], Field(min_length=1, max_length=32)]
    """Types of finding."""


Source = Literal[
    "CurrentReplicasPlusOne",
    "Node",
    "BarringTaintKey",
    "BarringTaintEffect",
    "AilingContainer",
    "DoubleMemory",
    "DeclaredPort",
    "StrayPort",
    "SuggestedLabel",
    "SuggestedLabelValue",
]
"""Values that the twin can give to a parameter."""


class Binding(Model):
    """The value of one runbook parameter. Set exactly one of `value` and `from`."""

    model_config = ConfigDict(json_schema_extra=exactly_one("value", "from"))

    name: Label
    """Name of the parameter, as the runbook declares it."""
    value: Annotated[str, Field(max_length=1024)] | None = None
    """A fixed value."""
    source: Annotated[Source | None, Field(alias="from")] = None
    """A value taken from the twin; where it has none, or more than one, the rung is left out.
    `CurrentReplicasPlusOne`: the target's replica count plus one. `Node`: each node among the finding's targets, tried
    one by one. `BarringTaintKey`, `BarringTaintEffect`: of the only taint of that node that keeps the finding's pods
    away. `AilingContainer`: the only container of the target that is in trouble. `DoubleMemory`: twice its limit of
    memory, in MiB. `DeclaredPort`: the only port that it declares, or that the pods behind a Service declare.
    `StrayPort`: the only port of the Service that leads to none of its pods. `SuggestedLabel`,
    `SuggestedLabelValue`: the one label of the Service's selector that differs from the template of the only
    Deployment that it can be meant for."""


class Rung(Model):
    """One runbook that may answer, with its arguments."""

    runbook: Name
    """Name of the Runbook."""
    parameters: Annotated[tuple[Binding, ...], Field(max_length=32, json_schema_extra=list_map("name"))] = ()
    """Arguments. A parameter with a default may be left out."""


class Response(Model):
    """Which runbooks may answer which findings, and how far the loop may go with them."""

    name: Label
    """Name of the response, unique in this policy."""
    match: FindingMatch
    """Which findings. The first response that matches answers."""
    mode: Mode
    """`Observe`: findings only. `Propose`: plans with their prediction, which nobody can approve.
    `Open`: a plan runs once a person who holds the right has approved it."""
    approvers: Annotated[int, Field(ge=1, le=2)] = 1
    """How many different people must approve a plan, its proposer not among them."""
    ladder: Annotated[tuple[Rung, ...], Field(max_length=8)] = ()
    """Runbooks in order of preference. Each is simulated, and so is doing nothing; the best one is planned."""


class RiskLimits(Model):
    """Above any of these a plan is of high risk and needs the right `approve-high`."""

    max_affected_services: Annotated[int, Field(ge=0, le=10_000)] = 1
    """Largest number of Services that what the plan touches carries, on the twin."""
    max_live_load: Annotated[float, Field(ge=0)] | None = None
    """Largest utilisation of any of those Services (1 = fully used), as bound to `load` by the twin's metrics.
    Set, but not measured: the plan is of high risk."""


class Execution(Model):
    """Times that a plan keeps to, and how often a fix is tried."""

    soak: Duration = timedelta(seconds=30)
    """How long after the last Job the goals are watched before they are judged."""
    approval_lifetime: Duration = timedelta(minutes=30)
    """How long an approval holds, and how long a plan waits for one."""
    evidence_max_age: Duration = timedelta(minutes=15)
    """How old the evidence of a finding may be when a Job is created."""
    max_attempts: Annotated[int, Field(ge=1, le=10)] = 1
    """How many plans of one rung may run for one showing of a finding. A rung that is used up gives way to the
    others of its ladder; when all are, the finding is handed to a person."""
    backoff: Duration = timedelta(seconds=30)
    """How long a rung rests after a plan of it that ran and did not succeed, or after the second one that came to
    nothing; more than twice as long after each further one, at most 1h."""


class Schedule(Model):
    """When the policy inspects."""

    interval: Duration = timedelta(seconds=30)
    """Longest time between two inspections. A change in the cluster brings the next one forward."""


class InspectionPolicySpec(Model):
    """Goals, inspections and responses of one namespace."""

    twin_ref: LocalRef
    """The NetworkTwin that is asked."""
    suspend: bool = False
    """True bars new Jobs of this policy's plans and suspends the running ones. Inspections go on."""
    goals: Annotated[tuple[Goal, ...], Field(max_length=64, json_schema_extra=list_map("name"))] = ()
    """Targets that services of this namespace must meet."""
    inspections: Annotated[
        tuple[Inspection, ...], Field(min_length=1, max_length=64, json_schema_extra=list_map("name"))
    ]
    """What is looked for."""
    responses: Annotated[tuple[Response, ...], Field(max_length=64, json_schema_extra=list_map("name"))] = ()
    """What may answer a finding. None: findings are recorded, nothing is planned."""
    risk_limits: RiskLimits = RiskLimits()
    """What makes a plan a high-risk one."""
    execution: Execution = Execution()
    """Times that plans keep to."""
    schedule: Schedule = Schedule()
    """When the policy inspects."""
    retention: Retention = Retention()
    """How many findings at rest and ended plans of this policy are kept, and how long."""


class GoalStatus(Model):
    """How one goal stands."""

    name: Label
    """Name of the goal."""
    observed: GoalState
    """Met now."""
    predicted: GoalState
    """Met after the loss of any one element that this policy's inspections take away."""
    value: DecimalText | None = None
    """The measured value: ready pods, or the query's result rounded to 1e-4."""
    trigger: Text = ""
    """What would break the goal, if predicted NotFulfilled; for example node/worker-2 or link/backbone/a-b."""


class InspectionCount(Model):
    """What one inspection found in its last run. An error or a skip is never a pass."""

    name: Label
    """Name of the inspection."""
    scanned: int
    """Objects or series looked at."""
    failed: int
    """Of these, how many raise a finding."""
    errors: int
    """Of these, how many could not be judged."""
    message: Text = ""
    """What could not be judged and the remedy."""


class Closure(Model):
    """One-hop closure of this policy's findings, supervised, provisional until the hold-off has passed."""

    eligible: int = 0
    """Findings in scope that did not clear by themselves before a plan ran."""
    one_hop: int = 0
    """Of these, closed by exactly one plan, verified, without a second plan or a hand-off."""


class InspectionPolicyStatus(Model):
    """What the policy found."""

    observed_generation: int = 0
    """The generation of the spec that is in force."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Ready (the policy is being inspected; it never means that no risk was found), TwinFresh, MetricsReachable,
    ApprovalPolicyEnforced, Paused, RisksFound; Stalled while something must be mended first."""
    goals: Annotated[tuple[GoalStatus, ...], Field(max_length=64, json_schema_extra=list_map("name"))] = ()
    """Each goal, observed and predicted."""
    inspections: Annotated[tuple[InspectionCount, ...], Field(max_length=64, json_schema_extra=list_map("name"))] = ()
    """Each inspection's last counts."""
    open_findings: int = 0
    """Findings that are neither cleared nor closed."""
    closure: Closure = Closure()
    """Findings closed in one hop, of those eligible."""


class InspectionPolicy(Resource):
    """Goals that services of a namespace must meet, what is inspected for them, and what may answer a finding."""

    crd: ClassVar[Crd] = Crd(
        kind="InspectionPolicy",
        plural="inspectionpolicies",
        short="inspect",
        scope="Namespaced",
        columns=(
            Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
            Column("Findings", ".status.openFindings", "integer"),
            Column("One hop", ".status.closure.oneHop", "integer"),
            Column("Eligible", ".status.closure.eligible", "integer"),
            Column("Suspended", ".spec.suspend", "boolean", wide=True),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
    )
    spec: InspectionPolicySpec
    """Goals, inspections and responses."""
    status: InspectionPolicyStatus = InspectionPolicyStatus()
    """What the policy found."""
