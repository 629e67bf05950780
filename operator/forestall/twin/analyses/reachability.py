"""Which demands have no way today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST, Answer, verdict
from forestall.twin.analyses.routed import Numbers, Routed, routed
from forestall.twin.engine import default
from forestall.twin.engine.arrays import grouped
from forestall.twin.topology import Topology

Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff:
    """A demand that has no way."""

    demand: Key
    amount: float
    """Bit per second."""
    barrier: tuple[Key, ...]
    """Links that are down at the edge of what the source reaches; at most ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachability(Answer):
    """Whether every demand has a way. Metrics and capacities do not matter."""

    cut_off: tuple[CutOff, ...]
    """The largest ten."""
    number: int
    """Demands that have no way."""
    amount: float
    """What they come to, in bit per second."""


def reachability(topology: Topology, network: str) -> Reachability:
    """Look for a way for each demand of the network. KeyError where there is no such network."""
    given = routed(topology, network)
    cut = cut_off(given)
    amount = given.demands.amount[cut]
    worst = cut[np.argsort(-amount, kind="stable")][:MOST]
    return Reachability(
        verdict=verdict(fails=bool(cut.size), known=given.is_known),
        topology=topology.id,
        caveats=given.missing,
        cut_off=tuple(_described(given, int(demand)) for demand in worst),
        number=len(cut),
        amount=float(amount.sum()),
    )


def _described(given: Routed, demand: int) -> CutOff:
    tail, head = given.arcs
    reached = _reached(given, int(given.demands.source[demand]))
    edge = np.flatnonzero(reached[tail] & ~reached[head] & ~np.repeat(given.up, 2))
    return CutOff(
        demand=given.demands.keys[demand],
        amount=float(given.demands.amount[demand]),
        barrier=tuple(sorted({given.link(int(arc)) for arc in edge})[:MOST]),
    )


def cut_off(given: Routed) -> Numbers:
    """Demands that have no way today, as they are numbered, ordered."""
    part, demands = parts(given), given.demands
    apart = np.flatnonzero(part[demands.source] != part[demands.target]).astype(np.int32)
    if not given.one_way:
        return apart
    sources = demands.source[apart]
    has_way = np.zeros(len(apart), np.bool_)
    for source in np.unique(sources):
        here = sources == source
        has_way[here] = _reached(given, int(source))[demands.target[apart[here]]]
    return apart[~has_way]


def parts(given: Routed) -> Numbers:
    """[nodes] number of the part of the network within which all nodes reach each other."""
    (tail, head), kernels = given.arcs, default().kernels
    is_open = np.flatnonzero(given.is_open)
    first, order = grouped(tail[is_open], given.nodes)
    found = kernels.memory.ints(given.nodes)
    kernels.components(kernels.memory.whole(first), kernels.memory.whole(head[is_open][order]), kernels.memory).run(
        found
    )
    return np.array(found, np.int32)


def _reached(given: Routed, source: int) -> Marks:
    """[nodes] whether the source has a way there."""
    tail, head = given.arcs
    is_open = np.flatnonzero(given.is_open)
    first, order = grouped(tail[is_open], given.nodes)
    heads, bounds = head[is_open][order].tolist(), first.tolist()
    seen, ahead = np.zeros(given.nodes, np.bool_), [source]
    seen[source] = True
    while ahead:
        node = ahead.pop()
        for end in heads[bounds[node] : bounds[node + 1]]:
            if not seen[end]:
                seen[end] = True
                ahead.append(end)
    return seen
