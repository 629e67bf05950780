"""Which single element cuts traffic off when it fails, and how much: all nodes and links from one search.

Parallel links are links of their own here: no one of them is a single point of failure. What the network rests on in
lower layers, such as a duct that carries two of its links, is tried one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST, Answer, verdict
from forestall.twin.analyses.failing import Failed, Failing
from forestall.twin.analyses.layers import foundations_of
from forestall.twin.analyses.losses import Losses, RoutedLosses, SearchedLosses
from forestall.twin.analyses.routed import ANCHORS, Routed, routed
from forestall.twin.topology import Topology

ROUNDING: Final = 1e-9
"""Part of all that is at stake up to which a loss is taken for the error of sums."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglePoints(Answer):
    """Elements that no other stands in for."""

    impacts: Mapping[Key, float]
    """What each cuts off beyond what is cut off today, highest first; elements that cut nothing off are left out.

    What begins or ends at a failed node is not counted: no other way could save it.
    """
    today: float
    """What is cut off already."""
    total: float
    """All that is at stake."""

    @property
    def worst(self) -> tuple[Key, ...]:
        """The ten elements of the highest impact."""
        return tuple(self.impacts)[:MOST]


def single_points(topology: Topology, network: str) -> SinglePoints:
    """What each node and link, and what they rest on, cuts off of the demands, in bit per second.

    KeyError where there is no such network.
    """
    return _answer(routed(topology, network))


def single_points_from(
    topology: Topology, network: str, weights: Mapping[Key, float], anchors: Collection[Key]
) -> SinglePoints:
    """What each cuts off of weights by node, such as subscribers, from the last of the anchors that they reach.

    KeyError where there is no such network, or no such node in it.
    """
    return _answer(routed(topology, network).anchored(weights, anchors))


def _answer(given: Routed) -> SinglePoints:
    losses: Losses = RoutedLosses(given) if given.one_way else SearchedLosses(given)
    total = float(given.demands.amount.sum())
    each = chain(_alone(given, losses), _below(given, losses))
    found = [(key, lost) for key, lost in each if lost > ROUNDING * total and key.kind != ANCHORS]
    return SinglePoints(
        verdict=verdict(fails=bool(found), known=given.is_known),
        topology=given.topology.id,
        caveats=given.missing,
        impacts=dict(sorted(found, key=lambda pair: (-pair[1], pair[0]))),
        today=losses.today,
        total=total,
    )


def _alone(given: Routed, losses: Losses) -> Iterator[tuple[Key, float]]:
    """Nodes and links of the network that cut anything off."""
    nodes, lost = given.cabling.nodes, losses.by_node.tolist()
    yield from ((nodes[node], lost[node]) for node in np.flatnonzero(losses.by_node).tolist())
    cables, lost = given.cabling.cables, losses.by_cable.tolist()
    for cable in np.flatnonzero(losses.by_cable).tolist():
        yield from ((link.key, lost[cable]) for link in cables[cable] if link is not None)


def _below(given: Routed, losses: Losses) -> Iterator[tuple[Key, float]]:
    """What the network rests on, and what is cut off with each of it."""
    below = foundations_of(given.topology, given.network)
    if not below:
        return
    failing, known = Failing(given), dict[Failed, float]()
    for key in sorted(below):
        failed = failing.of([key])
        if failed not in known:
            known[failed] = losses.of(failed)
        yield key, known[failed]
