"""Inspection for single points of failure: what-if on the twin, one loss at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forestall.api.finding import Evidence, Trigger
from forestall.api.inspectionpolicy import Goal, Inspection, InspectionCount
from forestall.inspection.goals import GoalResult, leans_on
from forestall.inspection.report import Found, Observation, cut, distinct, names, references
from forestall.inspection.survey import Survey, around


def inspect_single_points(inspection: Inspection, survey: Survey) -> Found:
    """Find the nodes whose loss takes a goal that is met to NotFulfilled. What is counted are pairs of goal and node.

    A goal that is not met now is a problem already and no risk any more; one that is Unknown is an error.
    """
    goals = survey.policy.spec.goals
    unknown = {goal.name: survey.outlook.now(goal.name) for goal in goals}
    unknown = {name: result for name, result in unknown.items() if result.state == "Unknown"}
    observations = tuple(item for goal in goals for item in _broken(inspection, goal, survey))
    nodes = len(survey.outlook.losses)
    count = InspectionCount(
        name=inspection.name,
        scanned=len(goals) * nodes,
        failed=len(observations),
        errors=len(unknown) * nodes,
        message=cut(_reasons(unknown)),
    )
    return Found(count, observations, undecided=frozenset(f"{inspection.name}/{name}" for name in unknown))


def _reasons(unknown: Mapping[str, GoalResult]) -> str:
    return "; ".join(f"goal {name}: {result.message}" for name, result in list(unknown.items())[:4])


def _broken(inspection: Inspection, goal: Goal, survey: Survey) -> Iterator[Observation]:
    resource = leans_on(goal, survey.namespace)
    if resource is None or survey.outlook.now(goal.name).state != "Fulfilled":
        return
    services, workloads = around(survey, resource)
    for loss in survey.outlook.losses:
        result = survey.outlook.after(goal.name, loss)
        if result.state == "NotFulfilled":
            yield Observation(
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


def _evidence(inspection: Inspection, loss: str, result: GoalResult) -> Evidence:
    message = cut(f"without node/{loss}: {result.message}")
    return Evidence(source=f"{inspection.name}/twin", value=result.value, message=message)
