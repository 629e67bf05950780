"""Where traffic goes as links fail, return or change: shortest paths with equal splits.

This is the state after routers have settled; loops and losses on the way there, tunnels and policy are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.engine.arrays import Network, Numbers, amounts, indices
from forestall.twin.engine.makes import Kernels
from forestall.twin.kernels.buffers import DOWN, FAR, Changes, Ints

Reals = NDArray[np.float64]
Costs = Mapping[int, int]
"""What arcs would cost, by arc: a metric, or DOWN."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Loads:
    """What the network carries."""

    load: Reals
    """[arcs] traffic"""
    lost: float
    """Traffic that reaches no destination."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """What each of many failures would do, and the worst that any of them does to each arc."""

    lost: Reals
    """[failures] traffic that would be lost, with what is lost today"""
    peak: Reals
    """[failures] highest utilisation of an arc, 1 for full"""
    peak_arc: Numbers
    """[failures] the arc"""
    over: Numbers
    """[failures] how many arcs would be overloaded"""
    worst: Reals
    """[arcs] highest utilisation in any failure, or today"""
    cause: Numbers
    """[arcs] the failure that brings it about; -1 where no failure makes it worse than today"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Moved:
    """What one failure would change."""

    arcs: Numbers
    """Arcs whose load would change."""
    load: Reals
    """What they would carry."""
    lost: float
    """Traffic that would be lost, with what is lost today."""


class Rerouting:
    """Routing of one network, kept right as it changes. Not for two threads at once."""

    def __init__(self, network: Network, destinations: ArrayLike, demand: ArrayLike, kernels: Kernels) -> None:
        """`demand` is [destinations, nodes]: traffic from each node to each of the `destinations`."""
        goals = indices(destinations, network.nodes, "destination")
        offered = np.array(demand, np.float64)
        if not network.shape.links:
            raise ValueError("a network without links carries nothing")
        if offered.shape != (len(goals), network.nodes) or offered.size >= 1 << 31:
            raise ValueError("demand: a row for each destination, and less than 2 ** 31 numbers, were expected")
        offered = amounts(offered, offered.size, "demand").reshape(offered.shape)
        offered[np.arange(len(goals)), goals] = 0.0
        self.network, self.offered, self._memory = network, float(offered.sum()), kernels.memory
        self._routing = kernels.routing(
            network.shape, network.cost(), self._memory.whole(goals), self._memory.real(offered), kernels.memory
        )
        self._routes = self._routing.routes

    @property
    def now(self) -> Loads:
        """What the network carries today."""
        return Loads(load=np.array(self._routes.load), lost=self._routes.lost)

    @property
    def distance(self) -> Numbers:
        """[destinations * nodes] distance of each node from each destination; FAR where there is no way."""
        return np.array(self._routes.distance, np.int32)

    @property
    def flow(self) -> Reals:
        """[destinations * nodes] traffic that passes each node, or ends there, on its way to each destination."""
        return np.array(self._routes.flow)

    def start_over(self) -> None:
        """Route everything anew, from nothing but what was committed: what errors of floats added up to is gone."""
        self._routing.start_over()

    def commit(self, costs: Costs) -> None:
        """Take it for a fact that arcs have these costs."""
        self._routing.commit(*self._rows(costs))

    def suppose(self, costs: Costs) -> Loads:
        """What the network would carry if arcs had these costs."""
        self._routing.suppose(*self._rows(costs))
        found = self.now
        self._routing.forget()
        return found

    def would_touch(self, costs: Costs) -> dict[int, float]:
        """Loads that would change if arcs had these costs, by arc; in time that does not grow with the network."""
        self._routing.suppose(*self._rows(costs))
        touched, load = self._routes.touched, self._routes.load
        found = {touched[place]: load[touched[place]] for place in range(self._routes.touches)}
        self._routing.forget()
        return found

    def would_move(self, links: Iterable[int]) -> Moved:
        """What would change if the links failed."""
        self._routing.suppose(*self._rows(failing(links)))
        touched = np.array(np.asarray(self._routes.touched)[: self._routes.touches], np.int32)
        found = Moved(arcs=touched, load=np.asarray(self._routes.load)[touched], lost=self._routes.lost)
        self._routing.forget()
        return found

    def sweep(self, failures: Sequence[Collection[int]]) -> Sweep:
        """Suppose one failure after the other; each is the links that fail together."""
        links = indices([link for failure in failures for link in failure], self.network.shape.links, "link")
        number = np.repeat(np.arange(len(failures)), [len(failure) for failure in failures])
        # Each link once in a failure, in order.
        once = np.unique(number * self.network.shape.links + links)
        first = 2 * np.searchsorted(once, np.arange(len(failures) + 1) * self.network.shape.links)
        arcs = 2 * np.repeat(once % self.network.shape.links, 2)
        arcs[1::2] += 1
        room = np.array(self.network.room())
        return self._swept(first, arcs, room, np.array(self._routes.load) * room)

    def _swept(self, first: ArrayLike, arcs: ArrayLike, room: Reals, today: Reals) -> Sweep:
        make, starts, changed = self._memory, self._memory.whole(first), self._memory.whole(arcs)
        failures = len(starts) - 1
        rows = Changes(
            first=starts,
            arcs=changed,
            costs=make.ints(len(changed), DOWN),
            room=make.real(room),
            ranking=make.whole(np.argsort(-today, kind="stable")),
            lost=make.floats(failures),
            peak=make.floats(failures),
            peak_arc=make.ints(failures),
            over=make.ints(failures),
            worst=make.real(today),
            cause=make.ints(len(today), -1),
        )
        self._routing.sweep(rows)
        return Sweep(
            lost=np.array(rows.lost),
            peak=np.array(rows.peak),
            peak_arc=np.array(rows.peak_arc, np.int32),
            over=np.array(rows.over, np.int32),
            worst=np.array(rows.worst),
            cause=np.array(rows.cause, np.int32),
        )

    def _rows(self, costs: Costs) -> tuple[Ints, Ints]:
        arcs = indices(list(costs), 2 * self.network.shape.links, "arc")
        limit = FAR // max(self.network.nodes, 1)
        if not all(0 < cost < limit or cost == DOWN for cost in costs.values()):
            raise ValueError(f"cost: from 1 to {limit - 1}, or DOWN, was expected")
        return self._memory.whole(arcs), self._memory.whole(list(costs.values()))


def failing(links: Iterable[int]) -> dict[int, int]:
    """Costs under which the links are down."""
    return {arc: DOWN for link in links for arc in (2 * link, 2 * link + 1)}
