"""Which nodes of a large network are drawn: the well-connected ones, and those that are marked."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

MOST: Final = 240
"""Nodes of the largest picture."""
Edges = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Thinned:
    """What is left of a network."""

    nodes: tuple[int, ...]
    """Ordered."""
    hidden: dict[int, int]
    """How many nodes are not drawn, by the node that is drawn in their place."""


def thinned(count: int, edges: Edges, keep: Collection[int], most: int = MOST) -> Thinned:
    """Leave out the nodes of fewest neighbours, one by one, until there are `most`; those to `keep` go last.

    Of more nodes to keep than `most`, those of the most neighbours are kept.
    """
    neighbours = adjacency(count, edges)
    left, hidden = set(range(count)), dict.fromkeys(range(count), 0)
    ahead = [(node in keep, len(neighbours[node]), node) for node in range(count)]
    heapq.heapify(ahead)
    while len(left) > most:
        _, degree, node = heapq.heappop(ahead)
        if node not in left or degree != len(neighbours[node]):
            continue
        left.remove(node)
        _leave_out(node, neighbours, hidden)
        for other in neighbours[node]:
            heapq.heappush(ahead, (other in keep, len(neighbours[other]), other))
    return Thinned(tuple(sorted(left)), {node: hidden[node] for node in left if hidden[node]})


def _leave_out(node: int, neighbours: Sequence[set[int]], hidden: dict[int, int]) -> None:
    """The neighbour that is joined best stands for the node, and for all that it stood for."""
    for other in neighbours[node]:
        neighbours[other].discard(node)
    if neighbours[node]:
        heir = max(neighbours[node], key=lambda other: (len(neighbours[other]), -other))
        hidden[heir] += hidden[node] + 1


def adjacency(count: int, edges: Edges) -> list[set[int]]:
    """The neighbours of each node."""
    found: list[set[int]] = [set() for _ in range(count)]
    for one, other in edges:
        if one != other:
            found[one].add(other)
            found[other].add(one)
    return found
