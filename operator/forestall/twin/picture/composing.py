"""A network as a scene: which nodes and cables are drawn, and where they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.routed import cabling
from forestall.twin.picture import names
from forestall.twin.picture.fitting import fitted, hull
from forestall.twin.picture.geography import on_a_map
from forestall.twin.picture.layout import Points, laid_out
from forestall.twin.picture.marks import Marks
from forestall.twin.picture.scene import Half, Line, Patch, Scene, Spot
from forestall.twin.picture.thinning import Edges, thinned
from forestall.twin.topology import NetworkLink, RiskGroup, Topology

PLACES: Final = frozenset(("site", "rack", "zone", "power", "host"))
"""Causes whose members stand in one place."""
HOT: Final = 0.7
"""Utilisation from which a link is told of, and drawn though the network is thinned out."""
GAP: Final = 9.0
"""Pixels between parallel cables."""
WIDE: Final = 4.5
"""Pixels of a cable of which no capacity is known, or all the same."""
FEW: Final = 150
"""Cables that are drawn in full width."""


def scene(topology: Topology, network: str, marks: Marks) -> Scene:
    """Lay out a network. KeyError where there is none of that id."""
    if network not in topology.networks:
        raise KeyError(network)
    return _Composition(topology, network, marks).scene()


class _Composition:
    """One network while it is laid out."""

    def __init__(self, topology: Topology, network: str, marks: Marks) -> None:
        self._topology, self._marks = topology, marks
        self._given = cabling(topology, network)
        tails, heads = self._given.tail.tolist(), self._given.head.tolist()
        self._ends: Edges = list(zip(tails, heads, strict=True))
        self._left = thinned(len(self._given.nodes), self._ends, set(self._telling()))
        self._number = {node: place for place, node in enumerate(self._left.nodes)}

    def scene(self) -> Scene:
        """All of it."""
        groups = self._groups()
        points, height = fitted(self._points([members for _, members in groups]))
        spots = tuple(self._spots(points))
        return Scene(
            height=height,
            patches=tuple(Patch(group, _outline(points[members])) for group, members in groups),
            lines=tuple(sorted(self._lines(spots), key=lambda line: line.depth)),
            spots=spots,
            nodes=len(self._given.nodes),
            cables=len(self._given.cables),
        )

    def _telling(self) -> Iterator[int]:
        """Nodes that are marked, and those at the ends of links that are."""
        failed, affected, utilisation = self._marks.failed, self._marks.affected, self._marks.utilisation
        for key, node in self._given.node.items():
            if key in failed or key in affected:
                yield node
        for key, cable in self._given.cable.items():
            if key in failed or utilisation.get(key, 0.0) >= HOT:
                yield from self._ends[cable]

    def _keys(self) -> Sequence[Key]:
        return [self._given.nodes[node] for node in self._left.nodes]

    def _groups(self) -> Sequence[tuple[RiskGroup, Sequence[int]]]:
        """Risk groups of some, but not all, of the nodes that stand in one place, with which nodes they are."""
        number = {key: place for place, key in enumerate(self._keys())}
        groups = (group for group in self._topology.groups.values() if group.cause in PLACES)
        found = [(group, sorted({number[key] for key in group.members if key in number})) for group in groups]
        return [(group, members) for group, members in found if 1 < len(members) < len(number)]

    def _points(self, together: Sequence[Sequence[int]]) -> Points:
        number = self._number
        inner = [(number[tail], number[head]) for tail, head in self._ends if tail in number and head in number]
        nodes = [self._topology.nodes[key] for key in self._keys()]
        found = on_a_map(nodes, inner)
        return laid_out(len(nodes), inner, together) if found is None else found

    def _spots(self, points: Points) -> Iterator[Spot]:
        size = radius(len(points))
        for node, key, (x, y) in zip(self._left.nodes, self._keys(), points.tolist(), strict=True):
            yield Spot(
                key=key,
                name=names.called(self._topology, key),
                x=x,
                y=y,
                radius=size,
                failed=key in self._marks.failed,
                affected=key in self._marks.affected,
                hidden=self._left.hidden.get(node, 0),
            )

    @cached_property
    def _parallel(self) -> Mapping[tuple[int, int], Sequence[int]]:
        """Cables by the nodes that they join."""
        found: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for cable, (tail, head) in enumerate(self._ends):
            if tail in self._number and head in self._number:
                found[min(tail, head), max(tail, head)].append(cable)
        return found

    def _lines(self, spots: Sequence[Spot]) -> Iterator[Line]:
        widths = self._widths()
        for (low, _), cables in sorted(self._parallel.items()):
            for place, cable in enumerate(cables):
                tail, head = self._ends[cable]
                aside = GAP * (place - (len(cables) - 1) / 2) * (1 if tail == low else -1)
                ends = _between(spots[self._number[tail]], spots[self._number[head]], aside)
                yield self._line(cable, ends, widths[cable])

    def _line(self, cable: int, ends: tuple[Points, Points], width: float) -> Line:
        links, middle = self._given.cables[cable], (ends[0] + ends[1]) / 2
        halves = (self._half(link, end, middle) for link, end in zip(links, ends, strict=True) if link is not None)
        failed = any(link is not None and link.key in self._marks.failed for link in links)
        return Line(tuple(halves), failed, width)

    def _half(self, link: NetworkLink, start: Points, middle: Points) -> Half:
        return Half(
            link=link,
            way=names.ends(self._topology, link),
            start=(float(start[0]), float(start[1])),
            stop=(float(middle[0]), float(middle[1])),
            utilisation=self._marks.utilisation.get(link.key),
        )

    def _widths(self) -> Sequence[float]:
        """Width of each cable: more for more capacity, by its logarithm; less where many are drawn."""
        capacity = np.array([one.capacity for one, _ in self._given.cables], np.float64)
        known, found = np.isfinite(capacity) & (capacity > 0), np.full(len(capacity), WIDE)
        if known.any():
            size = np.log10(capacity[known])
            span = float(np.ptp(size))
            found[known] = WIDE if span == 0 else WIDE - 1 + 4 * (size - size.min()) / span
        drawn = sum(map(len, self._parallel.values()))
        thin = float(np.clip((FEW / max(drawn, 1)) ** 0.5, 0.3, 1.0))
        return [float(width) for width in found * thin]


def radius(count: int) -> float:
    """Radius of a node in pixels, by how many there are."""
    return 10.0 if count <= 60 else 7.0 if count <= 150 else 5.0


def _between(tail: Spot, head: Spot, aside: float) -> tuple[Points, Points]:
    """Where a cable leaves its nodes, so far aside of the straight way."""
    one, other = np.array([tail.x, tail.y]), np.array([head.x, head.y])
    length = max(float(np.hypot(*(other - one))), 1e-9)
    along = (other - one) / length
    shift = aside * np.array([-along[1], along[0]])
    near, far = (min(spot.radius, length / 3) for spot in (tail, head))
    return one + shift + along * near, other + shift - along * far


def _outline(points: Points) -> tuple[tuple[float, float], ...]:
    return tuple(hull([(float(x), float(y)) for x, y in points.tolist()]))
