"""Metrics worth trying: those at which traffic of a full link begins to split, or leaves.

While the metric of an arc grows or falls, traffic moves only where two ways become equally long, and once more where
one gets shorter. These values are differences of distances, so they are computed, not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.twin.engine import DOWN, FAR

Reals = NDArray[np.float64]
Longs = NDArray[np.int64]
Without = Callable[[int], Longs]
"""Distances as in `Ways` if the arc were down."""

PAIRS: Final = 1500
"""Pairs of nodes that are looked at, those with the most traffic; what the rest would do is seen when it is tried."""
FEEDERS: Final = 7
"""Arcs to make longer: those that most of the traffic passes, the full one among them."""
ALTERNATES: Final = 60
"""Arcs to make shorter."""
LEVELS: Final = 4
"""Thresholds of each arc, at equal shares of the traffic that they move."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ways:
    """A network as it is routed."""

    tail: Longs
    """[arcs]"""
    head: Longs
    """[arcs]"""
    cost: Longs
    """[arcs] metric, or DOWN"""
    distance: Longs
    """[nodes, nodes] to the first from the second; FAR where there is no way"""
    demand: Reals
    """[nodes, nodes] traffic to the first from the second"""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Crossing:
    """Pairs of nodes whose traffic, or a share of it, crosses an arc; all rows are [pairs]."""

    target: Longs
    source: Longs
    amount: Reals
    length: Longs


def changes(ways: Ways, arc: int, without: Without, highest: int) -> Iterator[tuple[int, int]]:
    """Arcs and metrics, up to `highest`, that would take traffic off the arc; some more than once."""
    pairs = _crossing(ways, arc)
    if not len(pairs.amount):
        return
    extra = _detours(ways, pairs)
    is_open = (ways.cost < DOWN)[:, None]
    passed = (extra == 0) & is_open
    for each in _most(passed @ pairs.amount, FEEDERS, first=arc):
        # What a longer arc would cost the pairs at most, when they have left it.
        more = without(each)[pairs.target, pairs.source] - pairs.length
        can_leave = passed[each] & (more < FAR // 2)
        for step in _levels(more[can_leave], pairs.amount[can_leave]):
            yield from _around(each, int(ways.cost[each]) + step, 1, highest)
    nearby = (extra > 0) & (extra < ways.cost[:, None]) & is_open
    for each in _most(nearby @ pairs.amount, ALTERNATES):
        for step in _levels(extra[each][nearby[each]], pairs.amount[nearby[each]]):
            yield from _around(each, int(ways.cost[each]) - step, -1, highest)


def _around(arc: int, tie: int, beyond: int, highest: int) -> Iterator[tuple[int, int]]:
    """The metric at which ways are equally long, and the next at which they no longer are."""
    return ((arc, metric) for metric in (tie, tie + beyond) if 1 <= metric <= highest)


def _crossing(ways: Ways, arc: int) -> _Crossing:
    tail, head, distance = ways.tail[arc], ways.head[arc], ways.distance
    length = distance[tail][None, :] + ways.cost[arc] + distance[:, head][:, None]
    target, source = np.nonzero((length == distance) & (ways.demand > 0))
    amount = ways.demand[target, source]
    most = np.argsort(-amount, kind="stable")[:PAIRS]
    target, source = target[most], source[most]
    return _Crossing(target=target, source=source, amount=amount[most], length=distance[target, source])


def _detours(ways: Ways, pairs: _Crossing) -> Longs:
    """[arcs, pairs] by how much the shortest way over the arc is longer than the shortest way."""
    there = ways.distance[ways.tail][:, pairs.source]
    back = ways.distance[pairs.target][:, ways.head].T
    return there + ways.cost[:, None] + back - pairs.length


def _most(amount: Reals, number: int, *, first: int | None = None) -> list[int]:
    """Arcs with the most, none with nothing; `first` before all."""
    order = np.argsort(-amount, kind="stable")[:number]
    found = [int(arc) for arc in order if amount[arc] > 0 and arc != first]
    return found if first is None else [first, *found][:number]


def _levels(steps: Longs, amount: Reals) -> list[int]:
    """The steps by which equal shares of the amounts have moved."""
    if not len(steps):
        return []
    order = np.argsort(steps, kind="stable")
    moved = np.cumsum(amount[order])
    shares = moved[-1] * np.arange(1, LEVELS + 1) / LEVELS * (1 - 1e-9)
    found: list[int] = np.unique(steps[order][np.searchsorted(moved, shares)]).tolist()
    return found
