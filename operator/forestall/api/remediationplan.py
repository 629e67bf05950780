"""RemediationPlan: steps chosen from the catalogue for one finding, and all that became of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from forestall.api.assignment import Assignee, HandOff
from forestall.api.base import (
    Column,
    Condition,
    Crd,
    Digest,
    Duration,
    Label,
    LocalRef,
    Model,
    Name,
    ObjectRef,
    Parameter,
    Resource,
    Text,
    Time,
    Uid,
    UserName,
    list_map,
    validations,
)
from forestall.api.inspectionpolicy import Mode
from forestall.api.prediction import Prediction, Score
from forestall.api.runbook import EnvironmentVariable

Phase = Literal[
    "Proposed",
    "PendingApproval",
    "Approved",
    "Preflight",
    "Executing",
    "Soaking",
    "Succeeded",
    "Blocked",
    "RollingBack",
    "RolledBack",
    "Rejected",
    "Expired",
    "Stale",
    "Superseded",
    "Cancelled",
    "Failed",
    "Escalated",
]
TERMINAL: frozenset[Phase] = frozenset(
    ("Succeeded", "RolledBack", "Rejected", "Expired", "Stale", "Superseded", "Cancelled", "Failed", "Escalated")
)
"""Phases that absorb: nothing leads out of them."""
RiskClass = Literal["Low", "High"]
Outcome = Literal[
    "Success", "NothingToDo", "Failure", "FailureTimeout", "FailureRetries", "FailureException", "FailureGuard"
]
"""How a step ended, in ONAP's words; NothingToDo: the target was as wanted already, and nothing was done."""

APPROVE = "forestall.dev/approve"
APPROVED_BY = "forestall.dev/approved-by"
REJECT = "forestall.dev/reject"
REJECTED_BY = "forestall.dev/rejected-by"
TAKE_OVER = "forestall.dev/take-over"
TAKEN_OVER_BY = "forestall.dev/taken-over-by"
HOLD = "forestall.dev/executing"
"""The finalizer of a plan while it executes: a running Job is suspended before its plan is gone."""

_TERMINAL_RULE = "!(oldSelf in [{}]) || self == oldSelf".format(", ".join(f"'{phase}'" for phase in sorted(TERMINAL)))
_WRITE_ONCE = ("contentDigest", "planDigest", "riskClass")


class RunbookRef(Model):
    """A runbook at a version."""

    name: Name
    """Name of the Runbook."""
    version: Annotated[str, Field(max_length=63)]
    """Version that the plan was made for."""


class RemediationPlanSpec(Model):
    """What is proposed. It never changes: changed content is a new plan."""

    model_config = ConfigDict(
        json_schema_extra=validations(("self == oldSelf", "spec is immutable: propose a new plan"))
    )

    purpose: Literal["Remediate"] = "Remediate"
    """Remediate: removes the finding's condition."""
    policy_ref: LocalRef
    """The InspectionPolicy whose finding it answers. Who may approve the plan is a right on this policy."""
    finding_ref: LocalRef
    """The Finding, in this namespace."""
    runbook_ref: RunbookRef
    """What is run."""
    parameters: Annotated[tuple[Parameter, ...], Field(max_length=32, json_schema_extra=list_map("name"))] = ()
    """Arguments for the runbook."""
    proposer: UserName
    """Who proposes: the API server makes sure that it is the requester's own name."""

    def is_of(self, runbook: str, parameters: tuple[Parameter, ...]) -> bool:
        """Whether that runbook with these arguments is what is proposed: a ladder may hold one runbook twice."""
        return (runbook, parameters) == (self.runbook_ref.name, self.parameters)


class Target(Model):
    """What a plan acts on, as it was when the plan was made."""

    ref: ObjectRef
    """The object."""
    uid: Uid
    """Its UID."""
    reads_hash: Annotated[str, Field(max_length=80)]
    """sha256 of the fields that the runbook reads."""
    owners: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(max_length=16)] = ()
    """Field managers that own what the runbook writes."""


class Step(Model):
    """One Job to be run, rendered once and never again."""

    name: Label
    """Name of the runbook's action."""
    argv: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(max_length=16)]
    """Arguments of the container; the first one names the action. With an image of the runbook's own, its command."""
    own_image: bool = False
    """Whether `image` is the runbook's own, and not the operator's."""
    env: Annotated[tuple[EnvironmentVariable, ...], Field(max_length=32)] = ()
    """What the runbook sets for its own image."""
    parameters: Annotated[tuple[Parameter, ...], Field(max_length=32)] = ()
    """Arguments of the action, resolved. They reach the Job through its environment, never through a shell."""
    service_account_name: Annotated[str, Field(max_length=253)]
    """Account that the Job runs as."""
    image: Annotated[str, Field(max_length=512)]
    """Image, by digest."""
    timeout: Duration
    """Longest run."""
    retries: int = 0
    """How often it is tried again after a failure."""


