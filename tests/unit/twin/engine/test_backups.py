"""Whether there are other ways, how many, and how much they carry."""

from __future__ import annotations

import pytest

from forestall.twin.engine import DOWN, Backups, Kernels
from tests.oracle.searches import MAKES, Net

EITHER = pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)
# 0 has two ways to 3, over 1 and over 2; both end at 3, and 4 lies behind 3.
DIAMOND = Net(5, [(0, 1, 1, 1), (1, 3, 1, 1), (0, 2, 1, 1), (2, 3, 1, 1), (3, 4, 1, 1)])


def backups(net: Net, kernels: Kernels, *, capacity: float = 1.0) -> Backups:
    return Backups(net.network(kernels, capacity=capacity), kernels)


@EITHER
def test_two_ways_are_found_and_named_by_their_arcs(kernels: Kernels) -> None:
    assert backups(DIAMOND, kernels).paths(0, [3], nodes_apart=False) == [[0, 2], [4, 6]]


@EITHER
def test_ways_that_share_no_node_end_at_anchors_of_their_own(kernels: Kernels) -> None:
    found = backups(DIAMOND, kernels)

    assert found.counts([0], [3], nodes_apart=True).tolist() == [1]
    assert found.counts([0], [1, 3], nodes_apart=True).tolist() == [2]


@EITHER
def test_an_anchor_has_as_many_ways_as_are_looked_for(kernels: Kernels) -> None:
    found = backups(DIAMOND, kernels)

    assert found.counts([3, 4, 0], [3], nodes_apart=False).tolist() == [3, 1, 2]
    assert found.paths(3, [3], nodes_apart=False) == []


@EITHER
def test_links_are_seen_to_go_down(kernels: Kernels) -> None:
    network = DIAMOND.network(kernels)
    found = Backups(network, kernels)

    network.up[1] = 0

    assert found.paths(0, [3], nodes_apart=False) == [[4, 6]]


@EITHER
def test_a_link_that_leads_one_way_only_serves_those_that_go_that_way(kernels: Kernels) -> None:
    one_way = Net(5, [(0, 1, 1, DOWN), *DIAMOND.links[1:]])
    found = backups(one_way, kernels, capacity=7.0)

    assert found.counts([0], [3], nodes_apart=False).tolist() == [2]
    assert found.counts([3], [0], nodes_apart=False).tolist() == [1]
    assert found.capacity_after_each_link(0, 3)[0] == 14
    assert found.capacity_after_each_link(3, 0)[0] == 7


@EITHER
def test_what_is_left_after_each_link_fails(kernels: Kernels) -> None:
    total, left = backups(DIAMOND, kernels, capacity=4.0).capacity_after_each_link(0, 3)

    assert total == 8
    assert left.tolist() == [4, 4, 4, 4, 8]


@EITHER
def test_capacity_without_limit_has_no_answer_unless_its_link_is_down(kernels: Kernels) -> None:
    network = DIAMOND.network(kernels, capacity=[[4.0], [4.0], [4.0], [4.0], [float("inf")]])
    found = Backups(network, kernels)

    with pytest.raises(ValueError, match="have a limit"):
        found.capacity_after_each_link(0, 3)

    network.up[4] = 0
    assert found.capacity_after_each_link(0, 3)[0] == 8


@EITHER
def test_flow_from_a_node_to_itself_has_no_answer(kernels: Kernels) -> None:
    with pytest.raises(ValueError, match="two nodes"):
        backups(DIAMOND, kernels).capacity_after_each_link(1, 1)
