"""Contingencies: how the goals of a policy stand now, and after each single loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forestall.api.inspectionpolicy import GoalState, GoalStatus, InspectionPolicy
from forestall.inspection.goals import GoalResult, evaluate, leans_on
from forestall.ports import Measurement
from forestall.twin.views import Potential, View

NOTHING = ""
"""The loss of nothing: now."""


@dataclass(frozen=True)
class Outlook:
    """How goals stand, by goal and loss. A loss is the name of a node, or NOTHING."""

    results: Mapping[tuple[str, str], GoalResult]
    losses: tuple[str, ...]

    @property
    def broken(self) -> int:
        """Goals NotFulfilled, counted over now and every loss."""
        return sum(result.state == "NotFulfilled" for result in self.results.values())

    def now(self, goal: str) -> GoalResult:
        """How the goal stands with nothing lost."""
        return self.results[goal, NOTHING]

    def after(self, goal: str, loss: str) -> GoalResult:
        """How the goal would stand with `loss`."""
        return self.results[goal, loss]

    def predicted(self, goal: str) -> GoalState:
        """The worst state of the goal, now or after any loss."""
        return worst([self.results[goal, loss].state for loss in (NOTHING, *self.losses)])

    def trigger(self, goal: str) -> str:
        """The first loss by name that breaks a goal which holds; empty where there is none."""
        holds = self.now(goal).state != "NotFulfilled"
        return next((loss for loss in self.losses if holds and self.after(goal, loss).state == "NotFulfilled"), "")


def worst(states: Sequence[GoalState]) -> GoalState:
    """NotFulfilled before Unknown before Fulfilled; Unknown for no state at all."""
    order: tuple[GoalState, ...] = ("NotFulfilled", "Unknown", "Fulfilled")
    return min(states, key=order.index, default="Unknown")


def losses(policy: InspectionPolicy, view: View) -> tuple[str, ...]:
    """Names of the nodes whose loss the policy's inspections examine: those that are ready, ordered."""
    examined = any(item.single_point_of_failure is not None for item in policy.spec.inspections)
    return tuple(sorted(name for name, node in view.nodes.items() if node.ready)) if examined else ()


def outlook(
    policy: InspectionPolicy,
    potential: Potential,
    measurements: Mapping[str, Measurement],
    lost: tuple[str, ...],
) -> Outlook:
    """How the policy's goals stand on `potential`, now and after the loss of each node of `lost`.

    `measurements` are those of the snapshot behind it. Raises KeyError for a node that is not there.
    """
    views = {name: potential.lose_node(name) for name in lost}
    found: dict[tuple[str, str], GoalResult] = {}
    for goal in policy.spec.goals:
        namespace = policy.metadata.namespace or ""
        found[goal.name, NOTHING] = evaluate(goal, namespace, potential, measurements, base=potential.base)
        element = leans_on(goal, namespace)
        at_stake = potential.ready_by_node(element) if element else {}
        for name, view in views.items():
            # Nodes that carry nothing of the goal cannot change it, and they are most of a large cluster.
            found[goal.name, name] = (
                evaluate(goal, namespace, view, measurements, base=potential.base)
                if name in at_stake
                else found[goal.name, NOTHING]
            )
    return Outlook(found, lost)


def statuses(policy: InspectionPolicy, seen: Outlook) -> tuple[GoalStatus, ...]:
    """The policy's goals, observed and predicted, for its status."""
    return tuple(_status(goal.name, seen) for goal in policy.spec.goals)


def _status(goal: str, seen: Outlook) -> GoalStatus:
    trigger = seen.trigger(goal)
    return GoalStatus(
        name=goal,
        observed=seen.now(goal).state,
        predicted=seen.predicted(goal),
        value=seen.now(goal).value,
        trigger=f"node/{trigger}" if trigger else "",
    )
