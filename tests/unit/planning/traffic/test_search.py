"""Few changes of metrics, found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forestall.planning.traffic.search import search
from forestall.planning.traffic.trial import Metrics
from forestall.planning.traffic.walk import Budget
from forestall.twin.engine import Network
from tests.unit.planning.traffic.small import FISH, LOWER, THREE, UPPER, Line, demand, network

BUDGET = Budget(changes=5, evaluations=2000)
EIGHT = demand(6, (0, 5, 8.0))


def fish() -> Network:
    return network(6, FISH)


def test_one_change_lets_both_ways_share_the_traffic() -> None:
    moves = search(fish(), EIGHT, 0.9, BUDGET)

    assert moves.before.peak == pytest.approx(8 / 5)
    assert moves.met
    assert moves.after.peak == pytest.approx(4 / 5)
    assert len(moves.metrics) == 1


def test_nothing_to_do_costs_one_look() -> None:
    moves = search(fish(), EIGHT, 1.6, BUDGET)

    assert (moves.metrics, moves.met, moves.evaluations) == ({}, True, 1)
    assert moves.after == moves.before


def test_the_fullest_link_that_all_traffic_needs_stays_as_it_is() -> None:
    moves = search(network(3, [(0, 1, 1, 4), (1, 2, 1, 9)]), demand(3, (0, 2, 8.0)), 0.9, BUDGET)

    assert not moves.met
    assert moves.metrics == {}
    assert moves.after.worst.arc == 0


def test_no_change_is_made_where_none_is_allowed() -> None:
    moves = search(fish(), EIGHT, 0.9, replace(BUDGET, changes=0))

    assert not moves.met
    assert moves.metrics == {}


@pytest.mark.parametrize("evaluations", [2, 10, 50, 400])
def test_the_budget_of_evaluations_is_kept(evaluations: int) -> None:
    moves = search(fish(), EIGHT, 0.0, replace(BUDGET, evaluations=evaluations))

    assert moves.evaluations <= evaluations
    assert moves.after.peak <= moves.before.peak


def test_metrics_stay_within_what_routers_take() -> None:
    far = [(*line[:2], 900, line[3]) if place == 4 else line for place, line in enumerate(FISH)]

    low = search(network(6, far), EIGHT, 0.9, replace(BUDGET, highest=500))
    high = search(network(6, far), EIGHT, 0.9, BUDGET)

    assert max(low.metrics.values()) <= 500
    assert low.met
    assert high.met


def test_a_change_that_would_overload_another_link_after_a_failure_is_rejected_with_that_failure() -> None:
    traffic = demand(6, (0, 5, 10.0), (4, 5, 5.0))
    calm = search(network(6, THREE), traffic, 0.9, BUDGET)
    safe = search(network(6, THREE), traffic, 0.9, BUDGET, failures=[[6]])

    # Over 2 is the better way for a half, as long as link 6 is there.
    assert calm.met
    assert search(network(6, _with(calm.metrics)), traffic, 0.9, BUDGET, failures=[[6]]).before.peak == pytest.approx(
        10 / 8
    )
    assert safe.met
    assert safe.after.peak == pytest.approx(5 / 7)
    assert safe.rejected is not None
    assert (safe.rejected.spot.failure, safe.rejected.spot.arc) == (0, 6)
    assert safe.rejected.spot.use == pytest.approx(10 / 8)


def _with(metrics: Metrics) -> list[Line]:
    changed = {arc >> 1: metric for arc, metric in metrics.items()}
    return [(*line[:2], changed.get(link, line[2]), line[3]) for link, line in enumerate(THREE)]


def test_what_is_worst_after_a_failure_is_told_with_the_failure() -> None:
    moves = search(network(6, THREE), demand(6, (0, 5, 6.0)), 0.9, replace(BUDGET, changes=0), failures=[[6], [0]])

    assert moves.before.worst.failure is None
    assert moves.before.peak == pytest.approx(6 / 8)


def test_the_same_question_has_the_same_answer() -> None:
    first, second = (search(network(6, THREE), demand(6, (0, 5, 20.0)), 0.0, BUDGET) for _ in range(2))

    assert first == second


def test_the_network_that_is_asked_about_is_left_as_it_is() -> None:
    given = fish()
    before = np.array(given.metric)

    search(given, EIGHT, 0.9, BUDGET)

    assert np.array(given.metric).tolist() == before.tolist()


@pytest.mark.parametrize("target", [-0.1, float("nan"), float("inf")])
def test_a_target_that_is_no_utilisation_is_refused(target: float) -> None:
    with pytest.raises(ValueError, match="target"):
        search(fish(), EIGHT, target, BUDGET)


def test_a_budget_that_does_not_suffice_to_look_at_today_is_refused() -> None:
    with pytest.raises(ValueError, match="14 evaluations"):
        search(fish(), EIGHT, 0.9, replace(BUDGET, evaluations=13), failures=[[link] for link in range(6)])


def test_a_network_that_is_too_large_is_refused_before_it_is_routed() -> None:
    with pytest.raises(ValueError, match="too many"):
        search(network(5000, FISH), np.zeros((1, 1)), 0.9, BUDGET)


def test_the_way_that_is_made_equal_is_the_shorter_or_the_longer_one() -> None:
    moves = search(fish(), EIGHT, 0.9, BUDGET)

    assert set(moves.metrics) <= {UPPER, UPPER + 2, LOWER, LOWER + 2}
