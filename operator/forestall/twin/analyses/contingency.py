"""What scenarios do to the traffic of a network: which lose demand, which overload links, and the worst of each link.

Scenarios are examined by ranges, so that a scan can be shared out, repeated and resumed; totals have to add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cached_property

from forestall.twin.analyses.answers import MOST, ROUTED, verdict
from forestall.twin.analyses.failing import Failed, Failing
from forestall.twin.analyses.judging import Judged, Judging
from forestall.twin.analyses.outcomes import (
    KEPT,
    Contingency,
    Counts,
    Outcome,
    Overload,
    Partial,
    Tally,
    Today,
    first_errors,
    gaps,
    worst_outcomes,
)
from forestall.twin.analyses.pairs import Pairs
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.analyses.scenarios import Scenario, Scenarios
from forestall.twin.analyses.worst import Worst, merged
from forestall.twin.topology import Topology


def examine(topology: Topology, scenarios: Scenarios, part: range | None = None, *, limit: float = 1.0) -> Partial:
    """Judge a range of scenarios, or all of them. `limit` is the utilisation above which a link is overloaded.

    ValueError where the range is no part of the scenarios, they are of another topology, or the network cannot be
    routed.
    """
    found = range(len(scenarios)) if part is None else part
    if found.step != 1 or found.start < 0 or found.stop > len(scenarios):
        raise ValueError(f"{found} is no range of {len(scenarios)} scenarios")
    if scenarios.topology.id != topology.id:
        raise ValueError("the scenarios are of another topology")
    return Examination(routed(topology, scenarios.network), scenarios, limit).run(found)


def merge(partials: Iterable[Partial]) -> Contingency:
    """Bring ranges of the same scenarios together. What is missing or could not be judged is never a pass.

    ValueError where there is none, two are of different topologies or scenarios, or overlap.
    """
    parts = sorted(partials, key=lambda part: (part.first, part.stop))
    if not parts or len({(part.topology, part.scenarios, part.today, part.of) for part in parts}) > 1:
        raise ValueError("parts of one topology and the same scenarios were expected")
    if any(part.counts.scanned != part.stop - part.first for part in parts):
        raise ValueError("a part does not account for all its scenarios")
    one, counts = parts[0], Counts()
    for part in parts:
        counts = counts.plus(part.counts)
    missing = gaps([(part.first, part.stop) for part in parts], one.of)
    return Contingency(
        verdict=verdict(
            fails=bool(counts.failed or one.today.lost or one.today.overloaded),
            known=one.is_known and not missing and not counts.errors,
        ),
        topology=one.topology,
        caveats=one.caveats,
        network=one.network,
        of=one.of,
        counts=counts,
        missing=missing,
        failures=worst_outcomes(outcome for part in parts for outcome in part.failures),
        errors=first_errors(error for part in parts for error in part.errors),
        worst=merged(case for part in parts for case in part.worst),
        expected_loss=float(sum((part.expected_loss for part in parts), Fraction())),
        today=one.today,
    )


def contingency(topology: Topology, scenarios: Scenarios, *, limit: float = 1.0) -> Contingency:
    """Judge all scenarios. ValueError as by `examine`."""
    return merge([examine(topology, scenarios, limit=limit)])


class Examination:
    """Judges scenarios, keeps count, and `kept` of those that fail. Not for two threads at once."""

    def __init__(self, given: Routed, scenarios: Scenarios, limit: float, kept: int = KEPT) -> None:
        self._given, self._scenarios = given, scenarios
        self._judging, self._failing = Judging(given, limit), Failing(given)
        self._worst, self._tally = Worst(2 * given.cables), Tally(kept)
        self._singles: dict[int, Failed] = {}

    @cached_property
    def _pairs(self) -> Pairs:
        return Pairs(self._given, self._judging)

    def run(self, part: range) -> Partial:
        """Judge a range of scenarios."""
        singles = len(self._scenarios.singles)
        for index in range(part.start, min(part.stop, singles)):
            self._try(index)
        for row in _rows(self._scenarios, range(max(part.start, singles), part.stop)):
            self._row(row)
        return self._said(part)

    def _row(self, row: range) -> None:
        """Judge pairs that have the same first member."""
        try:
            one = self._single(self._scenarios.pair(row.start)[0])
            others = [self._single(self._scenarios.pair(index)[1]) for index in row]
        except KeyError:
            others = []
        if not others or self._failing.has_spares:
            for index in row:
                self._try(index)
            return
        for index, other, moved in zip(row, others, self._pairs.row(one, others), strict=True):
            if moved is None:
                self._tally.prove()
            else:
                self._judge(index, self._judging.judged(moved, self._judging.ended(one.plus(other))))

    def _single(self, index: int) -> Failed:
        if index not in self._singles:
            self._singles[index] = self._failing.of(self._scenarios.singles[index].elements)
        return self._singles[index]

    def _try(self, index: int) -> None:
        try:
            failed = self._failing.of(self._scenarios[index].elements)
        except KeyError as error:
            self._tally.refuse(index, f"{error.args[0]}: there is no such element")
            return
        self._judge(index, self._judging.judge(failed))

    def _judge(self, index: int, judged: Judged) -> None:
        self._worst.add(index, judged.arcs, judged.use)
        if judged.fails:
            self._tally.fail(self._outcome(index, self._scenarios[index], judged))
        else:
            self._tally.hold()

    def _outcome(self, index: int, scenario: Scenario, judged: Judged) -> Outcome:
        return Outcome(
            index=index,
            scenario=scenario,
            lost=judged.lost,
            ended=judged.ended,
            peak=Overload(link=self._given.link(judged.peak_arc), utilisation=judged.peak) if judged.peak > 0 else None,
            overloads=judged.over.size,
            overloaded=self._overloads(judged),
            joint=self._is_joint(index),
        )

    def _overloads(self, judged: Judged) -> tuple[Overload, ...]:
        use = dict(zip(judged.arcs.tolist(), judged.use.tolist(), strict=True))
        return tuple(Overload(link=self._given.link(arc), utilisation=use[arc]) for arc in judged.over[:MOST].tolist())

    def _is_joint(self, index: int) -> bool:
        """Whether it is a pair of which neither fails alone."""
        if index < len(self._scenarios.singles):
            return False
        return not any(self._pairs.alone(self._single(member)).fails for member in self._scenarios.pair(index))

    def _said(self, part: range) -> Partial:
        today = self._judging.today
        over = (Overload(link=self._given.link(arc), utilisation=float(today[arc])) for arc in self._judging.over_today)
        return Partial(
            topology=self._given.topology.id,
            network=self._given.network,
            scenarios=self._scenarios.id,
            of=len(self._scenarios),
            first=part.start,
            stop=part.stop,
            counts=self._tally.counts,
            failures=self._tally.failures,
            errors=self._tally.errors,
            worst=self._worst.cases(self._given, self._scenarios, today),
            expected_loss=self._tally.expected_loss,
            today=Today(lost=self._judging.lost_today, overloaded=tuple(over)),
            is_known=self._given.is_known,
            caveats=ROUTED + self._given.missing,
        )


def _rows(scenarios: Scenarios, pairs: range) -> Iterator[range]:
    """Runs of pairs with the same first member."""
    start, last = pairs.start, len(scenarios.singles) - 1
    while start < pairs.stop:
        _, other = scenarios.pair(start)
        stop = min(start + 1 + last - other, pairs.stop)
        yield range(start, stop)
        start = stop
