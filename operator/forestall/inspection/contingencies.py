"""Contingencies: how the goals of a policy stand now, and after each single loss."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from forestall.api.goals import Goal
from forestall.api.inspectionpolicy import GoalState, GoalStatus, InspectionPolicy
from forestall.inspection.goals import GoalResult, evaluate, leans_on
from forestall.inspection.losses import NOTHING, Loss, Stakes, hosts
from forestall.inspection.networks import on_networks, results
from forestall.ports import Measurement
from forestall.twin.views import Potential


@dataclass(frozen=True)
class Outlook:
    """How goals stand, by goal and loss. A loss is known by its name; that of nothing is NOTHING."""

    results: Mapping[tuple[str, str], GoalResult]
    stakes: Stakes

    @property
    def losses(self) -> tuple[str, ...]:
        """Names of the losses that may come."""
        return tuple(loss.name for loss in self.stakes.ahead)

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


def outlook(
    policy: InspectionPolicy,
    potential: Potential,
    measurements: Mapping[str, Measurement],
    at_stake: Stakes,
) -> Outlook:
    """How the policy's goals stand on `potential`, now and after each loss that may come.

    `measurements` are those of the snapshot behind it. A loss of what is not there is that of nothing.
    """
    lost, namespace = at_stake.ahead, policy.metadata.namespace or ""
    found = dict(results(potential.topology, tuple(filter(on_networks, policy.spec.goals)), lost))
    views = _Views(potential, hosts(potential.topology, lost))
    for goal in policy.spec.goals:
        if on_networks(goal):
            continue
        now = found[goal.name, NOTHING] = evaluate(goal, namespace, potential, measurements, base=potential.base)
        element = leans_on(goal, namespace)
        carriers = potential.leans_on(element) if element else frozenset()
        for loss in lost:
            view = views.without(loss.name, carriers)
            found[goal.name, loss.name] = (
                now if view is None else evaluate(goal, namespace, view, measurements, base=potential.base)
            )
    return Outlook({(goal.name, name): found[goal.name, name] for goal, name in _asked(policy, lost)}, at_stake)


def _asked(policy: InspectionPolicy, lost: Sequence[Loss]) -> Iterator[tuple[Goal, str]]:
    """Each goal with nothing, and then with each loss."""
    return product(policy.spec.goals, (NOTHING, *(loss.name for loss in lost)))


class _Views:
    """The views without Kubernetes nodes: most losses take none that carries anything, and many take the same ones."""

    def __init__(self, potential: Potential, hosts: Mapping[str, frozenset[str]]) -> None:
        self._potential, self._hosts = potential, hosts
        self._without: dict[frozenset[str], Potential] = {}

    def without(self, loss: str, carriers: Collection[str]) -> Potential | None:
        """The view after a loss; None where the loss takes none of the nodes that carry something."""
        gone = self._hosts[loss].intersection(self._potential.nodes)
        if gone.isdisjoint(carriers):
            return None
        if gone not in self._without:
            self._without[gone] = self._potential.lose_nodes(gone)
        return self._without[gone]


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
        trigger=trigger[:1024],
    )
