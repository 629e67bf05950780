"""A network whose metrics are tried: asked what it would carry, with every question counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.planning.traffic.congestion import congestion
from forestall.planning.traffic.thresholds import Longs, Ways
from forestall.twin.engine import DOWN, Network, Rerouting, default, failing

Reals = NDArray[np.float64]
Metrics = Mapping[int, int]
"""Metric by arc."""

CELLS: Final = 20_000_000
"""Most cells of a matrix of all pairs of nodes: 24 bytes each."""


WATCHED: Final = 6
"""Failures that are told of: the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """The fullest arc in some state of the network."""

    use: float
    """Its utilisation; 1 for full."""
    arc: int
    failure: int | None
    """The failure, by its place among those examined; None for the state in which nothing has failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How full a network is, with nothing failed and after each failure that is examined."""

    spots: tuple[Spot, ...]
    """With nothing failed; then after the worst failures among those that make an arc fuller than that, worst first."""
    congestion: float
    """With nothing failed; 0 where no link has a capacity."""

    @property
    def worst(self) -> Spot:
        """The fullest arc in any of the states."""
        return max(self.spots, key=lambda spot: spot.use)

    @property
    def peak(self) -> float:
        """Highest utilisation in any of the states."""
        return self.worst.use


class Trial:
    """Routing of one network while its metrics are tried. Not for two threads at once."""

    def __init__(self, network: Network, demand: ArrayLike, failures: Sequence[Collection[int]] = ()) -> None:
        """`demand` is [nodes, nodes], to the first from the second. Each of `failures` is links that fail together.

        The network is left as it is; its rows must be those of `default().kernels`. ValueError where it is too large
        or has no links, or a demand is unsound; IndexError for a link that there is not.
        """
        if network.nodes**2 > CELLS:
            raise ValueError(f"{network.nodes} nodes are too many to try metrics")
        self.demand = np.array(demand, np.float64)
        self.routing = Rerouting(network, np.arange(network.nodes), self.demand, default().kernels)
        self.failures = [sorted(set(failure)) for failure in failures]
        self.cost: Longs = np.array(network.cost(), np.int64)
        self.room: Reals = np.array(network.room())
        self.tail = np.array(network.shape.tail, np.int64)
        self.head = np.array(network.shape.head, np.int64)
        self.spent = 1
        self.today = self.cost.copy()

    @property
    def sweep_cost(self) -> int:
        """Questions that it takes to know all figures of one state."""
        return 1 + len(self.failures)

    @property
    def ways(self) -> Ways:
        """How it is routed now."""
        distance = self.routing.distance.reshape(len(self.demand), -1).astype(np.int64)
        return Ways(tail=self.tail, head=self.head, cost=self.cost.copy(), distance=distance, demand=self.demand)

    @property
    def changed(self) -> dict[int, int]:
        """Metrics that differ from today's."""
        return {int(arc): int(self.cost[arc]) for arc in np.flatnonzero(self.cost != self.today)}

    @property
    def use(self) -> Reals:
        """[arcs] utilisation now."""
        found: Reals = self.routing.now.load * self.room
        return found

    def supposed(self, costs: Metrics) -> Reals:
        """[arcs] utilisation if arcs had these costs."""
        self.spent += 1
        found: Reals = self.routing.suppose(costs).load * self.room
        return found

    def commit(self, costs: Metrics) -> None:
        """Go on with these costs."""
        self.spent += 1
        self.routing.commit(costs)
        self.cost[list(costs)] = list(costs.values())

    def go_to(self, metrics: Metrics) -> None:
        """Go on with today's metrics but for these."""
        wanted = self.today.copy()
        wanted[list(metrics)] = list(metrics.values())
        self.commit({int(arc): int(wanted[arc]) for arc in np.flatnonzero(wanted != self.cost)})

    def settle(self, metrics: Metrics) -> None:
        """Go to the metrics and route everything anew, so that no sum carries the error of former ones."""
        self.go_to(metrics)
        self.routing.start_over()

    def without(self, arc: int) -> Longs:
        """[nodes, nodes] distances if the arc were down."""
        cost = int(self.cost[arc])
        self.commit({arc: DOWN})
        found = self.ways.distance
        self.commit({arc: cost})
        self.spent -= 1  # the way back is no question
        return found

    def figures(self) -> Figures:
        """All figures of the state now."""
        load, use = self.routing.now.load, self.use
        calm = Spot(use=float(use.max()), arc=int(use.argmax()), failure=None)
        return Figures(spots=(calm, *self._failed(calm.use)), congestion=congestion(load, self.room))

    def _failed(self, least: float) -> Iterator[Spot]:
        if not self.failures:
            return
        self.spent += len(self.failures)
        found = self.routing.sweep(self.failures)
        for worst in np.argsort(-found.peak, kind="stable")[:WATCHED].tolist():
            if found.peak[worst] > least:
                yield Spot(use=float(found.peak[worst]), arc=int(found.peak_arc[worst]), failure=worst)

    def down(self, failure: int | None) -> dict[int, int]:
        """Costs under which the failure has happened; none for no failure."""
        return {} if failure is None else failing(self.failures[failure])
