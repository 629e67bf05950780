"""What every single node and link cuts off if it fails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.engine.arrays import Network, indices
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
    """Answers for one network; sees its links go down and up. Not for two threads at once."""

    def __init__(self, network: Network, kernels: Kernels) -> None:
        self._nodes, self._links, self._memory = network.nodes, network.shape.links, kernels.memory
        self._cuts = kernels.cuts(network.shape, network.up, kernels.memory)

    def from_anchors(self, weight: ArrayLike, anchors: ArrayLike) -> Impacts:
        """Weight that would have no way to any of the anchors. `weight` is [nodes]; a node loses its own as well."""
        given = self._real(weight, self._nodes, "weight")
        marks = np.zeros(self._nodes, np.int32)
        marks[indices(anchors, self._nodes, "anchor")] = 1
        by_node, by_link = self._memory.floats(self._nodes), self._memory.floats(self._links)
        row, marked = self._memory.real(given), self._memory.whole(marks)
        today = self._cuts.anchored(row, marked, by_node, by_link)
        return Impacts(by_node=np.array(by_node), by_link=np.array(by_link), today=today)

    def of_pairs(self, source: ArrayLike, target: ArrayLike, demand: ArrayLike) -> Impacts:
        """Demand between pairs of nodes that would have no way; a node's impact leaves out its own demands."""
        ends = [indices(values, self._nodes, what) for values, what in ((source, "source"), (target, "target"))]
        given = self._real(demand, len(ends[0]), "demand")
        if len(ends[0]) != len(ends[1]):
            raise ValueError("source and target have different lengths")
        by_node, by_link = self._memory.floats(self._nodes), self._memory.floats(self._links)
        sources, targets = (self._memory.whole(values) for values in ends)
        today = self._cuts.pairs(sources, targets, self._memory.real(given), by_node, by_link)
        return Impacts(by_node=np.array(by_node), by_link=np.array(by_link), today=today)

    def _real(self, values: ArrayLike, size: int, what: str) -> Reals:
        given = np.array(values, np.float64).ravel()
        if len(given) != size or not np.isfinite(given).all() or (given < 0).any():
            raise ValueError(f"{what}: {size} numbers, none negative or without limit, were expected")
        return given
