"""Small networks on which it can be seen what the answer must be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forestall.twin.engine import Links, Network, default

Line = tuple[int, int, int, float]
"""Both ends, the metric and the capacity of a link."""

FISH: Sequence[Line] = [(0, 1, 1, 20), (1, 2, 1, 5), (2, 4, 1, 5), (1, 3, 1, 5), (3, 4, 2, 5), (4, 5, 1, 20)]
"""A tail, two ways round the belly of which the one over 2 is the shorter, and a head."""
UPPER, LOWER = 2, 6
"""Arcs from 1 over either way."""

THREE: Sequence[Line] = [
    (0, 1, 1, 8),
    (1, 5, 1, 8),
    (0, 2, 1, 9),
    (2, 5, 2, 8),
    (0, 3, 1, 7),
    (3, 5, 3, 7),
    (4, 5, 1, 20),
    (4, 2, 1, 20),
]
"""From 0 to 5 over 1, over 2 or over 3; from 4 to 5 by link 6, and over 2 where that has failed."""


def network(nodes: int, lines: Sequence[Line]) -> Network:
    """As arrays."""
    tail, head, metric, capacity = (list(row) for row in zip(*lines, strict=True))
    rows = [[value, value] for value in capacity]
    links = Links(tail=tail, head=head, metric=[[value, value] for value in metric], capacity=rows)
    return Network(nodes, links, default().kernels.memory)


def demand(nodes: int, *flows: tuple[int, int, float]) -> NDArray[np.float64]:
    """[nodes, nodes] from (source, target, amount)."""
    found = np.zeros((nodes, nodes))
    for source, target, amount in flows:
        found[target, source] += amount
    return found
