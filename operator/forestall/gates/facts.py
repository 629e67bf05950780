"""What the gates and the state machine know when they decide. Gathered anew for each decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import GoalStatus, InspectionPolicy, Mode, Response
from forestall.api.prediction import Prediction, Score
from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationpause import RemediationPause
from forestall.api.remediationplan import (
    Candidate,
    RemediationPlan,
    RemediationPlanStatus,
    RiskClass,
    Step,
    Target,
)
from forestall.api.runbook import Runbook


@dataclass(frozen=True, slots=True)
class Draft:
    """What a plan is once it has been simulated and rendered. `error` says why it cannot be."""

    error: str = ""
    mode: Mode = "Observe"
    target: Target | None = None
    steps: tuple[Step, ...] = ()
    rollback: tuple[Step, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    prediction: Prediction | None = None
    diff: str = ""
    risk_class: RiskClass = "High"
    risk_reasons: tuple[str, ...] = ()
    approvers: int = 1
    content_digest: str = ""


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """The target as the API server has it now. `error` says why it could not be read."""

    uid: str = ""
    reads_hash: str = ""
    foreign_owners: tuple[str, ...] = ()
    as_wanted: bool = False
    """Whether the step under way has nothing left to do, and its post-checks hold."""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the twin says of the plan as the world is now."""

    counterexample: str = ""
    """What the plan would leave worse; empty: nothing."""
    problem: str = ""
    """Why that cannot be said; empty: it can."""


@dataclass(frozen=True, slots=True)
class JobState:
    """A Job of this plan as the API server has it now."""

    name: str
    state: Literal["Absent", "Active", "Suspended", "Complete", "Failed", "Foreign"]
    version: str = ""
    """Its resourceVersion: what a change of it is made to."""
    created_at: datetime | None = None
    finished_at: datetime | None = None
    exit_code: int | None = None
    timed_out: bool = False
    message: str = ""
    target_hash: str = ""


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the policy's last complete inspection says that matters to this plan."""

    at: datetime
    finding_present: bool | None
    """Whether the finding's condition was seen; None where its inspection could not judge."""
    problem: str
    """Why it could not judge; empty otherwise."""
    metrics_ok: bool
    """Whether every query that the policy's goals and limits need was answered."""
    goals: tuple[GoalStatus, ...] = ()
    ready_pods: int | None = None
    """Ready pods of the target."""
    nodes: int | None = None
    """Nodes that carry them."""
    realised: Score | None = None
    """Of a change of a network that people carry out: what was predicted, held against what came. None: it is not
    carried out."""
    outdated: bool = False
    """Whether the network that it would change is another one by now."""
    lingers: bool = False
    """Whether the condition may show for a while after it has gone: Alertmanager takes its time to tell."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision about one plan rests on."""

    plan: RemediationPlan
    policy: InspectionPolicy | None = None
    response: Response | None = None
    runbook: Runbook | None = None
    runbook_digest: str = ""
    finding: Finding | None = None
    surplus: str = ""
    """Why its proposer may not have this plan open, too; empty: they may. Only asked before it is rendered."""
    draft: Draft | None = None
    """Set while the plan has not been rendered."""
    content_now: str | None = None
    """The content digest as it would be rendered now, once that has stood still; None: not known."""
    plan_digest: str = ""
    """The digest recomputed from the stored content digest and the plan's UID."""
    approval_enforced: bool = False
    """Whether the API server was seen to refuse a forged approval, by the policies as shipped."""
    enforcement: str = ""
    """What is wrong with the admission policies, and the remedy; empty: nothing."""
    pauses: tuple[RemediationPause, ...] | None = None
    """The pauses of the plan's namespace and of the operator's, read anew where a Job may be created or runs; None:
    not read."""
    approvals: tuple[RemediationApproval, ...] = ()
    """The decisions that name this plan; read anew where a Job may be created."""
    rightless: frozenset[str] | None = None
    """Names of those whose approver does not hold the right; None: not asked, as no Job may be created."""
    live: LiveTarget | None = None
    """Set where a Job may be created by this decision."""
    simulation: Simulation = Simulation(problem="the plan has not been simulated on the present snapshot")
    """The plan on the twin as it is now; only where a Job may be created by this decision."""
    rival: str | None = None
    """Another plan that works on the target, as namespace/name; empty: none; None: not asked."""
    inspected: Inspected | None = None
    """None until the policy has been inspected since the operator started."""
    jobs: Mapping[str, JobState] = field(default_factory=dict)
    """Every Job that the plan's attempts name."""

    def with_status(self, status: RemediationPlanStatus) -> Facts:
        """The same facts about the plan with another status."""
        return replace(self, plan=self.plan.model_copy(update={"status": status}))

    @property
    def annotations(self) -> Mapping[str, str]:
        """The plan's annotations."""
        return self.plan.metadata.annotations
