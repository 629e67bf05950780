"""Find few changes of metrics that bring the fullest link under a target, whatever of the examined failures happens."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from forestall.planning.traffic.trial import Figures, Metrics, Trial
from forestall.planning.traffic.walk import Budget, Rejected, Walk
from forestall.twin.engine import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What was found: never worse than today."""

    metrics: Metrics
    """New metric of each arc to change; empty where nothing is better than today, or nothing need be done."""
    before: Figures
    after: Figures
    """As routed from nothing with the new metrics."""
    met: bool
    """Whether the target is met."""
    evaluations: int
    """States that were looked at."""
    rejected: Rejected | None = None
    """The first change that a failure spoke against, if there was one."""


def search(
    network: Network,
    demand: ArrayLike,
    target: float,
    budget: Budget,
    *,
    failures: Sequence[Collection[int]] = (),
) -> Moves:
    """Few changes of metrics under which no utilisation exceeds `target`, or as little as could be found.

    The highest utilisation over no failure and `failures` counts first, unless it meets the target; then the number
    of changes; then congestion. The same question has the same answer. See `Trial` for the rows and errors;
    ValueError also where the budget does not suffice to look at today.
    """
    if not 0 <= target < math.inf:
        raise ValueError("target: a utilisation was expected")
    trial = Trial(network, demand, failures)
    if budget.evaluations < 2 * trial.sweep_cost:
        raise ValueError(f"budget: {2 * trial.sweep_cost} evaluations are needed to look at today and at an answer")
    walk = Walk(trial, target, budget)
    best = walk.run()
    after = walk.today.figures
    if best.metrics:
        trial.settle(best.metrics)
        after = trial.figures()
    return Moves(
        metrics=best.metrics,
        before=walk.today.figures,
        after=after,
        met=after.peak <= target,
        evaluations=trial.spent,
        rejected=walk.rejected,
    )
