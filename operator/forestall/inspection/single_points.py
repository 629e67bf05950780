"""Inspection for single points of failure: what-if on the twin, one loss at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forestall.api.base import Key
from forestall.api.finding import Evidence, FindingClass, Trigger
from forestall.api.goals import Goal
from forestall.api.inspectionpolicy import GoalState, Inspection, InspectionCount, Severity
from forestall.api.networkpolicy import SinglePointOfFailureInspection
from forestall.inspection.goals import GoalResult
from forestall.inspection.losses import names as loss_names
from forestall.inspection.networks import on_networks
from forestall.inspection.report import Found, Observation, cut, distinct, names, references
from forestall.inspection.survey import Survey, around, subject
from forestall.twin.view import View

MOVING: Final = timedelta(seconds=60)
"""How long a risk must show while pods behind the goal come and go: a rollout leaves them on one node for moments."""
MOST: Final = 64
"""Risks that one inspection raises; all are counted."""


@dataclass(frozen=True)
class _Risk:
    """What shows since a moment, and is raised if it still does when it is due."""

    observation: Observation
    since: datetime
    due: datetime


def inspect_single_points(inspection: Inspection, asked: SinglePointOfFailureInspection, survey: Survey) -> Found:
    """Find the losses that take a goal that is met to NotFulfilled. What is counted are pairs of goal and loss.

    A goal that is Unknown is an error, and so is a loss that there is no time for. One that is not met now is no risk
    any more: where a loss that was looked for is there, it is a problem, unless it is that of a Kubernetes node, which
    is a problem of its own. While pods behind a goal come and go, a risk is raised only once it has lasted.
    """
    goals, ours = survey.policy.spec.goals, loss_names(asked, survey.snapshot)
    ahead = [loss for loss in survey.outlook.losses if loss in ours]
    unknown = _unknown(survey, ahead)
    risks = [risk for goal in goals for risk in _risks(inspection, goal, ahead, survey)]
    raised = [risk.observation for risk in risks if risk.due <= survey.now]
    waiting = [risk for risk in risks if risk.due > survey.now]
    problems = (
        [] if asked.scope == "Node" else [one for goal in goals for one in _problems(inspection, goal, ours, survey)]
    )
    beyond = survey.outlook.stakes.beyond
    count = InspectionCount(
        name=inspection.name,
        scanned=len(goals) * (len(ahead) + beyond),
        failed=len(raised) + len(problems),
        errors=len(unknown) + len(goals) * beyond,
        message=cut("; ".join(_told(unknown, beyond, len(raised)))),
    )
    return Found(
        count,
        (*problems, *raised[:MOST]),
        undecided=frozenset(_undecided(inspection, unknown, beyond)),
        held=frozenset(risk.observation.spec for risk in waiting),
        holds={risk.observation.spec.qualifier: risk.since for risk in risks},
        again=min((risk.due for risk in waiting), default=None),
    )


def _unknown(survey: Survey, ahead: Collection[str]) -> Mapping[tuple[str, str], GoalResult]:
    """Pairs of goal and loss that cannot be judged: of a goal that is Unknown now, all."""
    pairs = ((goal.name, loss) for goal in survey.policy.spec.goals for loss in ahead)
    found = {}
    for goal, loss in pairs:
        now, after = survey.outlook.now(goal), survey.outlook.after(goal, loss)
        if "Unknown" in {now.state, after.state}:
            found[goal, loss] = now if now.state == "Unknown" else after
    return found


def _undecided(inspection: Inspection, unknown: Mapping[tuple[str, str], GoalResult], beyond: int) -> Iterator[str]:
    """Beginnings of the qualifiers of what cannot be said to have gone: a goal's, where any loss is Unknown."""
    yield from [inspection.name] if beyond else []
    yield from (f"{inspection.name}/{goal}" for goal, _ in unknown)


def _told(unknown: Mapping[tuple[str, str], GoalResult], beyond: int, raised: int) -> Iterator[str]:
    """What could not be judged, and what is not raised."""
    by_goal = {goal: result.message for (goal, _), result in unknown.items()}
    yield from (f"goal {goal}: {message}" for goal, message in list(by_goal.items())[:4])
    if beyond:
        yield f"{beyond} losses more than one pass examines: choose a network, or a narrower scope"
    if raised > MOST:
        yield f"{MOST} of {raised} risks are raised as findings"


def _risks(inspection: Inspection, goal: Goal, ahead: Collection[str], survey: Survey) -> Iterator[_Risk]:
    if survey.outlook.now(goal.name).state != "Fulfilled":
        return
    patience = MOVING if _moving(survey.snapshot, around(survey, subject(survey, goal))[1]) else timedelta(0)
    for loss in ahead:
        result = survey.outlook.after(goal.name, loss)
        if result.state == "NotFulfilled":
            message = f"the loss of {loss} takes goal {goal.name} to NotFulfilled"
            told = _evidence(inspection, f"without {loss}", result)
            observation = _observed(
                _Seen(inspection, goal, loss, "Risk", "warning", "Fulfilled", message, told), survey
            )
            since = survey.holds.get(observation.spec.qualifier, survey.now)
            yield _Risk(observation, since, since + patience)


def _problems(inspection: Inspection, goal: Goal, ours: Collection[str], survey: Survey) -> Iterator[Observation]:
    """Losses that are there, while the goal is not met."""
    now = survey.outlook.now(goal.name)
    if now.state != "NotFulfilled":
        return
    for loss in survey.outlook.stakes.live:
        if loss.name in ours:
            message = f"{loss.name} is lost, and goal {goal.name} is not met"
            told = _evidence(inspection, f"{loss.name} is down", now)
            yield _observed(
                _Seen(inspection, goal, loss.name, "Problem", "major", "NotFulfilled", message, told), survey
            )


@dataclass(frozen=True)
class _Seen:
    """A goal and a loss that go together."""

    inspection: Inspection
    goal: Goal
    loss: str
    finding_class: FindingClass
    severity: Severity
    observed: GoalState
    message: str
    evidence: Evidence


def _observed(seen: _Seen, survey: Survey) -> Observation:
    resource = subject(survey, seen.goal)
    services, workloads = around(survey, resource)
    targets = (resource,) if on_networks(seen.goal) else workloads
    return Observation(
        spec=survey.identity("SinglePointOfFailure", resource, f"{seen.inspection.name}/{seen.goal.name}/{seen.loss}"),
        finding_class=seen.finding_class,
        severity=seen.severity,
        observed=seen.observed,
        predicted="NotFulfilled",
        trigger=Trigger(kind="Failure", element=distinct(seen.loss)),
        message=cut(seen.message),
        affected_goals=(seen.goal.name,),
        affected_services=names(services),
        targets=references(targets),
        evidence=(seen.evidence,),
    )


def _moving(view: View, workloads: Collection[Key]) -> bool:
    """Whether any of the workloads has pods that are missing, not ready, or of an earlier template."""
    for key in workloads:
        pods = view.pods_of_workload(key)
        if len(pods) != view.workloads[key].replicas or not all(pod.current and view.is_ready(pod) for pod in pods):
            return True
    return False


def _evidence(inspection: Inspection, when: str, result: GoalResult) -> Evidence:
    return Evidence(source=f"{inspection.name}/twin", value=result.value, message=cut(f"{when}: {result.message}"))
