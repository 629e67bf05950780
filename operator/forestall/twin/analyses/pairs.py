"""What two failures do together, found without routing them where that can be.

Three proofs save most of the work, as far as the network lets them:

- All that moves when cables fail is what crosses them, and no way takes a link twice, so no link gets more than that.
  If nothing crosses the second failure once the first has happened, it changes nothing.
- If so little crosses it that it would fit on every link, it overloads nothing; and it cuts nothing off if it is one
  cable that is no bridge by then.
- If no destination is reached over both, nor over one and the detours of the other, each moves the traffic that it
  moves alone: what the two do together is the sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forestall.twin.analyses.bridges import Bridges
from forestall.twin.analyses.failing import Failed
from forestall.twin.analyses.judging import ROUNDING, Judging
from forestall.twin.analyses.routed import Reals, Routed
from forestall.twin.engine import FAR, Moved

Marks = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """What one failure does by itself."""

    moved: Moved
    more: Reals
    """What is added to the load of each arc that changes."""
    cables: frozenset[int]
    """Cables whose load changes."""
    fails: bool


class Pairs:
    """Judges pairs of failures in one network. Not for two threads at once."""

    def __init__(self, given: Routed, judging: Judging) -> None:
        self._judging, self._bridges = judging, Bridges(given)
        self._uses = _uses(given, judging)
        self._alone: dict[Failed, Alone] = {}

    def alone(self, failed: Failed) -> Alone:
        """What the failure does by itself."""
        if failed not in self._alone:
            moved = self._judging.routing.would_move(failed.cables)
            self._alone[failed] = Alone(
                moved=moved,
                more=moved.load - self._judging.load[moved.arcs],
                cables=frozenset((moved.arcs >> 1).tolist()),
                fails=self._judging.judged(moved, self._judging.ended(failed)).fails,
            )
        return self._alone[failed]

    def row(self, one: Failed, others: Sequence[Failed]) -> Iterator[Moved | None]:
        """What the first failure and each of the others move together; None where they certainly do no harm."""
        first = self.alone(one)
        added, load = np.zeros_like(self._judging.load), self._judging.load.copy()
        added[first.moved.arcs], load[first.moved.arcs] = first.more, first.moved.load
        harmless = np.zeros(len(others), np.bool_) if first.fails else self._harmless(one, load, others)
        shared = self._shared(one)
        for other, is_harmless in zip(others, harmless.tolist(), strict=True):
            if is_harmless:
                yield None
            elif shared[list(other.cables)].any() or not first.cables.isdisjoint(other.cables):
                yield self._routed(one, other)
            else:
                yield self._sum(one, other, added)

    def _shared(self, failed: Failed) -> Marks:
        """[cables] whether traffic takes it to a destination to which traffic takes what fails."""
        over_it = np.flatnonzero(self._uses[:, list(failed.cables)].any(axis=1))
        found: Marks = np.logical_or.reduce(self._uses[over_it], axis=0)
        return found

    def _routed(self, one: Failed, other: Failed) -> Moved:
        return self._judging.routing.would_move(one.plus(other).cables)

    def _sum(self, one: Failed, other: Failed, added: Reals) -> Moved | None:
        """What both move if neither meets the other; routed where the detours of the other take the first."""
        first, second = self.alone(one), self.alone(other)
        if not second.cables.isdisjoint(one.cables):
            return self._routed(one, other)
        both = second.moved.load + added[second.moved.arcs]
        if not first.fails and not second.fails and not self._judging.is_over(second.moved.arcs, both).any():
            return None
        load = self._judging.load + added
        load[second.moved.arcs] = both
        arcs = np.union1d(first.moved.arcs, second.moved.arcs)
        lost = first.moved.lost + second.moved.lost - self._judging.lost
        return Moved(arcs=arcs, load=load[arcs], lost=lost)

    def _harmless(self, one: Failed, load: Reals, others: Sequence[Failed]) -> Marks:
        """[others] by the first two proofs; `load` is what the first failure, which does no harm, leaves."""
        crossing = _sums(load[0::2] + load[1::2], others)
        single = np.array([other.cables[0] if _is_cable(other) else -1 for other in others])
        is_bridge = self._bridges.after(one)
        fits = crossing <= self._space(load)
        found: Marks = (crossing == 0) | (fits & (single >= 0) & ~is_bridge[single])
        return found

    def _space(self, load: Reals) -> float:
        """What fits on every link, beyond what it carries."""
        room = self._judging.room
        limited = room > 0
        space = self._judging.limit / room[limited] - load[limited]
        return float(space.min() * (1 - ROUNDING)) if space.size else np.inf


def _uses(given: Routed, judging: Judging) -> Marks:
    """[destinations, cables] whether traffic to the destination takes the cable."""
    tail, head = given.arcs
    cost = np.array(judging.routing.network.cost(), np.int32)
    distance = judging.routing.distance.reshape(-1, given.nodes)
    flow = judging.routing.flow.reshape(-1, given.nodes)
    found = np.zeros((len(distance), given.cables), np.bool_)
    for row, (far, passing) in enumerate(zip(distance, flow, strict=True)):
        is_hop = (passing[tail] > 0) & (far[tail] < FAR) & (far[tail] == far[head] + cost) & given.is_open
        found[row] = is_hop[0::2] | is_hop[1::2]
    return found


def _is_cable(failed: Failed) -> bool:
    return len(failed.cables) == 1 and not failed.nodes


def _sums(values: Reals, failures: Sequence[Failed]) -> Reals:
    """[failures] the sum of the values of its cables."""
    number = np.repeat(np.arange(len(failures)), [len(failed.cables) for failed in failures])
    cables = np.array([cable for failed in failures for cable in failed.cables], np.int64)
    return np.bincount(number, values[cables], len(failures)).astype(np.float64)
