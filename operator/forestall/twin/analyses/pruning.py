"""Which second failures can be shown to do no harm once a first one has happened, without routing them.

All that moves when cables fail is what crosses them, and no way takes a link twice: no link gets more than that. So
nothing is overloaded if that much still fits on every link, and if nothing crosses them, nothing changes at all.
Nothing is lost if the second failure is one cable that is no bridge once the first has happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from forestall.twin.analyses.failing import Failed
from forestall.twin.analyses.judging import ROUNDING, Judging
from forestall.twin.analyses.reachability import parts
from forestall.twin.analyses.routed import Reals, Routed
from forestall.twin.engine import Cutting, default

Marks = NDArray[np.bool_]


class Proofs:
    """Finds second failures that do no harm. Not for two threads at once."""

    def __init__(self, given: Routed, judging: Judging) -> None:
        self._given, self._judging = given, judging
        self._bridges = Bridges(given)

    def holds(self, one: Failed, others: Sequence[Failed]) -> Marks:
        """[others] whether it is certain that the first failure and the other together do no harm.

        None is certain where the first does harm alone.
        """
        moved = self._judging.routing.would_move(one.cables)
        if self._judging.judged(moved, self._judging.ended(one)).fails:
            return np.zeros(len(others), np.bool_)
        load = self._judging.load.copy()
        load[moved.arcs] = moved.load
        crossing = _sums(load[0::2] + load[1::2], others)
        single = np.array([other.cables[0] if _is_cable(other) else -1 for other in others])
        is_bridge = self._bridges.after(one)
        harmless = (single >= 0) & ~is_bridge[single]
        found: Marks = (crossing == 0) | ((crossing <= self._space(load)) & harmless)
        return found

    def _space(self, load: Reals) -> float:
        """What fits on every link, beyond what it carries."""
        room = self._judging.room
        limited = room > 0
        space = self._judging.limit / room[limited] - load[limited]
        return float(space.min() * (1 - ROUNDING)) if space.size else np.inf


class Bridges:
    """Finds cables that some node has no other way without. Not for two threads at once."""

    def __init__(self, given: Routed) -> None:
        self._given, self._network = given, given.build(metrics=False)
        self._cutting = Cutting(self._network, default().kernels)
        self._all = np.ones(given.cables, np.bool_)
        members: defaultdict[int, list[int]] = defaultdict(list)
        for node, part in enumerate(parts(given).tolist()):
            members[part].append(node)
        self._members = list(members.values())

    def after(self, failed: Failed) -> Marks:
        """[cables] whether it may be a bridge once the failure has happened."""
        if self._given.one_way:
            return self._all
        weight, gone = np.ones(self._given.nodes), set(failed.nodes)
        weight[list(gone)] = 0.0
        anchors = [node for nodes in self._members for node in islice((node for node in nodes if node not in gone), 1)]
        with self._without(failed.cables):
            found = self._cutting.from_anchors(weight, anchors)
        # What the failure splits off has no anchor, and its bridges are not found.
        return self._all if found.today else found.by_link[: self._given.cables] > 0

    @contextmanager
    def _without(self, cables: Sequence[int]) -> Iterator[None]:
        for cable in cables:
            self._network.up[cable] = 0
        yield
        for cable in cables:
            self._network.up[cable] = 1


def _is_cable(failed: Failed) -> bool:
    return len(failed.cables) == 1 and not failed.nodes


def _sums(values: Reals, failures: Sequence[Failed]) -> Reals:
    """[failures] the sum of the values of its cables."""
    number = np.repeat(np.arange(len(failures)), [len(failed.cables) for failed in failures])
    cables = np.fromiter(chain.from_iterable(failed.cables for failed in failures), np.int64)
    return np.bincount(number, values[cables], len(failures)).astype(np.float64)
