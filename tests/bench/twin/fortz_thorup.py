"""The search of Fortz and Thorup for metrics, as published, over the same kernels: what ours is compared with.

Each step looks at random neighbours: one metric changed to any value, or the arcs out of a node set so that traffic to
some destination is spread evenly. It takes the best one whose metrics have not been met before, by their piecewise
linear cost; after many steps without success it changes some metrics at random.
"""

from __future__ import annotations

import time

import numpy as np

from forestall.planning.traffic.congestion import congestion
from forestall.twin.engine import FAR, Kernels
from tests.bench.twin.congested import Congested, Numbers

NEIGHBOURS = 40
PATIENCE = 100


class FortzThorup:
    """A search from today's metrics, of which at most some may change."""

    def __init__(self, case: Congested, kernels: Kernels, changes: int) -> None:
        self.routing, self.changes = case.routed(kernels), changes
        self.rng = np.random.default_rng(0)
        self.tail, self.head = case.arcs
        self.today = case.metric.ravel().astype(np.int64)
        self.metric, self.nodes = self.today.copy(), case.nodes
        self.highest = int(1.5 * self.today.max()) + 1
        capacity = case.capacity.ravel()
        # Their cost is steep around full links: today's peak counts as one.
        self.room = 1 / capacity / (self.routing.now.load / capacity).max()
        self.best = 1.0
        self.met = {self.metric.tobytes()}

    def run(self, seconds: float) -> float:
        """Peak, in parts of today's, after so much CPU time."""
        end, fruitless, least = time.process_time() + seconds, 0, np.inf
        while time.process_time() < end:
            cost = self._step()
            fruitless, least = (0, cost) if cost < least else (fruitless + 1, least)
            if fruitless > PATIENCE:
                self._shake()
                fruitless, least = 0, np.inf
        return self.best

    def _step(self) -> float:
        """Go to the best of some neighbours; its cost."""
        costs, least = dict[int, int](), np.inf
        for _ in range(NEIGHBOURS):
            change = self._neighbour()
            if not change or not self._is_new(change):
                continue
            load = self.routing.suppose(change).load
            self.best = min(self.best, float((load * self.room).max()))
            cost = congestion(load, self.room)
            if cost < least:
                costs, least = change, cost
        self._commit(costs)
        return float(least)

    def _neighbour(self) -> dict[int, int]:
        if self.rng.random() < 0.8:
            return self._single()
        goal, node = self.rng.integers(self.nodes, size=2)
        arcs = np.flatnonzero(self.tail == node)
        beyond = self.routing.distance.reshape(self.nodes, -1)[goal][self.head[arcs]].astype(np.int64)
        arcs, beyond = arcs[beyond < FAR], beyond[beyond < FAR]
        if goal == node or not len(arcs):
            return {}
        return {int(arc): int(1 + beyond.max() - there) for arc, there in zip(arcs, beyond, strict=True)}

    def _single(self) -> dict[int, int]:
        """One metric, where no more may be changed one that is changed, perhaps back."""
        changed = np.flatnonzero(self.metric != self.today)
        if len(changed) < self.changes:
            return {int(self.rng.integers(len(self.metric))): int(self.rng.integers(1, self.highest))}
        arc = int(self.rng.choice(changed))
        return {arc: int(self.today[arc]) if self.rng.random() < 0.5 else int(self.rng.integers(1, self.highest))}

    def _is_new(self, change: dict[int, int]) -> bool:
        metric = self._with(change)
        return (metric != self.today).sum() <= self.changes and metric.tobytes() not in self.met

    def _with(self, change: dict[int, int]) -> Numbers:
        found = self.metric.copy()
        found[list(change)] = list(change.values())
        return found

    def _commit(self, change: dict[int, int]) -> None:
        if change:
            self.routing.commit(change)
            self.metric = self._with(change)
            self.met.add(self.metric.tobytes())

    def _shake(self) -> None:
        """Give a tenth of the metrics that may change, or one, another value, and take back as many changes."""
        changed = np.flatnonzero(self.metric != self.today)
        number = max(1, self.changes // 10)
        back = self.rng.permutation(changed)[:number]
        self._commit({int(arc): int(self.today[arc]) for arc in back})
        news = self.rng.integers(len(self.metric), size=number)
        change = {int(arc): int(self.rng.integers(1, self.highest)) for arc in news}
        if self._is_new(change):
            self._commit(change)
