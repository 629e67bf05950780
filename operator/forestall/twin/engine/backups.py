"""Whether there are other ways: how many that have nothing in common, and how much they carry after a failure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.engine.arrays import Network, Numbers, indices
from forestall.twin.engine.makes import Kernels

MOST = 3
"""Disjoint paths that are looked for, at most."""


class Backups:
    """Answers for one network; sees its links go down and up. Not for two threads at once.

    Ways lead from a source to an anchor or target; a link that leads one way only serves those that go that way.
    """

    def __init__(self, network: Network, kernels: Kernels) -> None:
        self._network, self._kernels, self._memory = network, kernels, kernels.memory
        self._paths = kernels.paths(network.shape, MOST, kernels.memory)

    def counts(self, sources: ArrayLike, anchors: Iterable[int], *, nodes_apart: bool) -> Numbers:
        """[sources] how many disjoint paths, at most MOST, lead from each source to the anchors.

        With `nodes_apart` paths share no node but the source, and each ends at an anchor of its own; else they share
        no link. An anchor has MOST.
        """
        rows = self._memory.whole(indices(sources, self._network.nodes, "source"))
        found = self._memory.ints(len(rows))
        self._look()
        self._paths.sweep(rows, self._memory.whole(self._marks(anchors)), int(nodes_apart), found)
        return np.array(found, np.int32)

    def paths(self, source: int, anchors: Iterable[int], *, nodes_apart: bool) -> list[list[int]]:
        """The paths themselves, as arcs; none for an anchor."""
        arcs, marks = self._memory.ints(2 * self._network.shape.links), self._marks(anchors)
        start = int(indices([source], self._network.nodes, "source")[0])
        self._look()
        size = self._paths.trace(start, self._memory.whole(marks), int(nodes_apart), arcs)
        found: list[list[int]] = []
        for place in range(size):
            if not found or marks[self._network.shape.head[found[-1][-1]]]:
                found.append([])
            found[-1].append(int(arcs[place]))
        return found

    def capacity_after_each_link(self, source: int, target: int) -> tuple[float, NDArray[np.float64]]:
        """The most that can go from source to target, and [links] what is left of it if the link fails.

        ValueError where a capacity is without limit.
        """
        ends = indices([source, target], self._network.nodes, "node").tolist()
        capacity = np.where(self._network.passable(), np.asarray(self._network.capacity), 0.0)
        if not np.isfinite(capacity).all() or (capacity < 0).any() or ends[0] == ends[1]:
            raise ValueError("two nodes, and capacities that are not negative and have a limit, were expected")
        flow = self._kernels.max_flow(self._network.shape, self._memory.real(capacity), self._memory)
        left = self._memory.floats(self._network.shape.links)
        total = flow.after_each_link(ends[0], ends[1], float(capacity.sum()) + 1.0, left)
        return total, np.array(left)

    def _look(self) -> None:
        self._paths.see(self._memory.whole(self._network.passable()))

    def _marks(self, anchors: Iterable[int]) -> Numbers:
        marks = np.zeros(self._network.nodes, np.int32)
        marks[indices(list(anchors), self._network.nodes, "anchor")] = 1
        return marks
