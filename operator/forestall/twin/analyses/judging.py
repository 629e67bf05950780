"""What failures do to the traffic of one network, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.twin.analyses.failing import Failed
from forestall.twin.analyses.reachability import cut_off
from forestall.twin.analyses.routed import Numbers, Reals, Routed
from forestall.twin.engine import Moved

ROUNDING: Final = 1e-9
"""Part of a sum up to which a difference is taken for the error of floats."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """What one failure does."""

    lost: float
    """Traffic that loses its last way though both its ends are up, beyond what has none today."""
    ended: float
    """Traffic that begins or ends at a failed node."""
    peak: float
    """Highest utilisation of an arc, 1 for full."""
    peak_arc: int
    arcs: Numbers
    """Arcs that are used more than today."""
    use: Reals
    """Their utilisation."""
    over: Numbers
    """Those of them that are used above the limit, the worst first."""

    @property
    def fails(self) -> bool:
        """Whether traffic is lost or a link overloaded."""
        return self.lost > 0 or self.over.size > 0


class Judging:
    """Judges failures in one state of a network. Not for two threads at once."""

    def __init__(self, given: Routed, limit: float) -> None:
        """`limit` is the utilisation above which a link is overloaded. ValueError where it cannot be routed."""
        self.limit = limit * (1 + ROUNDING)
        """Utilisation of an overloaded link is more than this."""
        self.routing = given.route()
        self.room = np.array(self.routing.network.room())
        now = self.routing.now
        self._offered, self.lost = self.routing.offered, now.lost
        self.load, self.today = now.load, now.load * self.room
        """[arcs] traffic, and utilisation"""
        self._ranking = np.argsort(-self.today, kind="stable").tolist()
        self._has_changed = np.zeros(len(self.today), np.bool_)
        self._demands, self._amount = given.demands, given.demands.amount.copy()
        cut = cut_off(given)
        self._amount[cut] = 0.0
        self.lost_today = float(given.demands.amount[cut].sum())

    @property
    def over_today(self) -> Numbers:
        """Arcs that are overloaded as it is, the worst first."""
        return np.array([arc for arc in self._ranking if self.today[arc] > self.limit], np.int32)

    def judge(self, failed: Failed) -> Judged:
        """What the failure does."""
        return self.judged(self.routing.would_move(failed.cables), self.ended(failed))

    def ended(self, failed: Failed) -> float:
        """Traffic that begins or ends at a failed node."""
        return float(self._amount[self._demands.ended(failed.nodes)].sum()) if failed.nodes else 0.0

    def judged(self, moved: Moved, ended: float) -> Judged:
        """What it means that the loads of these arcs change so."""
        lost = moved.lost - self.lost - ended
        use = moved.load * self.room[moved.arcs]
        more = use > self.today[moved.arcs] * (1 + ROUNDING)
        arcs, risen = moved.arcs[more], use[more]
        over = np.flatnonzero(risen > self.limit)
        peak, peak_arc = self._peak(moved.arcs, use)
        return Judged(
            lost=lost if lost > ROUNDING * self._offered else 0.0,
            ended=ended,
            peak=peak,
            peak_arc=peak_arc,
            arcs=arcs,
            use=risen,
            over=arcs[over][np.lexsort((arcs[over], -risen[over]))],
        )

    def is_over(self, arcs: Numbers, load: Reals) -> NDArray[np.bool_]:
        """[arcs] whether such a load overloads it."""
        found: NDArray[np.bool_] = load * self.room[arcs] > self.limit
        return found

    def _peak(self, arcs: Numbers, use: Reals) -> tuple[float, int]:
        """The highest utilisation, and its arc: one that changed, or the first in the ranking that did not."""
        self._has_changed[arcs] = True
        best = next((arc for arc in self._ranking if not self._has_changed[arc]), -1)
        self._has_changed[arcs] = False
        peak = float(self.today[best]) if best >= 0 else 0.0
        if arcs.size and use.max() > peak:
            peak = float(use.max())
            best = int(arcs[use == peak].min())
        return peak, best
