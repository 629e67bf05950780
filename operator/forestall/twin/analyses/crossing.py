"""Which demands cross a link: asked only of links that are overloaded, as it takes a look at every way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST, ROUTED, Answer, verdict
from forestall.twin.analyses.failing import Failing
from forestall.twin.analyses.routed import Numbers, Reals, Routed, routed
from forestall.twin.engine import DOWN, FAR
from forestall.twin.topology import Topology

CELLS: Final = 2_000_000
"""Arcs times destinations that are looked at at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A demand that crosses the link."""

    demand: Key
    amount: float
    """What of it crosses, in bit per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings(Answer):
    """What crosses a link. Fails where that is more than the limit allows."""

    link: Key
    load: float
    """Bit per second."""
    utilisation: float
    """1 for full; 0 for a link whose capacity is not known."""
    number: int
    """Demands that cross the link."""
    demands: tuple[Crossing, ...]
    """The ten that put most on it."""


def crossings(
    topology: Topology, network: str, link: Key, failed: Iterable[Key] = (), *, limit: float = 1.0
) -> Crossings:
    """The demands that cross the link while some elements are down.

    KeyError for a network or an element that there is not; ValueError where the network cannot be routed.
    """
    given = routed(topology, network)
    arc = given.arc(link)
    share = _Shares(given, Failing(given).of(failed).cables, arc).by_demand()
    amount = share * given.demands.amount
    load, capacity = float(amount.sum()), float(given.capacity.ravel()[arc])
    worst = np.argsort(-amount, kind="stable")[:MOST]
    return Crossings(
        verdict=verdict(fails=load > limit * capacity, known=given.is_known and np.isfinite(capacity)),
        topology=topology.id,
        caveats=ROUTED + given.missing,
        link=link,
        load=load,
        utilisation=load / capacity,
        number=int((share > 0).sum()),
        demands=tuple(
            Crossing(demand=given.demands.keys[demand], amount=float(amount[demand]))
            for demand in worst.tolist()
            if amount[demand] > 0
        ),
    )


class _Shares:
    """What part of the traffic from each node to each destination crosses an arc."""

    def __init__(self, given: Routed, without: Iterable[int], arc: int) -> None:
        self._given, self._arc = given, arc
        routing = given.route(without=without)
        self._cost = np.array(routing.network.cost(), np.int32)
        self._cost[[2 * cable + 1 for cable in given.one_way]] = DOWN
        self._distance = routing.distance.reshape(-1, given.nodes)
        self._tail, self._head = given.arcs

    def by_demand(self) -> Reals:
        """[demands]"""
        demands, found = self._given.demands, np.zeros(len(self._given.demands.keys))
        row = np.searchsorted(demands.destinations, demands.target)
        for rows in self._using():
            share = self._shares(rows)
            place = np.searchsorted(rows, row)
            here = np.flatnonzero(rows[np.minimum(place, len(rows) - 1)] == row)
            found[here] = share[demands.source[here], place[here]]
        return found

    def _using(self) -> Iterator[Numbers]:
        """Destinations for which the arc is a next hop, some at a time."""
        tail, head = self._tail[self._arc], self._head[self._arc]
        far = self._distance[:, tail]
        rows = np.flatnonzero((far < FAR) & (far == self._distance[:, head] + self._cost[self._arc]))
        step = max(1, CELLS // len(self._cost))
        return (rows[first : first + step].astype(np.int32) for first in range(0, len(rows), step))

    def _shares(self, rows: Numbers) -> Reals:
        """[nodes, rows] found by passing shares up from the arc until none changes: as often as ways are long."""
        far = self._distance[rows].T
        is_hop = (far[self._tail] < FAR) & (far[self._tail] == far[self._head] + self._cost[:, None])
        count, share = np.zeros_like(far), np.zeros(far.shape)
        np.add.at(count, self._tail, is_hop)
        while True:
            passed = np.where(is_hop, share[self._head], 0.0)
            passed[self._arc] = is_hop[self._arc]
            found = np.zeros(far.shape)
            np.add.at(found, self._tail, passed)
            found /= np.maximum(count, 1)
            if np.array_equal(found, share):
                return found
            share = found
