"""The figures of closure, counted from items: by type of finding and horizon, never one number for everything."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from forestall.closure.items import Item, Times
from forestall.ports import Json

_Z = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval."""
_PARTS: Final[Mapping[str, Callable[[Times], tuple[datetime, datetime]]]] = {
    "decide": lambda times: (times.detected, times.decided),
    "act": lambda times: (times.decided, times.acted),
    "verify": lambda times: (times.acted, times.verified),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """Closed in one hop, of eligible."""

    one_hop: int
    eligible: int

    @property
    def share(self) -> float | None:
        """The rate, from 0 to 1; None without a denominator."""
        return share(self.one_hop, self.eligible)

    @property
    def lower(self) -> float | None:
        """The lower end of the 95 % interval, after Wilson."""
        return wilson_lower(self.one_hop, self.eligible)


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of all items of one type and horizon."""

    type: str
    horizon: str
    items: Sequence[Item]

    @property
    def eligible(self) -> Sequence[Item]:
        """Those that the rates are about."""
        return [item for item in self.items if item.eligible]

    def rate(self, *, supervised: bool) -> Rate:
        """One of the two series: closed with a person's approval, or without any."""
        closed = sum(1 for item in self.eligible if not item.missed and item.supervised == supervised)
        return Rate(closed, len(self.eligible))

    def counted(self, holds: Callable[[Item], bool]) -> int:
        """How many items are so."""
        return sum(map(holds, self.items))

    @property
    def touches(self) -> float | None:
        """Acts of people for each eligible item."""
        return share(sum(item.touches for item in self.eligible), len(self.eligible))

    def seconds(self, part: str) -> Sequence[float]:
        """How long a part (decide, act, verify) took, in seconds, of each item that has its four times; ascending."""
        spans = (_PARTS[part](item.times) for item in self.items if item.times)
        return sorted((end - start).total_seconds() for start, end in spans)

    def to_json(self) -> Json:
        """All figures; shares are rounded to 1e-4, seconds to 1e-3."""
        total, eligible = len(self.items), len(self.eligible)
        closed = self.counted(lambda item: item.closed)
        return {
            "type": self.type,
            "horizon": self.horizon,
            "items": total,
            "eligible": eligible,
            "coverage": share(eligible, total),
            "supervised": self._rate_json(supervised=True),
            "touchless": self._rate_json(supervised=False),
            "provisional": self.counted(lambda item: item.provisional),
            "selfCleared": self.counted(lambda item: item.self_cleared),
            "selfClearedShare": share(self.counted(lambda item: item.self_cleared), total),
            "closed": closed,
            "wrongClosures": self.counted(lambda item: item.reopened),
            "wrongClosureShare": share(self.counted(lambda item: item.reopened), closed),
            "unsafeActions": sum(item.unsafe for item in self.items),
            "touchesPerItem": self.touches,
            "seconds": {part: spread(self.seconds(part)) for part in _PARTS},
        }

    def _rate_json(self, *, supervised: bool) -> Json:
        rate = self.rate(supervised=supervised)
        end_to_end = share(rate.one_hop, len(self.items))
        return {"oneHop": rate.one_hop, "rate": rate.share, "lower95": rate.lower, "endToEnd": end_to_end}


def figures(items: Iterable[Item]) -> list[Figures]:
    """The figures of each type and horizon."""
    groups: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in items:
        groups[item.type, item.horizon].append(item)
    return [Figures(*group, found) for group, found in sorted(groups.items())]


def share(part: int, whole: int) -> float | None:
    """`part` of `whole`, rounded to 1e-4; None where there is no whole."""
    return round(part / whole, 4) if whole else None


def wilson_lower(successes: int, trials: int) -> float | None:
    """The lower end of Wilson's 95 % interval of a share, rounded to 1e-4; None without a trial."""
    if not trials:
        return None
    rate, square = successes / trials, _Z * _Z
    centre = rate + square / (2 * trials)
    margin = _Z * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    return round(max(0.0, (centre - margin) / (1 + square / trials)), 4)


def spread(ascending: Sequence[float]) -> Json:
    """How many there are, their median and their 90th percentile (nearest rank), in seconds."""
    if not ascending:
        return {"n": 0, "p50": None, "p90": None}
    ninth = ascending[math.ceil(0.9 * len(ascending)) - 1]
    return {"n": len(ascending), "p50": round(median(ascending), 3), "p90": round(ninth, 3)}
