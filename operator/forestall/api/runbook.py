"""Runbook: a versioned entry of the catalogue of fixes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Final, Literal

from pydantic import ConfigDict, Field

from forestall.api.base import (
    Column,
    Condition,
    Crd,
    Duration,
    Label,
    Model,
    Resource,
    Text,
    list_map,
    validations,
)

Effect = Literal[
    "RestorePreviousTemplate",
    "SetReplicas",
    "SpreadOverNodes",
    "RestartPods",
    "SetResources",
    "SetProbePort",
    "SetTargetPort",
    "SetSelectorLabel",
    "Cordon",
    "Uncordon",
    "Drain",
    "RemoveTaint",
    "AddTaint",
    "SetMetrics",
    "DrainTraffic",
    "MoveDemand",
    "ReHome",
    "Vouched",
]
"""What a runbook changes on the twin, and so what its prediction is made from. `SetMetrics`, `DrainTraffic`,
`MoveDemand` and `ReHome` are for people to carry out: plans with them are proposals. `Vouched` changes nothing there:
the administrator vouches that the finding's condition goes away."""
BY_PEOPLE: Final[tuple[Effect, ...]] = ("SetMetrics", "DrainTraffic", "MoveDemand", "ReHome")
"""Effects on networks: no Job brings them about."""
ACTIONS_RULE: Final = f"(size(self.actions) == 0) == (self.effect in [{', '.join(map(repr, BY_PEOPLE))}])"
TargetKind = Literal["Deployment", "Node", "Service", "NetworkTwin"]
"""What a runbook can act on."""
PostCheck = Literal["RolloutComplete", "PodsGone"]
"""What a Job can wait for after its change."""


class RunbookParameter(Model):
    """A typed, bounded parameter."""

    name: Label
    """Name of the parameter."""
    description: Text
    """What it means, with its unit."""
    type: Literal["String", "Integer"]
    """How the value is read."""
    enum: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(max_length=32)] = ()
    """Allowed values. Empty: any."""
    pattern: Annotated[str, Field(max_length=253)] = ""
    """Regular expression that a String must match as a whole. Empty: any."""
    minimum: int | None = None
    """Smallest Integer."""
    maximum: int | None = None
    """Largest Integer."""
    default: Annotated[str, Field(max_length=253)] | None = None
    """Value where none is given. Unset: the parameter is required."""


class EnvironmentVariable(Model):
    """A variable that a runbook sets for its own image."""

    name: Annotated[str, Field(max_length=63, pattern=r"^[A-Z][A-Z0-9_]*$")]
    """Its name. Names that begin with FORESTALL_ are forestall's own."""
    value: Annotated[str, Field(max_length=1024)] = ""
    """Its value, as it is: nothing in it is expanded."""


class Action(Model):
    """One step of a runbook. It runs as one Job."""

    name: Label
    """Name of the step, unique in this runbook."""
    argv: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=253)], ...], Field(min_length=1, max_length=16)]
    """Arguments for the operator's action image; the first one names the action. With an image of its own, the whole
    command. Never a shell."""
    image: Annotated[str, Field(max_length=512, pattern=r"^(\S+@sha256:[0-9a-f]{64})?$")] = ""
    """An image of the administrator's own, by digest, in place of the operator's. Only with the effect `Vouched`."""
    env: Annotated[
        tuple[EnvironmentVariable, ...],
        Field(max_length=32, json_schema_extra=list_map("name")),
    ] = ()
    """All variables that its own image gets beside forestall's, which tell it the target and the parameters."""
    service_account_name: Annotated[
        str, Field(max_length=253, pattern=r"^forestall-action-[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    ]
    """Account that the Job runs as, in the action namespace. It holds the rights of this action and no others."""
    timeout: Duration = timedelta(minutes=5)
    """Longest run of the action, from the time when its container starts. Half a minute more is for getting there."""
    retries: Annotated[int, Field(ge=0, le=5)] = 0
    """How often a Job that failed or ran out of time is followed by another one, each after all gates were asked
    again. Only for an idempotent runbook."""


class RunbookSpec(Model):
    """What the runbook does, when to use it, and how to undo it."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            ("self == oldSelf || self.version != oldSelf.version", "changed content needs a new version"),
            (
                "!has(self.idempotent) || self.idempotent || self.actions.all(a, !has(a.retries) || a.retries == 0)",
                "an action may be retried only where the runbook is idempotent",
            ),
            (
                ACTIONS_RULE,
                f"a runbook has actions, unless its effect is one that people bring about: {', '.join(BY_PEOPLE)}",
            ),
        )
    )

    version: Annotated[str, Field(max_length=63, pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    """Version of the content, for example 1.0.0. Content changes only together with it."""
    summary: Text
    """What it does, in one sentence."""
    when_to_use: Text
    """The situation it is for."""
    when_not_to_use: Text = ""
    """The situation it would harm in."""
    target_kinds: Annotated[tuple[TargetKind, ...], Field(min_length=1, max_length=8)]
    """Kinds of object that it acts on: on the finding's first target of one of them. Of Kubernetes nodes, on the one
    that the parameter `node` names."""
    parameters: Annotated[tuple[RunbookParameter, ...], Field(max_length=32, json_schema_extra=list_map("name"))] = ()
    """Its typed parameters."""
    actions: Annotated[tuple[Action, ...], Field(max_length=8, json_schema_extra=list_map("name"))]
    """Its steps, in order. None: people carry it out, and plans with it are no more than proposals."""
    reads: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(min_length=1, max_length=32)]
    """Fields of the target that the decision depends on, for example spec.replicas. A change of one of them after
    approval makes the plan Stale."""
    writes: Annotated[tuple[Annotated[str, Field(max_length=253)], ...], Field(min_length=1, max_length=32)]
    """Fields of the target that it changes. A field that a GitOps controller or an autoscaler owns stops the plan."""
    pre_checks: Annotated[tuple[Literal["TargetUnchanged", "PreviousRevisionExists"], ...], Field(max_length=16)] = ()
    """What the Job makes sure of before it changes anything."""
    post_checks: Annotated[tuple[PostCheck, ...], Field(max_length=16)] = ()
    """What the Job waits for after the change: a complete rollout, or a node without pods that can go elsewhere."""
    effect: Effect
    """What it changes on the twin."""
    irreversible: bool = False
    """True: there is no inverse, and every plan with it is of high risk."""
    idempotent: bool = True
    """Whether running it twice has the effect of running it once."""

    @property
    def by_people(self) -> bool:
        """Whether people carry it out, and no Job does."""
        return not self.actions


class RunbookStatus(Model):
    """Whether the runbook can be used."""

    observed_generation: int = 0
    """The generation of the spec that was judged."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16, json_schema_extra=list_map("type"))] = ()
    """Ready: plans may use it."""
    digest: Annotated[str, Field(max_length=80)] = ""
    """sha256 of its content. It enters the digest of every plan that uses it."""


class Runbook(Resource):
    """A versioned entry of the catalogue of fixes, owned by the administrator."""

    crd: ClassVar[Crd] = Crd(
        kind="Runbook",
        plural="runbooks",
        short="runbook",
        scope="Cluster",
        columns=(
            Column("Version", ".spec.version"),
            Column("Effect", ".spec.effect"),
            Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
            Column("Summary", ".spec.summary", wide=True),
            Column("Age", ".metadata.creationTimestamp", "date"),
        ),
    )
    spec: RunbookSpec
    """What it does."""
    status: RunbookStatus = RunbookStatus()
    """Whether it can be used."""
