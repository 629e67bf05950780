"""Metrics worth trying."""

from __future__ import annotations

from forestall.planning.traffic.thresholds import changes
from forestall.planning.traffic.trial import Trial
from tests.unit.planning.traffic.small import FISH, LOWER, UPPER, demand, network


def found(trial: Trial, arc: int, highest: int = 100) -> set[tuple[int, int]]:
    return set(changes(trial.ways, arc, trial.without, highest))


def test_a_full_arc_is_made_as_long_as_the_next_way_or_longer_by_one() -> None:
    trial = Trial(network(6, FISH), demand(6, (0, 5, 8.0)))

    assert {(UPPER, 2), (UPPER, 3), (UPPER + 2, 2), (UPPER + 2, 3)} <= found(trial, UPPER)


def test_another_way_is_made_as_short_as_the_full_one_or_shorter_by_one() -> None:
    trial = Trial(network(6, FISH), demand(6, (0, 5, 8.0)))

    # The arc of metric 1 can get no shorter.
    assert {change for change in found(trial, UPPER) if change[0] in (LOWER, LOWER + 2)} == {(LOWER + 2, 1)}


def test_an_arc_that_nothing_crosses_needs_no_change() -> None:
    assert not found(Trial(network(6, FISH), demand(6, (0, 5, 8.0))), LOWER)


def test_an_arc_that_all_ways_need_is_not_made_longer() -> None:
    trial = Trial(network(6, FISH), demand(6, (0, 5, 8.0)))

    assert not [change for change in found(trial, 0) if change[0] in (0, 10)]


def test_no_metric_exceeds_the_highest() -> None:
    trial = Trial(network(6, FISH), demand(6, (0, 5, 8.0)))

    assert max(metric for _, metric in found(trial, UPPER, highest=2)) == 2


def test_what_is_down_is_no_way() -> None:
    trial = Trial(network(6, FISH), demand(6, (0, 5, 8.0)), [[4]])
    trial.commit(trial.down(0))

    assert not found(trial, UPPER)
