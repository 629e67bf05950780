"""Which scenarios use each link most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST
from forestall.twin.analyses.outcomes import Culprit, WorstCase
from forestall.twin.analyses.routed import Numbers, Reals, Routed
from forestall.twin.analyses.scenarios import Scenarios

ROWS: Final = 1_000_000
"""Entries after which those that are not among the highest of their arc are forgotten."""


class Worst:
    """Keeps, for each arc, the scenarios of the highest utilisation."""

    def __init__(self, arcs: int) -> None:
        self._arcs: list[Numbers] = []
        self._use: list[Reals] = []
        self._index: list[Numbers] = []
        self._floor = np.full(arcs, -np.inf)
        self._size = 0

    def add(self, index: int, arcs: Numbers, use: Reals) -> None:
        """The scenario uses the arcs so much."""
        high = use > self._floor[arcs]
        self._arcs.append(arcs[high])
        self._use.append(use[high])
        self._index.append(np.full(int(high.sum()), index, np.int64))
        self._size += len(self._arcs[-1])
        if self._size > ROWS:
            self._forget()

    def _forget(self) -> None:
        arcs, use, index = self.highest()
        self._arcs, self._use, self._index, self._size = [arcs], [use], [index], len(arcs)
        full = np.flatnonzero(np.bincount(arcs, minlength=len(self._floor)) == MOST)
        last = np.searchsorted(arcs, full, side="right") - 1
        self._floor[full] = use[last]

    def highest(self) -> tuple[Numbers, Reals, Numbers]:
        """Arc, utilisation and scenario, by arc, the highest first."""
        if not self._arcs:
            return np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.int64)
        arcs, use, index = np.concatenate(self._arcs), np.concatenate(self._use), np.concatenate(self._index)
        order = np.lexsort((index, -use, arcs))
        arcs, use, index = arcs[order], use[order], index[order]
        place = np.arange(len(arcs)) - np.searchsorted(arcs, arcs)
        return arcs[place < MOST], use[place < MOST], index[place < MOST]

    def cases(self, given: Routed, scenarios: Scenarios, today: Reals) -> tuple[WorstCase, ...]:
        """By link."""
        found: defaultdict[int, list[Culprit]] = defaultdict(list)
        arcs, uses, indices = (row.tolist() for row in self.highest())
        elements = {index: scenarios[index].elements for index in set(indices)}
        for arc, use, index in zip(arcs, uses, indices, strict=True):
            found[arc].append(Culprit(index, elements[index], use))
        cases = (
            WorstCase(link=given.link(arc), today=float(today[arc]), culprits=tuple(culprits))
            for arc, culprits in found.items()
        )
        return tuple(sorted(cases, key=lambda case: case.link))


def merged(given: Iterable[WorstCase]) -> tuple[WorstCase, ...]:
    """One case for each link, the worst first."""
    by_link: defaultdict[Key, list[WorstCase]] = defaultdict(list)
    for case in given:
        by_link[case.link].append(case)
    return tuple(sorted(map(_one, by_link.values()), key=lambda case: (-case.utilisation, case.link)))


def _one(cases: Sequence[WorstCase]) -> WorstCase:
    culprits = (culprit for case in cases for culprit in case.culprits)
    ordered = sorted(culprits, key=lambda culprit: (-culprit.utilisation, culprit.place))
    return WorstCase(link=cases[0].link, today=cases[0].today, culprits=tuple(ordered[:MOST]))
