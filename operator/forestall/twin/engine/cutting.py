"""What every single node and link cuts off if it fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.engine.arrays import Network, amounts, indices
from forestall.twin.engine.makes import Kernels

Reals = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Impacts:
    """What would be cut off, beyond what is cut off today."""

    by_node: Reals
    """[nodes]"""
    by_link: Reals
    """[links]"""
    today: float
    """What is cut off as it is."""


class Cutting:
    """Answers for one network; sees its links go down and up. Not for two threads at once.

    What is cut off has no way there and back. So a link that leads one way only counts as none.
    """

    def __init__(self, network: Network, kernels: Kernels) -> None:
        self._network, self._memory = network, kernels.memory
        self._nodes, self._links = network.nodes, network.shape.links
        self._cuts = kernels.cuts(network.shape, kernels.memory)

    def from_anchors(self, weight: ArrayLike, anchors: ArrayLike) -> Impacts:
        """Weight that would have no way to any of the anchors. `weight` is [nodes]; a node loses its own as well."""
        given = amounts(weight, self._nodes, "weight")
        marks = np.zeros(self._nodes, np.int32)
        marks[indices(anchors, self._nodes, "anchor")] = 1
        by_node, by_link = self._memory.floats(self._nodes), self._memory.floats(self._links)
        row, marked = self._memory.real(given), self._memory.whole(marks)
        self._look()
        today = self._cuts.anchored(row, marked, by_node, by_link)
        return Impacts(by_node=np.array(by_node), by_link=np.array(by_link), today=today)

    def of_pairs(self, source: ArrayLike, target: ArrayLike, demand: ArrayLike) -> Impacts:
        """Demand between pairs of nodes that would have no way; a node's impact leaves out its own demands."""
        ends = [indices(values, self._nodes, what) for values, what in ((source, "source"), (target, "target"))]
        given = amounts(demand, len(ends[0]), "demand")
        if len(ends[0]) != len(ends[1]):
            raise ValueError("source and target have different lengths")
        by_node, by_link = self._memory.floats(self._nodes), self._memory.floats(self._links)
        sources, targets = (self._memory.whole(values) for values in ends)
        self._look()
        today = self._cuts.pairs(sources, targets, self._memory.real(given), by_node, by_link)
        return Impacts(by_node=np.array(by_node), by_link=np.array(by_link), today=today)

    def _look(self) -> None:
        self._cuts.see(self._memory.whole(self._network.passable().reshape(-1, 2).all(axis=1)))
