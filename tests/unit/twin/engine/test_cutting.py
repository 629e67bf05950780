"""What every single node and link cuts off if it fails."""

from __future__ import annotations

import pytest

from forestall.twin.engine import DOWN, Cutting, Kernels
from tests.oracle.searches import MAKES, Net

EITHER = pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)
# A ring of 0, 1 and 2, on which 3 hangs, and 4 on 3.
RING = Net(5, [(0, 1, 1, 1), (1, 2, 1, 1), (2, 0, 1, 1), (2, 3, 1, 1), (3, 4, 1, 1)])


def cutting(net: Net, kernels: Kernels) -> Cutting:
    return Cutting(net.network(kernels), kernels)


@EITHER
def test_what_lies_behind_a_bridge_is_lost_with_it_and_a_ring_holds(kernels: Kernels) -> None:
    found = cutting(RING, kernels).from_anchors([1, 1, 1, 1, 1], [0])

    assert found.by_link.tolist() == [0, 0, 0, 2, 1]
    assert found.by_node.tolist() == [5, 1, 3, 2, 1]
    assert found.today == 0


@EITHER
def test_any_anchor_will_do(kernels: Kernels) -> None:
    found = cutting(RING, kernels).from_anchors([1, 1, 1, 1, 1], [0, 4])

    assert found.by_node.tolist() == [1, 1, 1, 1, 1]
    assert not found.by_link.any()


@EITHER
def test_what_is_cut_off_today_is_not_counted_again(kernels: Kernels) -> None:
    found = cutting(RING.without([3]), kernels).from_anchors([1, 1, 1, 5, 5], [0])

    assert found.today == 10
    assert found.by_node.tolist() == [3, 1, 1, 0, 0]
    assert not found.by_link.any()


@EITHER
def test_parallel_links_back_each_other_up(kernels: Kernels) -> None:
    found = cutting(Net(2, [(0, 1, 1, 1), (0, 1, 1, 1)]), kernels).from_anchors([0, 4], [0])

    assert found.by_link.tolist() == [0, 0]


@EITHER
def test_links_are_seen_to_go_down_and_up(kernels: Kernels) -> None:
    network = RING.network(kernels)
    found = Cutting(network, kernels)

    network.up[0] = 0
    assert found.from_anchors([1, 1, 1, 1, 1], [0]).by_link.tolist() == [0, 1, 4, 2, 1]

    network.up[0] = 1
    assert found.from_anchors([1, 1, 1, 1, 1], [0]).by_link.tolist() == [0, 0, 0, 2, 1]


@EITHER
def test_a_link_that_leads_one_way_only_counts_as_none(kernels: Kernels) -> None:
    one_way = Net(5, [(0, 1, 1, DOWN), *RING.links[1:]])

    found = cutting(one_way, kernels).from_anchors([1, 1, 1, 1, 1], [0])

    assert found.by_link.tolist() == [0, 1, 4, 2, 1]


@EITHER
def test_demand_is_lost_by_what_all_its_ways_pass_and_its_own_ends_are_left_out(kernels: Kernels) -> None:
    found = cutting(RING, kernels).of_pairs([0, 4, 1], [4, 2, 1], [2.0, 4.0, 8.0])

    assert found.by_link.tolist() == [0, 0, 0, 6, 6]
    assert found.by_node.tolist() == [0, 0, 2, 6, 0]


@EITHER
def test_demand_between_parts_has_no_way_today(kernels: Kernels) -> None:
    found = cutting(RING.without([3]), kernels).of_pairs([0, 0], [4, 1], [2.0, 4.0])

    assert found.today == 2
    assert not found.by_link.any()


@EITHER
@pytest.mark.parametrize("weight", [[1], [1, 1, 1, 1, -1], [1, 1, 1, 1, float("nan")], [1, 1, 1, 1, float("inf")]])
def test_weights_that_are_not_sound_are_refused(kernels: Kernels, weight: list[float]) -> None:
    with pytest.raises(ValueError, match="weight: 5 numbers"):
        cutting(RING, kernels).from_anchors(weight, [0])


@EITHER
def test_pairs_that_do_not_match_are_refused(kernels: Kernels) -> None:
    with pytest.raises(ValueError, match="different lengths"):
        cutting(RING, kernels).of_pairs([0, 1], [2], [1, 1])
