"""A walk over metrics, from today's on.

Each step takes the best of the changes that move traffic off the fullest arcs, also if that is worse than where it
stands; what was changed rests for some steps, so that the walk does not turn in a circle. Where no more changes are
allowed, a new one is tried together with taking back the one that helps least. (A tabu search; what is particular is
where the changes to try come from.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from forestall.planning.traffic.congestion import pressure
from forestall.planning.traffic.thresholds import FEEDERS, changes
from forestall.planning.traffic.trial import Figures, Metrics, Spot, Trial
from forestall.twin.engine import FAR

HOT: Final = 2
"""Fullest arcs, over no failure and the worst ones, of which each step tries to take traffic off."""
REST: Final = 8
"""Steps for which a changed arc rests at least; at most about twice as many."""
PATIENCE: Final = 60
"""Steps without success after which the walk goes back to the best that it knows, less a third of its changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How far a search may go."""

    changes: int = 20
    """Metrics that may be changed: one for each way of a link."""
    evaluations: int = 50_000
    """States of the network that may be looked at; a state after a failure is one of them."""
    highest: int = 65_535
    """Highest metric that routers take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Metrics that were not taken although nothing would be better with nothing failed, and why."""

    metrics: Metrics
    spot: Spot
    """The failure that speaks against them, and the arc that would then be the fullest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Metrics with their figures, and their rank: the lower the better."""

    metrics: Metrics
    figures: Figures
    rank: tuple[float, int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """Costs to go on with, and what they would do to the network."""

    costs: Metrics
    pressure: float
    """Summed over no failure and those that were tried."""
    worst: Spot


class Walk:
    """A search that goes on until the target is met with as few changes as can be, or the budget is used up."""

    def __init__(self, trial: Trial, target: float, budget: Budget) -> None:
        self.trial, self.target, self.budget, self.limit = trial, target, budget, budget.changes
        self.highest = min(budget.highest, FAR // max(len(trial.demand), 1) - 1)
        self.rng = np.random.default_rng(0)
        self.resting: dict[int, int] = {}
        self.rejected: Rejected | None = None
        self.step = self.fruitless = 0
        self.here = self.best = self.today = self._look()
        self.scale = self.today.figures.peak

    def run(self) -> Known:
        """The best that was found; one look at all its figures is left of the budget."""
        if self.today.figures.peak > self.target:
            aside = HOT * (FEEDERS + 2) + self.budget.changes  # what a step asks before it tries anything
            while self.limit > 0 and self._affords(aside + 1) and self._advance():
                self.step += 1
            self._prune()
        return self.best

    @property
    def _visit(self) -> int:
        """Questions that it takes to go somewhere and look at all figures there."""
        return 1 + self.trial.sweep_cost

    def _affords(self, questions: int) -> bool:
        """Whether so many more can be asked before the step is taken, and what was found pruned and answered."""
        pruning = min((len(self.best.metrics) + 2) * self._visit, self.budget.evaluations // 2)
        return self.trial.spent + questions <= self.budget.evaluations - pruning - 3 * self._visit

    def _advance(self) -> bool:
        """Take one step; False where there is none to take."""
        choice = self._choose(self._options())
        if choice is None:
            tired, self.resting = self.resting, {}
            return bool(tired)
        self.trial.commit(choice.costs)
        before = self.here.figures.spots[0].use
        for arc in choice.costs:
            self.resting[arc] = self.step + REST + int(self.rng.integers(REST))
        self.here = self._look()
        if self.here.figures.spots[0].use < before:
            self._object(self.here.metrics, self.here.figures.worst)
        self.fruitless += 1
        if self.here.rank < self.best.rank:
            self._succeed()
        elif self.fruitless > PATIENCE:
            self._go_back()
        return True

    def _look(self) -> Known:
        metrics, figures = self.trial.changed, self.trial.figures()
        peak = max(figures.peak, self.target)
        return Known(metrics=metrics, figures=figures, rank=(_exact(peak), len(metrics), _exact(figures.congestion)))

    def _succeed(self) -> None:
        self.best, self.fruitless = self.here, 0
        if self.best.figures.peak <= self.target:
            self._prune()
            self.limit = len(self.best.metrics) - 1
            self._go_back()

    def _go_back(self) -> None:
        arcs = sorted(self.best.metrics)
        dropped = set(self.rng.permutation(arcs)[: max(1, len(arcs) // 3)].tolist())
        self.trial.go_to({arc: metric for arc, metric in self.best.metrics.items() if arc not in dropped})
        self.here, self.fruitless, self.resting = self._look(), 0, {}

    def _prune(self) -> None:
        """Take back what is not needed."""
        while any(self._is_better_without(arc) for arc in sorted(self.best.metrics)):
            pass

    def _is_better_without(self, arc: int) -> bool:
        if self.trial.spent > self.budget.evaluations - 3 * self._visit:
            return False
        self.trial.go_to({other: metric for other, metric in self.best.metrics.items() if other != arc})
        found = self._look()
        if found.rank >= self.best.rank:
            return False
        self.best = found
        return True

    def _options(self) -> Sequence[Metrics]:
        """Costs to try: one change each, or two where one has to be taken back for the other."""
        changed = self.here.metrics
        back: list[Metrics] = [{arc: int(self.trial.today[arc])} for arc in sorted(changed)]
        is_full = len(changed) >= self.limit
        spare = self._least_useful(back) if is_full else {}
        news = sorted({change for spot in self._hot() for change in self._relief(spot)})
        alone = [{arc: metric} for arc, metric in news if arc in changed or not is_full]
        swaps = [{arc: metric, **spare} for arc, metric in news if spare and arc not in changed]
        return [*back, *alone, *swaps]

    def _least_useful(self, back: Sequence[Metrics]) -> Metrics:
        free = [costs for costs in back if not self._rests(costs)]
        return min(free, key=self._pressure, default={})

    def _pressure(self, costs: Metrics) -> float:
        return pressure(self.trial.supposed(costs), self.scale)

    def _rests(self, costs: Metrics) -> bool:
        return any(self.resting.get(arc, -1) >= self.step for arc in costs)

    def _hot(self) -> list[Spot]:
        """Spots to relieve, on different arcs."""
        use = self.trial.use
        calm = [
            Spot(use=float(use[arc]), arc=arc, failure=None) for arc in np.argsort(-use, kind="stable")[:HOT].tolist()
        ]
        ordered = sorted([*calm, *self.here.figures.spots[1:]], key=lambda spot: -spot.use)
        first: dict[int, Spot] = {}
        for spot in ordered:
            first.setdefault(spot.arc, spot)
        return list(first.values())[:HOT]

    def _relief(self, spot: Spot) -> list[tuple[int, int]]:
        """Arcs and metrics that would take traffic off the spot."""
        trial, down = self.trial, self.trial.down(spot.failure)
        up = {arc: int(trial.cost[arc]) for arc in down}
        trial.commit(down)
        found = [
            (arc, metric)
            for arc, metric in changes(trial.ways, spot.arc, trial.without, self.highest)
            if metric != trial.cost[arc]
        ]
        trial.commit(up)
        return found

    def _choose(self, options: Sequence[Metrics]) -> _Tried | None:
        """The option that presses the network least, over no failure and the worst ones."""
        ordered = sorted(self._calm(options), key=lambda tried: tried.pressure)
        best: _Tried | None = None
        for calm in ordered:
            bound = best.pressure if best is not None else math.inf
            if calm.pressure >= bound or not self._affords(len(self.here.figures.spots)):
                break
            tried = self._with_failures(calm, bound)
            if tried.pressure < bound and self._may(tried):
                best = tried
            if calm is ordered[0] and calm.worst.use < self.here.figures.spots[0].use:
                self._object(self._after(calm.costs), tried.worst)
        return best

    def _calm(self, options: Sequence[Metrics]) -> Iterator[_Tried]:
        """The options, as far as the budget goes, with nothing failed."""
        for costs in options:
            if not self._affords(1):
                return
            use = self.trial.supposed(costs)
            worst = Spot(use=float(use.max()), arc=int(use.argmax()), failure=None)
            yield _Tried(costs=costs, pressure=pressure(use, self.scale), worst=worst)

    def _with_failures(self, calm: _Tried, bound: float) -> _Tried:
        """The option after the worst failures, too, as far as needed to see that its pressure is not below `bound`."""
        total, worst = calm.pressure, calm.worst
        for spot in self.here.figures.spots[1:]:
            if total >= bound:
                break
            use = self.trial.supposed({**calm.costs, **self.trial.down(spot.failure)})
            total += pressure(use, self.scale)
            if use.max() > worst.use:
                worst = Spot(use=float(use.max()), arc=int(use.argmax()), failure=spot.failure)
        return _Tried(costs=calm.costs, pressure=total, worst=worst)

    def _may(self, tried: _Tried) -> bool:
        """Whether none of its arcs rests, or it is better than all that is known."""
        return not self._rests(tried.costs) or _exact(tried.worst.use) < _exact(self.best.figures.peak)

    def _after(self, costs: Metrics) -> Metrics:
        """What would be changed if these costs were taken, too."""
        return {
            arc: metric for arc, metric in {**self.here.metrics, **costs}.items() if metric != self.trial.today[arc]
        }

    def _object(self, metrics: Metrics, spot: Spot) -> None:
        if self.rejected is None and spot.failure is not None and spot.use > self.target:
            self.rejected = Rejected(metrics=metrics, spot=spot)


def _exact(value: float) -> float:
    """Without the error of floats."""
    return float(f"{value:.9g}")