class Candidate(Model):
    """One possible answer, tried on the twin."""

    runbook: Annotated[str, Field(max_length=253)]
    """Name of the runbook; `DoNothing` for leaving things as they are."""
    parameters: Annotated[tuple[Parameter, ...], Field(max_length=32)] = ()
    """Its arguments."""
    verdict: Literal["Chosen", "Accepted", "Rejected"]
    """Whether it may run, and whether it is the best that may."""
    resolves: bool
    """Whether the finding's condition is gone afterwards, on the twin."""
    broken: int
    """Goals NotFulfilled afterwards, counted over now and every single loss that was examined."""
    affected_services: int
    """Services that what it touches carries."""
    counterexample: Text = ""
    """Why it was rejected: the goal or link that it leaves worse, under which loss; of a network, by which change."""


class Approval(Model):
    """Who let the plan run, and for how long."""

    kind: Literal["Human"]
    """Human: a person, whom the API server knew."""
    name: UserName
    """The approver; of two, the first by name."""
    others: Annotated[tuple[UserName, ...], Field(max_length=1)] = ()
    """The other one, where the plan needed two."""
    digest: Digest
    """What was approved."""
    observed_at: Time
    """When the operator saw it."""
    expires_at: Time
    """When it ends."""


class Rejection(Model):
    """Who refused the plan, and why."""

    name: UserName
    """The person."""
    reason: Text
    """The reason given."""
    time: Time
    """When the operator saw it."""


class Verdict(Model):
    """What one gate said, last time it was asked."""

    gate: Annotated[str, Field(max_length=63)]
    """Name of the gate."""
    ok: bool
    """Whether it lets the plan pass."""
    reason: Annotated[str, Field(max_length=256)]
    """Why, as one CamelCase word."""
    message: Text = ""
    """Why, for people."""


class Attempt(Model):
    """One try at one step. It is written before its Job is created."""

    step: int
    """Index of the step, from 0; in `rollback` where it undoes, else in `steps`."""
    rollback: bool = False
    """Whether it undoes the plan."""
    attempt: int
    """Number of the try, from 1."""
    job_name: Name
    """Name of the Job, in the action namespace."""
    intended_at: Time
    """When the operator decided to create the Job."""
    accepted_at: Time | None = None
    """When the API server had accepted it."""
    finished_at: Time | None = None
    """When it ended."""
    outcome: Outcome | None = None
    """How it ended."""
    message: Text = ""
    """What the action said."""
    target_hash: Annotated[str, Field(max_length=80)] = ""
    """Hash of the fields that the runbook reads, as this step's own change left them: what the next step expects, and
    what may be undone. Empty where the step changed nothing, or nobody knows what it changed."""


class Verification(Model):
    """Whether the plan did what it was for."""

    since: Time
    """Start of the soak."""
    until: Time
    """When the goals are judged."""
    result: Literal["Pending", "Fulfilled", "NotFulfilled", "Inconclusive"] = "Pending"
    """Inconclusive is not success."""
    message: Text = ""
    """What was judged, and how."""
    lost: Annotated[tuple[Label, ...], Field(max_length=64)] = ()
    """Goals that were met before the plan and are not met after it: what it did was unsafe."""


class Timestamps(Model):
    """The four times of an item. Each is not before the one above it."""

    detected: Time | None = None
    """The finding was raised."""
    decided: Time | None = None
    """The plan was approved."""
    acted: Time | None = None
    """The last Job ended."""
    verified: Time | None = None
    """The outcome was judged."""


