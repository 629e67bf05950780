"""What falls with what, where elements need k of n others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.engine.arrays import GateRows, Numbers, Requirements, amounts, gate_rows, grouped, indices
from forestall.twin.engine.makes import Kernels
from forestall.twin.kernels.buffers import Ints, Leaning

Reals = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Blasts:
    """What each of many failures would bring down, beyond what is down today."""

    size: Numbers
    """[failures] number of nodes"""
    lost: Reals
    """[failures] their weight"""


class Falling:
    """State of one dependency graph, kept right as nodes fail and are repaired. Not for two threads at once."""

    def __init__(self, requirements: Requirements, kernels: Kernels) -> None:
        rows = gate_rows(requirements)
        self.nodes, self._memory = rows.nodes, kernels.memory
        self._total = len(rows.owner)
        circle, first, members = _circles(rows, kernels)
        whole = kernels.memory.whole
        leaning = Leaning(
            first=whole(rows.first),
            gates=whole(rows.gates),
            owner=whole(rows.owner),
            circle=whole(circle),
            circle_first=whole(first),
            circle_nodes=whole(members),
        )
        self._gates = kernels.gates(leaning, whole(rows.room), kernels.memory)

    @property
    def down(self) -> Numbers:
        """[nodes] 1 for what is down today."""
        return np.array(self._gates.down, np.int32)

    def fail(self, nodes: Iterable[int]) -> list[int]:
        """Take it for a fact that the nodes failed; what went down, the nodes themselves ahead."""
        return self._first(self._gates.fail(self._row(nodes)))

    def repair(self, node: int) -> list[int]:
        """Take it for a fact that the node's own failure is over; what came up."""
        return self._first(self._gates.repair(int(indices([node], self.nodes, "node")[0])))

    def suppose(self, nodes: Iterable[int]) -> list[int]:
        """What more would be down if the nodes failed."""
        return self._first(self._gates.suppose(self._row(nodes)))

    def sweep(self, failures: Sequence[Iterable[int]], weight: ArrayLike) -> Blasts:
        """Suppose one failure after the other; each is the nodes that fail together. `weight` is [nodes]."""
        nodes = [list(failure) for failure in failures]
        first = np.cumsum([0, *(len(found) for found in nodes)])
        return self._swept(first, indices([node for found in nodes for node in found], self.nodes, "node"), weight)

    def singles(self, weight: ArrayLike) -> Blasts:
        """Suppose the failure of each node, one after the other."""
        return self._swept(np.arange(self.nodes + 1), np.arange(self.nodes), weight)

    def _swept(self, first: ArrayLike, nodes: ArrayLike, weight: ArrayLike) -> Blasts:
        make, given = self._memory, amounts(weight, self.nodes, "weight")
        starts = make.whole(first)
        size, lost = make.ints(len(starts) - 1), make.floats(len(starts) - 1)
        self._gates.sweep(starts, make.whole(nodes), make.real(given), size, lost)
        return Blasts(size=np.array(size, np.int32), lost=np.array(lost))

    def meeting(self, candidates: Iterable[int]) -> list[tuple[int, int]]:
        """Pairs of candidates that bring down more together than each by itself brings down.

        Any other pair brings down exactly what its two members do: no gate is broken by both and by neither alone.
        Pairs may be named that prove harmless.
        """
        at: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        gates, used = self._memory.ints(self._total), self._memory.ints(self._total)
        for node in indices(list(candidates), self.nodes, "node").tolist():
            for place in range(self._gates.strained(node, gates, used)):
                at[gates[place]].append((node, used[place]))
        found = {
            (one, other)
            for gate, strains in at.items()
            for (one, first), (other, second) in combinations(strains, 2)
            if first + second > self._gates.room[gate]
        }
        return sorted(found)

    def _row(self, nodes: Iterable[int]) -> Ints:
        return self._memory.whole(indices(list(nodes), self.nodes, "node"))

    def _first(self, size: int) -> list[int]:
        return [int(self._gates.queue[place]) for place in range(size)]


def _circles(rows: GateRows, kernels: Kernels) -> tuple[Numbers, Numbers, Numbers]:
    """The circle of each node or -1, where the nodes of each circle begin, and the nodes by circle."""
    heads = rows.owner[rows.gates]
    tails = np.repeat(np.arange(rows.nodes), np.diff(rows.first))
    component = kernels.memory.ints(rows.nodes)
    components = kernels.components(kernels.memory.whole(rows.first), kernels.memory.whole(heads), kernels.memory)
    number = components.run(component)
    found = np.array(component, np.int32)
    is_circle = np.bincount(found, minlength=number) > 1
    is_circle[found[tails[tails == heads]]] = True
    numbers = np.where(is_circle, np.cumsum(is_circle) - 1, -1).astype(np.int32)
    circle = numbers[found] if rows.nodes else found
    inside = np.flatnonzero(circle >= 0)
    first, order = grouped(circle[inside], int(is_circle.sum()))
    return circle, first, inside[order].astype(np.int32)
