"""Networks and dependency graphs as rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from forestall.twin.engine.arrays import (
    LARGEST,
    Links,
    Names,
    Network,
    NetworkFullError,
    Requirements,
    gate_rows,
    indices,
    risk_groups,
)
from forestall.twin.engine.memory import Arrays, Lists, Memory
from forestall.twin.kernels.buffers import DOWN

EITHER = pytest.mark.parametrize("memory", [Lists(), Arrays()], ids=["lists", "arrays"])


def neighbours(network: Network, node: int) -> list[tuple[int, int]]:
    shape = network.shape
    return [(shape.heads[place], shape.arcs[place]) for place in range(shape.start[node], shape.stop[node])]


def test_a_number_is_never_given_to_another_name() -> None:
    names = Names(("a", "b"))

    assert names.remove("a") == 0
    assert names.add("c") == 2
    assert names.add("a") == 3
    assert (names.number("b"), names.name(0), len(names)) == (1, "a", 4)


def test_a_name_that_is_there_already_is_refused() -> None:
    with pytest.raises(ValueError, match="a: there is one of that name already"):
        Names(("a", "a"))


@EITHER
def test_each_link_is_two_arcs_at_its_two_ends(memory: Memory) -> None:
    network = Network(3, Links(tail=[0, 2], head=[1, 0]), memory)

    assert [neighbours(network, node) for node in range(3)] == [[(1, 0), (2, 3)], [(0, 1)], [(0, 2)]]


@EITHER
def test_metrics_and_capacities_are_by_direction_and_down_links_cost_more_than_any_way(memory: Memory) -> None:
    links = Links(tail=[0, 1], head=[1, 2], metric=[(3, 4), (5, 6)], capacity=[[10], [20]], up=[1, 0])
    network = Network(3, links, memory)

    assert np.array(network.cost()).tolist() == [3, 4, DOWN, DOWN]
    assert np.array(network.capacity).tolist() == [10, 10, 20, 20]
    assert np.array(network.room()).tolist() == [0.1, 0.1, 0.05, 0.05]


@EITHER
def test_a_link_may_lead_one_way_only(memory: Memory) -> None:
    network = Network(2, Links(tail=[0, 0], head=[1, 1], metric=[(3, DOWN), (DOWN, 4)], up=[1, 0]), memory)

    assert network.passable().tolist() == [True, False, False, False]
    assert np.array(network.cost()).tolist() == [3, DOWN, DOWN, DOWN]


@EITHER
def test_any_traffic_is_too_much_for_a_link_without_capacity(memory: Memory) -> None:
    room = np.array(Network(2, Links(tail=[0], head=[1], capacity=[[0.0, np.inf]]), memory).room())

    assert room[0] * 1e-6 > 1
    assert room.tolist()[1] == 0


@EITHER
def test_a_link_can_be_added_where_there_is_room(memory: Memory) -> None:
    network = Network(3, Links(tail=[0], head=[1]), memory, spare=1)

    assert network.add(1, 2, (7, 8), (1.0, 2.0)) == 1
    assert neighbours(network, 1) == [(0, 1), (2, 2)]
    assert neighbours(network, 2) == [(1, 3)]
    assert np.array(network.cost()).tolist() == [1, 1, 7, 8]
    with pytest.raises(NetworkFullError):
        network.add(0, 2, (1, 1), (1.0, 1.0))


@EITHER
def test_a_link_cannot_be_added_to_a_node_without_room(memory: Memory) -> None:
    network = Network(3, Links(tail=[0], head=[1]), memory, spare=5)
    network.add(2, 0, (1, 1), (1.0, 1.0))

    with pytest.raises(NetworkFullError):
        network.add(2, 1, (1, 1), (1.0, 1.0))


@EITHER
def test_a_node_fails_as_all_its_links_do(memory: Memory) -> None:
    network = Network(4, Links(tail=[0, 1, 2, 0], head=[1, 2, 3, 1]), memory)

    assert network.of_nodes([1]) == [0, 1, 3]
    assert network.of_nodes([0, 3]) == [0, 2, 3]


@EITHER
def test_breadth_first_order_has_neighbours_together_and_every_node_once(memory: Memory) -> None:
    network = Network(6, Links(tail=[0, 5, 2], head=[5, 2, 4]), memory)

    assert network.breadth_first().tolist() == [0, 5, 2, 4, 1, 3]


@pytest.mark.parametrize(
    ("links", "message"),
    [
        (Links(tail=[0], head=[3]), "head: 3 is not from 0 to 2"),
        (Links(tail=[-1], head=[0]), "tail: -1 is not from 0 to 2"),
        (Links(tail=[2**40], head=[0]), "tail: 1099511627776 is not"),
        (Links(tail=[0, 1], head=[1]), "different lengths"),
        (Links(tail=[1], head=[1]), "from a node to itself"),
        (Links(tail=[0], head=[1], metric=0), "metric: whole numbers"),
        (Links(tail=[0], head=[1], metric=1.5), "metric: whole numbers"),
        (Links(tail=[0], head=[1], metric=2**29), "metric: whole numbers"),
        (Links(tail=[0], head=[1], metric=np.nan), "metric: whole numbers"),
        (Links(tail=[0], head=[1], metric=np.inf), "metric: whole numbers"),
        (Links(tail=[0], head=[1], metric=DOWN), "metric: whole numbers"),
        (Links(tail=[0], head=[1], capacity=-1), "capacity: no number may be negative"),
        (Links(tail=[0], head=[1], capacity=np.nan), "capacity: no number may be negative"),
    ],
)
def test_links_that_are_not_sound_are_refused(links: Links, message: str) -> None:
    with pytest.raises((IndexError, ValueError), match=message):
        Network(3, links, Lists())


def test_networks_that_outgrow_their_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 268435456"):
        Network(LARGEST + 1, Links(tail=[], head=[]), Lists())
    with pytest.raises(ValueError, match="more than 268435456"):
        Network(2, Links(tail=[], head=[]), Lists(), spare=LARGEST + 1)


@pytest.mark.parametrize(
    ("metric", "capacity"), [((0, 1), (1.0, 1.0)), ((DOWN, DOWN), (1.0, 1.0)), ((1, 1), (-1.0, 1.0))]
)
def test_a_new_link_that_is_not_sound_is_refused(metric: tuple[int, int], capacity: tuple[float, float]) -> None:
    network = Network(3, Links(tail=[0], head=[1]), Lists(), spare=1)

    with pytest.raises(ValueError, match=r"were expected|may be negative"):
        network.add(1, 2, metric, capacity)
    assert network.used == 1


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ([(0, 2, [1])], "needs: from 0"),
        ([(0, -1, [1])], "needs: from 0"),
        ([(3, 1, [1])], "owner: 3 is not"),
        ([(0, 1, [3])], "member: 3 is not"),
        ([(0, 1, [1, 1])], "has a node as a member twice"),
    ],
)
def test_gates_that_are_not_sound_are_refused(gates: Sequence[tuple[int, int, Sequence[int]]], message: str) -> None:
    with pytest.raises((IndexError, ValueError), match=message):
        gate_rows(Requirements.of(3, gates))


@pytest.mark.parametrize("first", [[0, 1], [0, 3, 2], [1, 1, 2], [0, 1, 1]])
def test_rows_of_members_that_do_not_add_up_are_refused(first: Any) -> None:
    with pytest.raises(ValueError, match="first: where the members"):
        gate_rows(Requirements(nodes=3, owner=[0, 1], needs=[1, 1], first=first, members=[1, 2]))


def test_gates_are_turned_round_to_be_found_from_their_members() -> None:
    rows = gate_rows(Requirements.of(3, [(2, 1, [0, 1]), (1, 1, [0])]))

    assert rows.first.tolist() == [0, 2, 3, 3]
    assert rows.gates.tolist() == [0, 1, 0]
    assert rows.room.tolist() == [1, 0]


def test_risk_groups_name_links_that_fail_together() -> None:
    names, first, links = risk_groups({"duct": [2, 0], "site": [1]}, 3)

    assert (names.number("site"), first.tolist(), links.tolist()) == (1, [0, 2, 3], [2, 0, 1])
    with pytest.raises(IndexError, match="link: 3"):
        risk_groups({"duct": [3]}, 3)


@pytest.mark.parametrize("given", [[1.5], [True, False], ["1"], [None], [2**64]])
def test_what_is_no_whole_number_is_no_number_of_anything(given: Any) -> None:
    with pytest.raises(ValueError, match="node: whole numbers"):
        indices(given, 2, "node")


def test_numbers_are_copied_so_that_none_changes_after_it_was_checked() -> None:
    given = np.array([0, 1])

    checked = indices(given, 2, "node")
    given[0] = 9

    assert checked.tolist() == [0, 1]
