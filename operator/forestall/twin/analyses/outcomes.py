"""What is said of scenarios: the ones that fail, the worst case of each link, and totals that add up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from forestall.api.base import Key
from forestall.twin.analyses.answers import Answer
from forestall.twin.analyses.scenarios import Scenario

KEPT: Final = 1000
"""Failing scenarios that are named; all are counted."""


class Overload(NamedTuple):
    """A link that carries more than it should."""

    link: Key
    utilisation: float
    """1 for full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The state before anything fails."""

    lost: float
    """Demand that has no way, in bit per second."""
    overloaded: tuple[Overload, ...]
    """All of them, the worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A scenario that fails: it loses traffic, or overloads links beyond what they are overloaded today."""

    index: int
    """Its place among the scenarios."""
    scenario: Scenario
    lost: float
    """Demand that loses its last way though both its ends are up, in bit per second, beyond what has none today."""
    ended: float
    """Demand that begins or ends at a failed node, which does not count as a failure."""
    peak: Overload | None
    """The link of the highest utilisation; None where no link has a known capacity."""
    overloads: int
    """How many links it overloads."""
    overloaded: tuple[Overload, ...]
    """The worst ten of them."""
    joint: bool
    """Whether it is a pair of which neither fails alone."""

    @property
    def rank(self) -> tuple[bool, float, float, int]:
        """What comes first is worse: joint failures, then by loss, then by peak."""
        return not self.joint, -self.lost, -(self.peak.utilisation if self.peak else 0.0), self.index


class Culprit(NamedTuple):
    """A scenario that brings a link close to its worst."""

    place: int
    """Its place among the scenarios."""
    elements: tuple[Key, ...]
    utilisation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstCase:
    """The most that a link would carry, and which scenarios bring it about."""

    link: Key
    today: float
    """Utilisation, 1 for full."""
    culprits: tuple[Culprit, ...]
    """The ten scenarios of the highest utilisation above today's, the worst first."""

    @property
    def utilisation(self) -> float:
        """In the worst of the scenarios."""
        return self.culprits[0].utilisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Scenarios by what became of them: `scanned` is the sum of `holding`, `failed` and `errors`."""

    scanned: int = 0
    holding: int = 0
    failed: int = 0
    errors: int = 0
    """Those that could not be judged."""
    pruned: int = 0
    """Those of `holding` that were proved to hold without being routed."""
    joint: int = 0
    """Those of `failed` that are pairs of which neither fails alone."""

    def plus(self, other: Counts) -> Counts:
        """The sums."""
        return Counts(
            scanned=self.scanned + other.scanned,
            holding=self.holding + other.holding,
            failed=self.failed + other.failed,
            errors=self.errors + other.errors,
            pruned=self.pruned + other.pruned,
            joint=self.joint + other.joint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """What a range of scenarios does. Ranges may be examined anywhere, in any order, and merged."""

    topology: str
    network: str
    scenarios: str
    """Id of the scenarios."""
    of: int
    """How many scenarios there are in all."""
    first: int
    stop: int
    """Those from `first` to `stop - 1` were examined."""
    counts: Counts
    failures: tuple[Outcome, ...]
    """The worst thousand."""
    errors: tuple[tuple[int, str], ...]
    """Index and reason of the first thousand that could not be judged."""
    worst: tuple[WorstCase, ...]
    """Links that any scenario uses more than today, by key."""
    expected_loss: Fraction
    """Loss of each scenario times its probability, in bit per second; exact, so that sums are the same in any order."""
    today: Today
    is_known: bool
    """Whether there are demands, and all could be taken into account."""
    caveats: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingency(Answer):
    """Whether the network carries its demands, without overload, in every scenario."""

    network: str
    of: int
    """How many scenarios there are."""
    counts: Counts
    missing: tuple[tuple[int, int], ...]
    """Ranges, as (first, stop), that nobody examined."""
    failures: tuple[Outcome, ...]
    """The worst thousand, the worst first."""
    errors: tuple[tuple[int, str], ...]
    """Index and reason of the first thousand that could not be judged."""
    worst: tuple[WorstCase, ...]
    """Links that any scenario uses more than today, the worst first. Pairs that were pruned are not among the culprits;
    they overload nothing."""
    expected_loss: float
    """Sum over the scenarios whose probability is known of the loss times the probability, in bit per second."""
    today: Today


def worst_outcomes(found: Iterable[Outcome], kept: int = KEPT) -> tuple[Outcome, ...]:
    """The worst of them, as far as they are named."""
    return tuple(sorted(found, key=lambda outcome: outcome.rank)[:kept])


def first_errors(found: Iterable[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """The first of them, as far as they are named."""
    return tuple(sorted(found)[:KEPT])


def gaps(ranges: Sequence[tuple[int, int]], stop: int) -> tuple[tuple[int, int], ...]:
    """What ordered ranges leave out up to `stop`. ValueError where two overlap."""
    found, done = [], 0
    for first, last in [*ranges, (stop, stop)]:
        if first < done:
            raise ValueError(f"scenario {first} was examined twice")
        if first > done:
            found.append((done, first))
        done = last
    return tuple(found)


class Tally:
    """Counts scenarios as they are judged, and keeps so many of those that fail."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._holding = self._failed = self._errors = self._pruned = self._joint = 0
        self._outcomes: list[Outcome] = []
        self._reasons: list[tuple[int, str]] = []
        self.expected_loss = Fraction()
        """Sum of the loss times the probability."""

    def hold(self) -> None:
        """A scenario holds."""
        self._holding += 1

    def prove(self) -> None:
        """A scenario was proved to hold without being routed."""
        self._holding += 1
        self._pruned += 1

    def refuse(self, index: int, reason: str) -> None:
        """The scenario could not be judged."""
        self._errors += 1
        if len(self._reasons) < KEPT:
            self._reasons.append((index, reason))

    def fail(self, outcome: Outcome) -> None:
        """A scenario fails."""
        self._failed += 1
        self._joint += outcome.joint
        self._outcomes.append(outcome)
        if outcome.scenario.probability is not None:
            self.expected_loss += Fraction(outcome.lost) * Fraction(outcome.scenario.probability)
        if len(self._outcomes) > 2 * self._kept:
            self._outcomes = list(self.failures)

    @property
    def counts(self) -> Counts:
        """What became of all of them."""
        return Counts(
            scanned=self._holding + self._failed + self._errors,
            holding=self._holding,
            failed=self._failed,
            errors=self._errors,
            pruned=self._pruned,
            joint=self._joint,
        )

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """The worst of those that fail."""
        return worst_outcomes(self._outcomes, self._kept)

    @property
    def errors(self) -> tuple[tuple[int, str], ...]:
        """Index and reason of the first that could not be judged."""
        return first_errors(self._reasons)