class RemediationPlanStatus(Model):
    """Everything that became of the plan. Only the operator writes it."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            *((f"!has(oldSelf.{name}) || has(self.{name})", f"{name} is written once") for name in _WRITE_ONCE),
            ("!has(oldSelf.phase) || has(self.phase)", "a plan never loses its phase"),
        )
    )

    observed_generation: int = 0
    """The generation of the spec that was read."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Ready (at rest), Approved, Succeeded; Reconciling and Stalled while they hold; Paused, and
    ApprovalNotDurable (kept in Git: annotations do not count), once they have held."""
    phase: Annotated[
        Phase, Field(json_schema_extra=validations((_TERMINAL_RULE, "a finished plan stays as it ended")))
    ] = "Proposed"
    """Where the plan stands."""
    mode: Mode | None = None
    """How far the policy's response lets the plan go."""
    message: Text = ""
    """Where the plan stands, in one sentence."""
    blocked_until: Time | None = None
    """When a blocked plan looks again."""
    target: Target | None = None
    """What it acts on."""
    steps: Annotated[tuple[Step, ...], Field(max_length=8)] = ()
    """Its Jobs."""
    rollback: Annotated[tuple[Step, ...], Field(max_length=8)] = ()
    """The Jobs that undo it, with the target's values from before. Empty: irreversible."""
    candidates: Annotated[tuple[Candidate, ...], Field(max_length=16)] = ()
    """What was tried on the twin, doing nothing among it."""
    prediction: Prediction | None = None
    """What the twin says will be true afterwards."""
    diff: Annotated[str, Field(max_length=16_384)] = ""
    """What a server-side dry run says would change, as a unified diff of YAML."""
    risk_class: Annotated[
        RiskClass | None,
        Field(json_schema_extra=validations(("self == oldSelf", "riskClass is written once"))),
    ] = None
    """Low needs the right `approve`, High the right `approve-high`."""
    risk_reasons: Annotated[tuple[Text, ...], Field(max_length=16)] = ()
    """Why the plan is of high risk."""
    content_digest: Annotated[
        Digest | None,
        Field(json_schema_extra=validations(("self == oldSelf", "contentDigest is written once"))),
    ] = None
    """sha256 of what would run, on what, under which rules."""
    plan_digest: Annotated[
        Digest | None, Field(json_schema_extra=validations(("self == oldSelf", "planDigest is written once")))
    ] = None
    """sha256 of the content digest and this plan's UID: what an approval must name. Empty in mode Propose."""
    policy_generation: int = 0
    """The generation of the policy that it was made under."""
    approvers: int = 1
    """How many different people must approve it, as the policy said when it was made."""
    approval: Approval | None = None
    """Who let it run."""
    rejection: Rejection | None = None
    """Who refused it."""
    gates: Annotated[tuple[Verdict, ...], Field(max_length=32, json_schema_extra=list_map("gate"))] = ()
    """The gates' last verdicts, in order."""
    attempts: Annotated[tuple[Attempt, ...], Field(max_length=64)] = ()
    """Every try at every step."""
    verification: Verification | None = None
    """Whether it did what it was for."""
    undoing: Verification | None = None
    """Whether the rollback brought back what was there before."""
    score: Score | None = None
    """The prediction held against the outcome."""
    timestamps: Timestamps = Timestamps()
    """Detected, decided, acted, verified."""
    assignee: Assignee | None = None
    """Who has the plan in hand."""
    hand_offs: Annotated[tuple[HandOff, ...], Field(max_length=16)] = ()
    """How it changed hands."""

    @property
    def expected_hash(self) -> str:
        """What the target's read fields must hash to now: as rendered, or as the last Job that told so left it."""
        left = [attempt.target_hash for attempt in self.attempts if attempt.target_hash]
        rendered = self.target.reads_hash if self.target else ""
        return left[-1] if left else rendered

    def step_of(self, attempt: Attempt) -> Step:
        """The step that an attempt is at."""
        return (self.rollback if attempt.rollback else self.steps)[attempt.step]


class RemediationPlan(Resource):
    """Steps from the catalogue for one finding: simulated, approved, run as Jobs, verified, accounted for."""

    # What a status keeps would be lost with it.
    model_config = ConfigDict(
        json_schema_extra=validations(("!has(oldSelf.status) || has(self.status)", "a plan never loses its status"))
    )
    crd: ClassVar[Crd] = Crd(
        kind="RemediationPlan",
        plural="remediationplans",
        short="plan",
        scope="Namespaced",
        columns=(
            Column("Runbook", ".spec.runbookRef.name"),
            Column("Target", ".status.target.ref.name"),
            Column("Risk", ".status.riskClass"),
            Column("Phase", ".status.phase"),
            Column("Approver", ".status.approval.name"),
            Column("Message", ".status.message", wide=True),
            Column("Digest", ".status.planDigest", wide=True),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
        selectable=(
            ".spec.purpose",
            ".spec.policyRef.name",
            ".status.phase",
            ".status.riskClass",
            ".status.target.ref.name",
        ),
    )
    spec: RemediationPlanSpec
    """What is proposed."""
    status: RemediationPlanStatus = RemediationPlanStatus()
    """Everything that became of it."""
