"""Scans shared out over processes: ranges of one size, and what is believed of the answers that come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite
from typing import Final

from forestall.api.base import Key
from forestall.twin.analyses.answers import MOST
from forestall.twin.analyses.outcomes import KEPT, Outcome, Overload, Partial, WorstCase
from forestall.twin.analyses.partials import Json, partial_from_json
from forestall.twin.analyses.scenarios import Scenarios

MOST_REASON: Final = 1024
"""Characters of a reason why a scenario could not be judged."""


def shards(of: int, size: int) -> Sequence[range]:
    """All of so many scenarios, in ranges of `size`; the last one may be shorter."""
    return [range(first, min(first + size, of)) for first in range(0, of, size)]


def accepted(given: Json, part: range, scenarios: Scenarios, ground: Partial) -> Partial:
    """What another process says of a range of the scenarios; ValueError for all that this range cannot have given.

    `ground` is the partial answer to none of the scenarios, made here: what is the same for every range is taken from
    it, and not from outside.
    """
    found = partial_from_json(given)
    if (found.first, found.stop) != (part.start, part.stop):
        raise ValueError(f"it is of the scenarios from {found.first} to {found.stop}")
    if (found.topology, found.scenarios, found.of) != (ground.topology, ground.scenarios, ground.of):
        raise ValueError("it is of another topology, or of other scenarios")
    _check_counts(found, part)
    _check_failures(found, part, scenarios)
    _check_worst(found, part, scenarios)
    return replace(found, network=ground.network, today=ground.today, is_known=ground.is_known, caveats=ground.caveats)


def _check_counts(found: Partial, part: range) -> None:
    counts, expected = found.counts, found.expected_loss
    if counts.scanned != len(part) or counts.pruned > counts.holding or counts.joint > counts.failed:
        raise ValueError("its counts are not those of its scenarios")
    if (len(found.failures), len(found.errors)) != (min(counts.failed, KEPT), min(counts.errors, KEPT)):
        raise ValueError("it does not name what it counts")
    _require(expected >= 0, "a loss is negative")


def _check_failures(found: Partial, part: range, scenarios: Scenarios) -> None:
    places = [one.index for one in found.failures] + [index for index, _ in found.errors]
    _require(len(set(places)) == len(places), "a scenario is named twice")
    _require(all(index in part for index in places), "a scenario is of another range")
    _require(all(len(reason) <= MOST_REASON for _, reason in found.errors), "a reason is too long")
    for one in found.failures:
        _require(one.scenario == scenarios[one.index], f"scenario {one.index} is another one")
        _check_outcome(one, scenarios)


def _check_outcome(one: Outcome, scenarios: Scenarios) -> None:
    _check_overloads([*one.overloaded, *([one.peak] if one.peak else [])], scenarios)
    _require(_are_sound(one.lost, one.ended), "a loss is no number from 0 on")
    _require(len(one.overloaded) == min(one.overloads, MOST), "overloaded links are not those that are counted")
    _require(one.lost > 0 or one.overloads > 0, f"scenario {one.index} does no harm")
    _require(one.index >= len(scenarios.singles) or not one.joint, f"scenario {one.index} is no pair")


def _check_overloads(found: Iterable[Overload], scenarios: Scenarios) -> None:
    for one in found:
        _check_link(one.link, scenarios)
        _require(_are_sound(one.utilisation), "a utilisation is no number from 0 on")


def _check_worst(found: Partial, part: range, scenarios: Scenarios) -> None:
    _require(len({case.link for case in found.worst}) == len(found.worst), "a link is named twice")
    for case in found.worst:
        _check_link(case.link, scenarios)
        _check_culprits(case, part, scenarios)


def _check_culprits(case: WorstCase, part: range, scenarios: Scenarios) -> None:
    _require(0 < len(case.culprits) <= MOST, "a link has no cause, or too many")
    _require(
        _are_sound(case.today, *(one.utilisation for one in case.culprits)), "a utilisation is no number from 0 on"
    )
    for one in case.culprits:
        _require(one.place in part, "a cause is of another range")
        _require(one.elements == scenarios[one.place].elements, f"scenario {one.place} is another one")


def _check_link(link: Key, scenarios: Scenarios) -> None:
    known = link in scenarios.topology.links and link.namespace == scenarios.network
    _require(known, f"{link} is no link of the network")


def _are_sound(*values: float) -> bool:
    return all(isfinite(value) and value >= 0 for value in values)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
