"""What a failure sets off: links that overload trip, their traffic moves on, until no more trip or none is left.

The surge is what comes on top of all demands from the first failure on, such as clients that all register anew. A pool
of servers is a node to which each member has a link of its capacity, with equal metrics.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.answers import ROUTED, Answer, verdict
from forestall.twin.analyses.failing import Failed, Failing
from forestall.twin.analyses.judging import ROUNDING
from forestall.twin.analyses.outcomes import Overload
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.engine import failing
from forestall.twin.topology import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What trips at one time, and how things stood just before."""

    tripped: tuple[Overload, ...]
    """Links that trip, the fullest first."""
    lost: float
    """Demand, without the surge, that has no way at this time, in bit per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade(Answer):
    """How a failure spreads by overload. Fails where anything trips."""

    rounds: tuple[Round, ...]
    """In order; in each, all links that are over the threshold trip together."""
    fallen: tuple[Key, ...]
    """All links that are down at the end, the first failures among them and those that were down before."""
    lost: float
    """Demand, without the surge, that has no way at the end."""
    lost_at_first: float
    """What of it the first failures take by themselves."""


def cascade(
    topology: Topology, network: str, failed: Iterable[Key], *, threshold: float = 1.0, surge: float = 0.0
) -> Cascade:
    """Follow the failure of some elements, of any layer. Links trip above the threshold, a utilisation.

    It ends after as many rounds as there are cables, at the latest: what has tripped stays down. KeyError for a network
    or an element that there is not; ValueError for a threshold or surge that makes no sense, or where the network
    cannot be routed.
    """
    if not 0 < threshold < inf or not 0 <= surge < inf:
        raise ValueError("a threshold above 0 and a surge that is not negative were expected")
    given, elements = routed(topology, network), list(failed)
    rounds, down, losses = _Spread(given, threshold, surge).follow(elements)
    return Cascade(
        verdict=verdict(fails=bool(rounds), known=given.is_known and not given.uncapped),
        topology=topology.id,
        caveats=ROUTED + given.missing,
        rounds=tuple(rounds),
        fallen=tuple(sorted(link for cable in down for link in given.links(cable))),
        lost=losses[-1],
        lost_at_first=losses[0],
    )


class _Spread:
    """Follows overloads from round to round. Not for two threads at once."""

    def __init__(self, given: Routed, threshold: float, surge: float) -> None:
        self._given, self._failing, self._routing = given, Failing(given), given.route()
        self._scale = np.array(self._routing.network.room()) * (1 + surge)
        self._limit = threshold * (1 + ROUNDING)

    def follow(self, elements: list[Key]) -> tuple[list[Round], list[int], list[float]]:
        """The rounds, the cables that are down at the end, and what is lost at the beginning of each and at the end."""
        rounds, losses, failed = list[Round](), list[float](), self._failing.of(elements)
        while True:
            found = self._routing.suppose(failing(failed.cables))
            losses.append(found.lost)
            use = found.load * self._scale
            over = np.flatnonzero(use > self._limit).astype(np.int32)
            if not over.size:
                return rounds, self._down(failed), losses
            ordered = over[np.lexsort((over, -use[over]))].tolist()
            tripped = tuple(Overload(self._given.link(arc), float(use[arc])) for arc in ordered)
            rounds.append(Round(tripped=tripped, lost=found.lost))
            elements = elements + [link for arc in ordered for link in self._given.links(arc >> 1)]
            failed = self._failing.of(dict.fromkeys(elements))

    def _down(self, failed: Failed) -> list[int]:
        return sorted({*failed.cables, *np.flatnonzero(~self._given.up).tolist()})
