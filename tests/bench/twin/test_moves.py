"""How much of what metrics could relieve at most is relieved with few changes, beside Fortz and Thorup's search.

The share is of the gap between today's highest utilisation and the least that any routing could reach. Figures of
utilisation are the same in every run; those of the other search depend on the CPU time that it is given: as much as
ours took.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence

import pytest

from forestall.planning.traffic.search import search
from forestall.planning.traffic.trial import Trial
from forestall.planning.traffic.walk import Budget
from tests.bench.twin.bounds import least_peak_at_least
from tests.bench.twin.congested import Congested, abilene, drawn, isp315_planned, planned, sndlib
from tests.bench.twin.fortz_thorup import FortzThorup
from tests.bench.twin.measuring import COMPILED
from tests.oracle.flows import least_peak

pytestmark = pytest.mark.bench

CHANGES = (5, 10, 20)
HIGHEST = 2**20
"""Metrics are kilometres or the operator's own; wide ones are allowed."""
SNDLIB = (
    "abilene", "atlanta", "brain", "cost266", "dfn-bwin", "dfn-gwin", "di-yuan", "france", "geant", "germany50",
    "giul39", "india35", "janos-us", "janos-us-ca", "newyork", "nobel-eu", "nobel-germany", "nobel-us", "norway",
    "pdh", "pioro40", "polska", "sun", "ta1", "ta2", "zib54",
)  # fmt: skip
SMALL = ("abilene", "atlanta", "nobel-germany", "nobel-us", "polska", "geant", "france", "janos-us", "nobel-eu")

Row = tuple[Sequence[float], Sequence[float]]
"""Shares of the gap that are closed with each number of changes: ours, and theirs."""


def bound(case: Congested) -> float:
    if case.nodes > 200:
        return least_peak_at_least(case, COMPILED)
    return least_peak(*case.arcs, case.capacity.ravel(), case.demand)


def compared(case: Congested) -> Row | None:
    """None where nothing could be relieved."""
    least, today = bound(case), float((case.routed(COMPILED).now.load / case.capacity.ravel()).max())
    if today <= least * 1.001:
        return None
    ours, theirs = [], []
    for changes in CHANGES:
        begin = time.process_time()
        budget = Budget(changes=changes, highest=HIGHEST)
        found = search(case.network(COMPILED), case.demand, least, budget)
        taken = time.process_time() - begin
        ours.append((today - found.after.peak) / (today - least))
        rival = today * FortzThorup(case, COMPILED, changes).run(taken)
        theirs.append((today - rival) / (today - least))
    return ours, theirs


def table(title: str, rows: Iterable[tuple[str, Row | None]]) -> Sequence[Row]:
    """Print the rows and their medians; return those of networks that could be relieved."""
    print(f"\n{title:28}{'ours with 5':>12}{'10':>6}{'20':>6}{'theirs with 5':>16}{'10':>6}{'20':>6}")
    known = []
    for name, row in rows:
        _line(name, row)
        if row is not None:
            known.append(row)
    _line("median", _medians(known))
    return known


def _medians(rows: Sequence[Row]) -> Row:
    ours, theirs = (
        [statistics.median(column) for column in zip(*side, strict=True)] for side in zip(*rows, strict=True)
    )
    return ours, theirs


def _line(name: str, row: Row | None) -> None:
    if row is None:
        print(f"{name:28}{'nothing could be relieved':>32}", flush=True)
        return
    ours, theirs = ("".join(f"{100 * share:5.0f}%" for share in side) for side in row)
    print(f"{name:28}      {ours}          {theirs}", flush=True)


def measured() -> tuple[str, Row | None]:
    """The measured network: medians over its days."""
    days = [row for case in abilene() if (row := compared(case)) is not None]
    return "Abilene, measured", _medians(days)


def test_most_of_the_gap_is_closed_with_twenty_changes() -> None:
    at_random = (drawn(sndlib(name)) for name in SNDLIB)
    bought = (isp315_planned(COMPILED), *(planned(sndlib(name), COMPILED) for name in SNDLIB))
    known = [
        *table("capacities at random", [measured(), *((case.name, compared(case)) for case in at_random)]),
        *table("bought for a forecast", ((case.name, compared(case)) for case in bought)),
    ]
    ours, theirs = _medians(known)
    _line("median of all", (ours, theirs))

    assert ours[2] >= 0.8
    assert all(one > other for one, other in zip(ours, theirs, strict=True))


def test_what_is_relieved_stays_relieved_after_each_failure_of_a_link() -> None:
    print(f"\n{'after each failure':28}{'today':>8}{'calm':>8}{'with 5':>8}{'10':>8}{'20':>8}")
    relieved = []
    for case in (drawn(sndlib(name)) for name in SMALL):
        today = Trial(case.network(COMPILED), case.demand, case.failures).figures().peak
        blind = search(case.network(COMPILED), case.demand, 0.0, Budget(highest=HIGHEST)).metrics
        unaware = Trial(case.network(COMPILED), case.demand, case.failures)
        unaware.settle(blind)
        peaks = [
            search(case.network(COMPILED), case.demand, 0.0, budget, failures=case.failures).after.peak / today
            for budget in (Budget(changes=changes, evaluations=100_000, highest=HIGHEST) for changes in CHANGES)
        ]
        relieved.append(peaks[2])
        shown = "".join(f"{100 * peak:7.0f}%" for peak in (unaware.figures().peak / today, *peaks))
        print(f"{case.name:28}{today:8.3g}{shown}", flush=True)
    print(f"{'median':60}{100 * statistics.median(relieved):7.0f}%")
    assert all(peak <= 1 for peak in relieved)
