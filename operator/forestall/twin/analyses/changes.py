"""What a change does to a network: before it, after each of its steps with every further failure tried, and after it.

A step that would hold by itself is still a trap if what is left while it lasts does not survive one more failure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST, ROUTED, Answer, Verdict, verdict
from forestall.twin.analyses.contingency import Examination
from forestall.twin.analyses.edits import Edit, TakeOut, edited
from forestall.twin.analyses.judging import ROUNDING
from forestall.twin.analyses.outcomes import Counts, Outcome, Overload, Partial, Today
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.analyses.scenarios import Kind, scenarios_in
from forestall.twin.topology import Topology

SINGLES: tuple[Kind, ...] = ("node", "link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The network at one time of a change, compared with what it was before the change."""

    topology: str
    """Id of the topology at that time."""
    verdict: Verdict
    """Fails where anything is worse than before."""
    today: Today
    """What is lost and overloaded with nothing more failed."""
    more_lost: float
    """Demand that is lost beyond what was lost before, in bit per second."""
    overloaded: tuple[Overload, ...]
    """Links that are overloaded and were not, or less; the worst first."""
    counts: Counts
    """Of the failures that were tried."""
    traps: tuple[Outcome, ...]
    """The worst ten failures that the network no longer survives and survived before."""
    number_of_traps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Answer):
    """What a change does. Fails where anything is worse than before, at any time of it."""

    before: Moment
    during: tuple[Moment, ...]
    """After each step; the last is how the change leaves the network."""

    @property
    def after(self) -> Moment:
        """How the change leaves the network."""
        return self.during[-1] if self.during else self.before

    @property
    def first_bad_step(self) -> int | None:
        """The first step, from 0, after which anything is worse than before; None where there is none."""
        return next((place for place, moment in enumerate(self.during) if moment.verdict == "Fails"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Answer):
    """Whether elements can be taken out of service. Fails where anything is lost, overloaded, or left unprotected."""

    taken: tuple[Key, ...]
    window: Moment
    """The network while they are out."""


def what_if(
    topology: Topology,
    network: str,
    steps: Sequence[Sequence[Edit]],
    *,
    kinds: Sequence[Kind] = SINGLES,
    limit: float = 1.0,
) -> Change:
    """Judge a change whose steps, each of some edits, follow one another. `kinds` are the failures that are tried.

    KeyError for a network or element that there is not; ValueError for an unsound edit, or where the network cannot be
    routed.
    """
    given = routed(topology, network)
    before = _Look(given, kinds, limit)
    during, now = list[Moment](), topology
    for step in steps:
        now = edited(now, step)
        given = given.after(now)
        during.append(_Look(given, kinds, limit).since(before))
    return Change(
        verdict=verdict(fails=any(moment.verdict == "Fails" for moment in during), known=before.is_known),
        topology=topology.id,
        caveats=ROUTED + routed(topology, network).missing,
        before=before.since(before),
        during=tuple(during),
    )


def maintenance(
    topology: Topology, network: str, taken: Iterable[Key], *, kinds: Sequence[Kind] = SINGLES, limit: float = 1.0
) -> Maintenance:
    """Take elements of any layer out and judge what remains, with every further failure. Errors as by `what_if`."""
    out = tuple(sorted(taken))
    found = what_if(topology, network, [[TakeOut(element) for element in out]], kinds=kinds, limit=limit)
    return Maintenance(
        verdict=found.verdict, topology=found.topology, caveats=found.caveats, taken=out, window=found.after
    )


class _Look:
    """One network with all failures tried."""

    def __init__(self, given: Routed, kinds: Sequence[Kind], limit: float) -> None:
        scenarios = scenarios_in(given, kinds)
        self.found: Partial = Examination(given, scenarios, limit, kept=len(scenarios)).run(range(len(scenarios)))
        self.failing: Mapping[tuple[Key, ...], Outcome] = {one.scenario.elements: one for one in self.found.failures}
        self.is_known = given.is_known

    def since(self, before: _Look) -> Moment:
        """What is worse than before."""
        today, was = self.found.today, before.found.today
        traps = [one for one in self.found.failures if one.scenario.elements not in before.failing]
        overloaded = tuple(_worse(today.overloaded, was.overloaded))
        more = max(today.lost - was.lost, 0.0)
        return Moment(
            topology=self.found.topology,
            verdict=verdict(fails=bool(traps or overloaded or more > ROUNDING * was.lost), known=self.is_known),
            today=today,
            more_lost=more,
            overloaded=overloaded,
            counts=self.found.counts,
            traps=tuple(traps[:MOST]),
            number_of_traps=len(traps),
        )


def _worse(now: Iterable[Overload], was: Collection[Overload]) -> Iterable[Overload]:
    """What is overloaded now and was not, or less."""
    before = {over.link: over.utilisation for over in was}
    return (over for over in now if over.utilisation > before.get(over.link, 0.0) * (1 + ROUNDING))
