"""Partial answers as JSON values, to be written by one process and merged by another. Nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from forestall.api.base import Key
from forestall.twin.analyses.outcomes import Counts, Culprit, Outcome, Overload, Partial, Today, WorstCase
from forestall.twin.analyses.scenarios import Scenario

Json = Mapping[str, Any]


def partial_to_json(partial: Partial) -> Json:
    """The partial answer as JSON values."""
    return {**asdict(partial), "expected_loss": str(partial.expected_loss)}


def partial_from_json(given: Json) -> Partial:
    """The partial answer that was written so. ValueError for anything else."""
    try:
        return Partial(
            topology=str(given["topology"]),
            network=str(given["network"]),
            scenarios=str(given["scenarios"]),
            of=int(given["of"]),
            first=int(given["first"]),
            stop=int(given["stop"]),
            counts=_counts(given["counts"]),
            failures=tuple(_outcome(each) for each in given["failures"]),
            errors=tuple((int(index), str(reason)) for index, reason in given["errors"]),
            worst=tuple(_worst(each) for each in given["worst"]),
            expected_loss=_fraction(given["expected_loss"]),
            today=Today(lost=float(given["today"]["lost"]), overloaded=_overloads(given["today"]["overloaded"])),
            is_known=given["is_known"] is True,
            caveats=tuple(str(each) for each in given["caveats"]),
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"no partial answer: {error!r}") from error


def _fraction(given: str) -> Fraction:
    """Of two whole numbers. Any other form might stand for one of more digits than memory holds."""
    above, _, below = given.partition("/")
    return Fraction(int(above), int(below or 1))


def _counts(given: Json) -> Counts:
    found = Counts(**{name: int(value) for name, value in given.items()})
    if found.scanned != found.holding + found.failed + found.errors or min(asdict(found).values()) < 0:
        raise ValueError("the counts do not add up")
    return found


def _outcome(given: Json) -> Outcome:
    scenario = given["scenario"]
    probability = scenario["probability"]
    return Outcome(
        index=int(given["index"]),
        scenario=Scenario(
            kind=str(scenario["kind"]),
            elements=_keys(scenario["elements"]),
            probability=None if probability is None else float(probability),
        ),
        lost=float(given["lost"]),
        ended=float(given["ended"]),
        peak=None if given["peak"] is None else _overload(given["peak"]),
        overloads=int(given["overloads"]),
        overloaded=_overloads(given["overloaded"]),
        joint=given["joint"] is True,
    )


def _worst(given: Json) -> WorstCase:
    return WorstCase(
        link=_key(given["link"]),
        today=float(given["today"]),
        culprits=tuple(
            Culprit(int(place), _keys(elements), float(utilisation))
            for place, elements, utilisation in given["culprits"]
        ),
    )


def _overloads(given: Iterable[Sequence[Any]]) -> tuple[Overload, ...]:
    return tuple(_overload(each) for each in given)


def _overload(given: Sequence[Any]) -> Overload:
    link, utilisation = given
    return Overload(_key(link), float(utilisation))


def _keys(given: Iterable[Sequence[str]]) -> tuple[Key, ...]:
    return tuple(_key(each) for each in given)


def _key(given: Sequence[str]) -> Key:
    kind, namespace, name = given
    return Key(str(kind), str(namespace), str(name))
