"""What all inspections of one pass look at, and what a condition means for the policy's goals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from forestall.api.base import Key, LocalRef
from forestall.api.finding import FindingSpec, FiringAlert
from forestall.api.goals import Goal
from forestall.api.inspectionpolicy import Check, FindingType, GoalState, InspectionPolicy, Severity
from forestall.inspection.checks.catalogue import symptoms
from forestall.inspection.checks.symptom import Scene, Symptom
from forestall.inspection.contingencies import Outlook, worst
from forestall.inspection.goals import leans_on
from forestall.inspection.report import distinct, references
from forestall.inspection.scans import Scans
from forestall.ports import Measurement
from forestall.twin.views import Snapshot


@dataclass(frozen=True)
class Survey:
    """One pass over one policy: a snapshot, what was measured, and how its goals stand on that."""

    policy: InspectionPolicy
    snapshot: Snapshot
    measurements: Mapping[str, Measurement]
    outlook: Outlook
    holds: Mapping[str, datetime]
    now: datetime
    alerts: Mapping[FindingSpec, Sequence[FiringAlert]]
    scans: Scans

    @property
    def namespace(self) -> str:
        """The policy's namespace: nothing outside it is looked at, save the nodes."""
        return self.policy.metadata.namespace or ""

    @cached_property
    def scene(self) -> Scene:
        """What checks look at."""
        return Scene(self.snapshot, self.namespace, self.now)

    @cached_property
    def symptoms(self) -> Mapping[Check, tuple[Symptom, ...]]:
        """What all checks of the policy find, without what others of them explain."""
        chosen = [item.workload.checks for item in self.policy.spec.inspections if item.workload is not None]
        return symptoms({check for checks in chosen for check in checks}, self.scene)

    def key(self, kind: str, name: str) -> Key:
        """An object in the policy's namespace."""
        return Key(kind, self.namespace, name)

    def identity(self, kind: FindingType, resource: Key, qualifier: str) -> FindingSpec:
        """What a finding of this policy is about."""
        return identity(self.policy, kind, resource, qualifier)


def identity(policy: InspectionPolicy, kind: FindingType, resource: Key, qualifier: str) -> FindingSpec:
    """What a finding of a policy is about."""
    return FindingSpec(
        policy_ref=LocalRef(name=policy.metadata.name),
        type=kind,
        resource=references((resource,))[0],
        qualifier=distinct(qualifier),
    )


@dataclass(frozen=True)
class Impact:
    """What a problem of some workloads and Services does to the goals that lean on them."""

    observed: GoalState
    predicted: GoalState
    affected_goals: tuple[str, ...]
    severity: Severity


def impact(survey: Survey, elements: Collection[Key], *, query: str = "") -> Impact:
    """The impact through goals that lean on one of `elements`, or that measure `query` themselves."""
    goals = [goal.name for goal in survey.policy.spec.goals if _related(survey, goal, elements, query)]
    affected = tuple(name for name in goals if survey.outlook.now(name).state == "NotFulfilled")
    return Impact(
        observed=worst([survey.outlook.now(name).state for name in goals]),
        predicted=worst([survey.outlook.predicted(name) for name in goals]),
        affected_goals=affected,
        severity=_severity(survey, elements, affected),
    )


def subject(survey: Survey, goal: Goal) -> Key:
    """What a finding about a goal is about: what the goal leans on; the twin itself where no pod has a part in it."""
    return leans_on(goal, survey.namespace) or Key("NetworkTwin", "", survey.policy.spec.twin_ref.name)


def around(survey: Survey, resource: Key) -> tuple[tuple[Key, ...], tuple[Key, ...]]:
    """Services that a Service, workload or node carries, itself among them, and what a runbook would act on."""
    view = survey.snapshot
    if resource.kind == "Node":
        workloads, services = survey.scene.carried(resource.name)
        return services, (resource, *workloads)
    if resource.kind == "NetworkTwin":
        return (), ()
    if resource.kind == "Service":
        return (resource,), view.workloads_of_service(resource)
    return view.services_of_workload(resource), (resource,)


def _related(survey: Survey, goal: Goal, elements: Collection[Key], query: str) -> bool:
    measured = goal.metric is not None and goal.metric.query == query
    return measured or leans_on(goal, survey.namespace) in elements


def _severity(survey: Survey, elements: Collection[Key], affected: Collection[str]) -> Severity:
    if not affected:
        return "minor"
    services = [key for key in elements if key in survey.snapshot.services]
    return "major" if all(survey.snapshot.ready_pods(service) for service in services) else "critical"
