"""What falls with what."""

from __future__ import annotations

import numpy as np
import pytest

from forestall.twin.engine.arrays import Requirements
from forestall.twin.engine.falling import Falling
from forestall.twin.engine.makes import Kernels
from tests.oracle.searches import MAKES, Gate

EITHER = pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)


def falling(kernels: Kernels, nodes: int, *gates: Gate) -> Falling:
    return Falling(Requirements.of(nodes, gates), kernels)


@EITHER
def test_a_node_stays_up_as_long_as_enough_of_those_it_needs_do(kernels: Kernels) -> None:
    state = falling(kernels, 4, (3, 2, [0, 1, 2]))

    assert state.suppose([0]) == [0]
    assert state.suppose([0, 1]) == [0, 1, 3]


@EITHER
def test_a_supposed_failure_leaves_nothing_behind(kernels: Kernels) -> None:
    state = falling(kernels, 3, (1, 1, [0]), (2, 1, [1]))

    assert state.suppose([0]) == [0, 1, 2]
    assert not state.down.any()
    assert state.suppose([1]) == [1, 2]


@EITHER
def test_what_is_down_today_is_not_counted_again(kernels: Kernels) -> None:
    state = falling(kernels, 3, (1, 1, [0]), (2, 1, [1]))
    state.fail([1])

    assert state.suppose([0]) == [0]
    assert state.singles(np.ones(3)).size.tolist() == [1, 0, 0]


@EITHER
def test_a_circle_does_not_fall_by_itself_and_rises_once_nothing_holds_it_down(kernels: Kernels) -> None:
    state = falling(kernels, 3, (0, 1, [1]), (1, 1, [0]), (0, 1, [2]))
    assert not state.down.any()

    assert state.fail([2]) == [2, 0, 1]
    assert sorted(state.repair(2)) == [0, 1, 2]
    assert not state.down.any()


@EITHER
def test_a_circle_stays_down_as_long_as_something_else_holds_it_down(kernels: Kernels) -> None:
    state = falling(kernels, 4, (0, 1, [1]), (1, 1, [0]), (0, 1, [2]), (1, 1, [3]))
    state.fail([2, 3])

    assert state.repair(2) == [2]
    assert state.down.tolist() == [1, 1, 0, 1]


@EITHER
def test_a_node_that_failed_itself_stays_down_when_what_it_needs_is_repaired(kernels: Kernels) -> None:
    state = falling(kernels, 2, (1, 1, [0]))
    state.fail([0, 1])

    assert state.repair(0) == [0]
    assert state.repair(0) == []
    assert state.repair(1) == [1]


@EITHER
def test_pairs_meet_where_both_weaken_what_neither_breaks(kernels: Kernels) -> None:
    state = falling(kernels, 5, (3, 1, [0, 1]), (4, 1, [2]))

    assert state.meeting(range(5)) == [(0, 1)]


@EITHER
@pytest.mark.parametrize("weight", [[1.0], [1.0, -1.0, 1.0], [1.0, np.nan, 1.0]])
def test_weights_that_are_not_sound_are_refused(kernels: Kernels, weight: list[float]) -> None:
    with pytest.raises(ValueError, match="weight: 3 numbers"):
        falling(kernels, 3, (2, 1, [0, 1])).singles(weight)


@EITHER
def test_failures_of_several_nodes_are_weighed_together(kernels: Kernels) -> None:
    found = falling(kernels, 3, (2, 1, [0, 1])).sweep([[0], [0, 1], []], [1.0, 2.0, 4.0])

    assert found.size.tolist() == [1, 3, 0]
    assert found.lost.tolist() == [1.0, 7.0, 0.0]
