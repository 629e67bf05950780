"""Inspection for single points of failure: what-if on the twin, one loss at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forestall.api.base import Key
from forestall.api.finding import Evidence, Trigger
from forestall.api.inspectionpolicy import Goal, Inspection, InspectionCount
from forestall.inspection.goals import GoalResult, leans_on
from forestall.inspection.report import Found, Observation, cut, distinct, names, references
from forestall.inspection.survey import Survey, around
from forestall.twin.views import View

MOVING: Final = timedelta(seconds=60)
"""How long a risk must show while pods behind the goal come and go: a rollout leaves them on one node for moments."""


@dataclass(frozen=True)
class _Risk:
    """What shows since a moment, and is raised if it still does when it is due."""

    observation: Observation
    since: datetime
    due: datetime


def inspect_single_points(inspection: Inspection, survey: Survey) -> Found:
    """Find the nodes whose loss takes a goal that is met to NotFulfilled. What is counted are pairs of goal and node.

    A goal that is not met now is a problem already and no risk any more; one that is Unknown is an error. While pods
    behind a goal come and go, a risk is raised only once it has lasted.
    """
    goals = survey.policy.spec.goals
    unknown = {goal.name: survey.outlook.now(goal.name) for goal in goals}
    unknown = {name: result for name, result in unknown.items() if result.state == "Unknown"}
    risks = [risk for goal in goals for risk in _risks(inspection, goal, survey)]
    raised = tuple(risk.observation for risk in risks if risk.due <= survey.now)
    waiting = [risk for risk in risks if risk.due > survey.now]
    nodes = len(survey.outlook.losses)
    count = InspectionCount(
        name=inspection.name,
        scanned=len(goals) * nodes,
        failed=len(raised),
        errors=len(unknown) * nodes,
        message=cut(_reasons(unknown)),
    )
    return Found(
        count,
        raised,
        undecided=frozenset(f"{inspection.name}/{name}" for name in unknown),
        held=frozenset(risk.observation.spec for risk in waiting),
        holds={risk.observation.spec.qualifier: risk.since for risk in risks},
        again=min((risk.due for risk in waiting), default=None),
    )


def _reasons(unknown: Mapping[str, GoalResult]) -> str:
    return "; ".join(f"goal {name}: {result.message}" for name, result in list(unknown.items())[:4])


def _risks(inspection: Inspection, goal: Goal, survey: Survey) -> Iterator[_Risk]:
    resource = leans_on(goal, survey.namespace)
    if resource is None or survey.outlook.now(goal.name).state != "Fulfilled":
        return
    services, workloads = around(survey, resource)
    patience = MOVING if _moving(survey.snapshot, workloads) else timedelta(0)
    for loss in survey.outlook.losses:
        result = survey.outlook.after(goal.name, loss)
        if result.state == "NotFulfilled":
            observation = Observation(
                spec=survey.identity("SinglePointOfFailure", resource, f"{inspection.name}/{goal.name}/node/{loss}"),
                finding_class="Risk",
                severity="warning",
                observed="Fulfilled",
                predicted="NotFulfilled",
                trigger=Trigger(kind="Failure", element=distinct(f"node/{loss}")),
                message=cut(f"the loss of node/{loss} takes goal {goal.name} to NotFulfilled"),
                affected_goals=(goal.name,),
                affected_services=names(services),
                targets=references(workloads),
                evidence=(_evidence(inspection, loss, result),),
            )
            since = survey.holds.get(observation.spec.qualifier, survey.now)
            yield _Risk(observation, since, since + patience)


def _moving(view: View, workloads: Collection[Key]) -> bool:
    """Whether any of the workloads has pods that are missing, not ready, or of an earlier template."""
    for key in workloads:
        pods = view.pods_of_workload(key)
        if len(pods) != view.workloads[key].replicas or not all(pod.current and view.is_ready(pod) for pod in pods):
            return True
    return False


def _evidence(inspection: Inspection, loss: str, result: GoalResult) -> Evidence:
    message = cut(f"without node/{loss}: {result.message}")
    return Evidence(source=f"{inspection.name}/twin", value=result.value, message=message)
