"""Goals: whether they are met, now and on the twin."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from forestall.api.base import Key
from forestall.api.goals import AvailableGoal, Goal, MetricGoal, SpreadGoal
from forestall.api.inspectionpolicy import GoalState
from forestall.inspection.measured import STEP, UnmeasuredError, compare, limit_text, single_value
from forestall.ports import Measurement
from forestall.twin.view import View


@dataclass(frozen=True)
class GoalResult:
    """How a goal stands on one view."""

    state: GoalState
    value: Decimal | None
    """Ready pods, targets that are reached, the highest utilisation of a link, or the measured or predicted value in
    the query's unit."""
    message: str
    """Why, in words; for Unknown with the remedy."""


def evaluate(
    goal: Goal,
    namespace: str,
    view: View,
    measurements: Mapping[str, Measurement],
    *,
    base: View | None = None,
) -> GoalResult:
    """How the goal of a policy in `namespace` stands on `view`. Goals on networks: `forestall.inspection.networks`.

    `base` is the view that was measured, where `view` is another one: a value that pods share scales with their
    number.
    """
    if goal.available is not None:
        return _available(goal.available, namespace, view)
    if goal.metric is not None:
        return _metric(goal.metric, namespace, view, measurements, base or view)
    return GoalResult("Unknown", None, "the goal's kind is not known to this version")


def leans_on(goal: Goal, namespace: str) -> Key | None:
    """The Service or workload whose ready pods decide on the goal; None where no pod does."""
    if goal.available is not None:
        return Key("Service", namespace, goal.available.service)
    if goal.metric is not None and goal.metric.shared_by is not None:
        return Key("Deployment", namespace, goal.metric.shared_by)
    return None


def _available(goal: AvailableGoal, namespace: str, view: View) -> GoalResult:
    service = Key("Service", namespace, goal.service)
    if service not in view.services:
        return GoalResult("Unknown", None, f"Service {goal.service} is not in the twin: create it or mend the goal")
    by_node = view.ready_by_node(service)
    ready = sum(by_node.values())
    state: GoalState = "Fulfilled" if ready >= goal.min_ready else "NotFulfilled"
    told = f"Service {goal.service}: {ready} pods ready, {goal.min_ready} needed"
    found = GoalResult(state, Decimal(ready), told if state == "Fulfilled" else told + _volumes(view, service))
    if goal.spread is None or state == "NotFulfilled":
        return found
    return _spread(goal.service, goal.spread, view, [name for name, number in by_node.items() if number])


def _volumes(view: View, service: Key) -> str:
    """That pods lack volumes, which moving them would not help; nothing where none does."""
    number = len(view.without_volumes(service))
    return f"; the volumes of {number} pods are out of reach" if number else ""


def _spread(service: str, wanted: SpreadGoal, view: View, nodes: Collection[str]) -> GoalResult:
    """Whether the nodes stand in enough risk groups. Those of which that is not known may stand in any."""
    groups = [one for one in view.topology.groups.values() if one.cause == wanted.cause]
    of_node = {name: {one.key for one in groups if Key("Node", "", name) in one.members} for name in nodes}
    number = len(set().union(*of_node.values()))
    told = f"Service {service}: ready pods in {number} groups of cause {wanted.cause}, {wanted.min_groups} needed"
    if number >= wanted.min_groups:
        return GoalResult("Fulfilled", Decimal(number), told)
    homeless = sorted(name for name, found in of_node.items() if not found)
    if homeless:
        return GoalResult("Unknown", Decimal(number), f"{told}; of node {homeless[0]} no group is known: label it")
    return GoalResult("NotFulfilled", Decimal(number), told)


def _metric(
    goal: MetricGoal, namespace: str, view: View, measurements: Mapping[str, Measurement], base: View
) -> GoalResult:
    more = _more(goal, namespace, view, base)
    try:
        value = single_value(goal.query, measurements) * _share(goal, namespace, view, base, more)
    except UnmeasuredError as error:
        return GoalResult("Unknown", None, str(error))
    except ZeroDivisionError:
        return GoalResult(
            "NotFulfilled", None, f"no ready pod of Deployment {goal.shared_by} is left to share the load"
        )
    rounded = value.quantize(STEP, ROUND_HALF_EVEN)
    state: GoalState = "Fulfilled" if compare(rounded, goal.operator, goal.target) else "NotFulfilled"
    verb = "keeps" if state == "Fulfilled" else "does not keep"
    told = f"the value {verb} to its target: {limit_text(goal.operator, goal.target)}"
    return GoalResult(state, rounded, f"{told}, with the {more} pods that its autoscaler may add" if more else told)


def _more(goal: MetricGoal, namespace: str, view: View, base: View) -> int:
    """How many pods are added by an autoscaler to share the load, where fewer are ready than were measured."""
    if goal.shared_by is None:
        return 0
    workload = Key("Deployment", namespace, goal.shared_by)
    before, after = (sum(seen.ready_by_node(workload).values()) for seen in (base, view))
    return view.spare(workload) if after < before else 0


def _share(goal: MetricGoal, namespace: str, view: View, base: View, more: int) -> Decimal:
    """What the measured value is multiplied with, where `more` pods share it than are ready on `view`.

    Raises ZeroDivisionError where there is none.
    """
    if goal.shared_by is None:
        return Decimal(1)
    workload = Key("Deployment", namespace, goal.shared_by)
    before, after = (sum(seen.ready_by_node(workload).values()) for seen in (base, view))
    if before == after:
        return Decimal(1)
    if not before:
        raise UnmeasuredError(f"no ready pod of Deployment {goal.shared_by} was there when the value was measured")
    return Decimal(before) / (after + more)
