"""How good it is to carry traffic in some way."""

from __future__ import annotations

import numpy as np
import pytest

from forestall.planning.traffic.congestion import congestion, pressure


@pytest.mark.parametrize(
    ("use", "cost"), [(0.0, 0.0), (1 / 3, 1 / 3), (2 / 3, 4 / 3), (0.9, 11 / 3), (1.0, 32 / 3), (1.1, 182 / 3)]
)
def test_each_part_of_a_link_that_is_filled_costs_more_than_the_one_before(use: float, cost: float) -> None:
    assert congestion(np.array([10 * use]), np.array([0.1])) == pytest.approx(10 * cost)


def test_links_without_limit_cost_nothing() -> None:
    assert congestion(np.array([5.0, 1.0]), np.array([0.0, 0.1])) == pytest.approx(1.0)


def test_the_fullest_link_presses_most_and_the_next_one_decides_between_equals() -> None:
    assert pressure(np.array([0.9, 0.9, 0.0]), 1.0) < pressure(np.array([1.0, 0.5, 0.5]), 1.0)
    assert pressure(np.array([1.0, 0.8]), 1.0) < pressure(np.array([1.0, 0.9]), 1.0)
