"""Where traffic goes as links fail, return or change."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from forestall.twin.engine.makes import Kernels
from forestall.twin.engine.rerouting import Rerouting, failing
from forestall.twin.kernels.buffers import DOWN
from tests.oracle.searches import MAKES, Net

EITHER = pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)
SQUARE = Net(4, [(0, 1, 1, 1), (1, 3, 1, 1), (0, 2, 1, 1), (2, 3, 1, 1)])


def to_last(amount: float, nodes: int) -> NDArray[np.float64]:
    """[1, nodes]: traffic from node 0 to the last node."""
    demand = np.zeros((1, nodes))
    demand[0, 0] = amount
    return demand


def square(kernels: Kernels, *, capacity: float = 10.0, spare: int = 0) -> Rerouting:
    return Rerouting(SQUARE.network(kernels, capacity=capacity, spare=spare), [3], to_last(8.0, 4), kernels)


@EITHER
def test_equal_ways_share_traffic_equally(kernels: Kernels) -> None:
    assert square(kernels).now.load.tolist() == [4, 0, 4, 0, 4, 0, 4, 0]


@EITHER
def test_traffic_is_split_at_each_hop_and_not_by_path(kernels: Kernels) -> None:
    # Two links lead from 0 to 1 and one to 2; the way over 1 has two thirds although 1 and 2 each have one way on.
    net = Net(4, [(0, 1, 1, 1), (0, 1, 1, 1), (0, 2, 1, 1), (1, 3, 1, 1), (2, 3, 1, 1)])

    load = Rerouting(net.network(kernels), [3], to_last(3.0, 4), kernels).now.load

    assert load[[0, 2, 4, 6, 8]].tolist() == [1, 1, 1, 2, 1]


@EITHER
def test_a_question_leaves_everything_as_it_was(kernels: Kernels) -> None:
    routing = square(kernels)
    before = routing.now.load.tobytes()

    assert routing.suppose(failing([0])).load.tolist() == [0, 0, 0, 0, 8, 0, 8, 0]
    assert routing.suppose(failing([0, 2])).lost == 8
    assert routing.now.load.tobytes() == before
    assert routing.now.lost == 0


@EITHER
def test_starting_over_after_changes_routes_what_is_true_now(kernels: Kernels) -> None:
    net = Net(2, [(0, 1, 1, 1), (0, 1, 1, 1)])
    routing = Rerouting(net.network(kernels), [0, 1], [[0.0, 8.0], [8.0, 0.0]], kernels)

    routing.commit(failing([0]))
    routing.start_over()

    assert routing.now.load.tolist() == [0, 0, 8, 8]
    assert routing.suppose({0: 1, 1: 1}).load.tolist() == [4, 4, 4, 4]


@EITHER
def test_only_loads_that_would_change_are_named(kernels: Kernels) -> None:
    assert square(kernels).would_touch(failing([0])) == {0: 0.0, 2: 0.0, 4: 8.0, 6: 8.0}
    assert square(kernels).would_touch({1: DOWN}) == {}


@EITHER
def test_a_failure_that_is_only_supposed_says_what_it_moves_and_leaves_no_trace(kernels: Kernels) -> None:
    routing = square(kernels)
    before, moved = routing.now, routing.would_move([0])
    assert dict(zip(moved.arcs.tolist(), moved.load.tolist(), strict=True)) == {0: 0.0, 2: 0.0, 4: 8.0, 6: 8.0}
    assert moved.lost == 0.0
    assert routing.now.load.tolist() == before.load.tolist()


@EITHER
def test_a_metric_counts_in_its_own_direction_only(kernels: Kernels) -> None:
    routing = square(kernels)

    assert routing.suppose({1: 9}).load.tolist() == routing.now.load.tolist()
    assert routing.suppose({0: 9}).load.tolist() == [0, 0, 0, 0, 8, 0, 8, 0]


@EITHER
def test_a_link_that_leads_one_way_only_carries_nothing_back(kernels: Kernels) -> None:
    net = Net(3, [(0, 1, 1, DOWN), (1, 2, 1, 1), (2, 0, 1, 1)])
    demand = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])

    routing = Rerouting(net.network(kernels), range(3), demand, kernels)

    assert routing.now.load.tolist() == [1, 0, 1, 0, 1, 0]
    assert routing.sweep([[0], [1]]).lost.tolist() == [0, 1]


@EITHER
def test_the_worst_case_of_each_arc_names_its_cause(kernels: Kernels) -> None:
    swept = square(kernels, capacity=5.0).sweep([[0], [2], [0, 2]])

    assert swept.worst.tolist() == [1.6, 0, 1.6, 0, 1.6, 0, 1.6, 0]
    assert swept.cause.tolist() == [1, -1, 1, -1, 0, -1, 0, -1]
    assert swept.over.tolist() == [2, 2, 0]
    assert swept.lost.tolist() == [0, 0, 8]
    assert swept.peak.tolist() == [1.6, 1.6, 0]


@EITHER
def test_a_link_that_was_added_is_used_once_it_is_committed(kernels: Kernels) -> None:
    network = SQUARE.network(kernels, spare=1)
    routing = Rerouting(network, [3], to_last(8.0, 4), kernels)
    assert network.shape.stop[0] < network.shape.start[1]

    link = network.add(0, 3, (1, 1), (1.0, 1.0))
    routing.commit({2 * link: 1, 2 * link + 1: 1})

    assert routing.now.load.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 8, 0]


@EITHER
@pytest.mark.parametrize("demand", [np.ones((1, 3)), np.full((1, 4), -1.0), np.full((1, 4), np.nan)])
def test_demand_that_is_not_sound_is_refused(kernels: Kernels, demand: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="demand"):
        Rerouting(SQUARE.network(kernels), [3], demand, kernels)


@EITHER
@pytest.mark.parametrize("cost", [0, -1, 2**29])
def test_costs_that_are_not_sound_are_refused(kernels: Kernels, cost: int) -> None:
    with pytest.raises(ValueError, match="cost"):
        square(kernels).commit({0: cost})
