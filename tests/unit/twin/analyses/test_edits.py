"""Edits: each does one thing to a topology, and says what it cannot do."""

import pytest

from forestall.twin.analyses import (
    AddLink,
    Edit,
    MoveDemand,
    PutIn,
    RemoveLink,
    Resize,
    ScaleDemands,
    SetMetric,
    TakeOut,
    edited,
)
from tests.unit.twin.analyses.networks import cable, carried, demand, link, node, square, topology


def test_edits_follow_one_another_and_leave_the_topology_as_it_was() -> None:
    ring = square()
    before = ring.id
    found = edited(ring, [TakeOut(link("a-b")), SetMetric(link("a-d"), 7), Resize(link("a-d"), 3.0)])
    assert (found.links[link("a-b")].up, found.links[link("a-d")].metric) == (False, 7)
    assert found.links[link("a-d")].capacity == 3.0
    assert (ring.id, found.id == before) == (before, False)


def test_what_is_taken_out_can_be_put_back() -> None:
    ring = square()
    assert edited(ring, [TakeOut(node("a")), PutIn(node("a"))]).id == ring.id


def test_links_come_and_go() -> None:
    ring = square()
    new = cable("b-d")[0]
    assert edited(ring, [AddLink(new), RemoveLink(new.key)]).id == ring.id
    assert list(edited(ring, [AddLink(new)]).links) == sorted([*ring.links, new.key])


def test_demands_are_moved_and_scaled() -> None:
    given = topology([cable("a-b"), cable("b-c")], [carried("a-b", 2.0), carried("a-c", 4.0)])
    found = edited(given, [MoveDemand(demand("a-b"), node("c"), node("b")), ScaleDemands(1.5, (demand("a-c"),))])
    moved = found.demands[demand("a-b")]
    assert (moved.source, moved.target, moved.amount) == (node("c"), node("b"), 2.0)
    assert [one.amount for one in edited(found, [ScaleDemands(2.0)]).demands.values()] == [4.0, 12.0]


def test_of_two_moves_of_a_demand_the_last_one_counts() -> None:
    given = topology([cable("a-b"), cable("b-c")], [carried("a-b", 2.0)])
    there, back = MoveDemand(demand("a-b"), node("c"), node("b")), MoveDemand(demand("a-b"), node("a"), node("b"))
    assert edited(given, [there, back]).id == given.id
    assert edited(given, [back, SetMetric(link("a-b"), 1), there]).demands[demand("a-b")].source == node("c")


@pytest.mark.parametrize(
    "edit",
    [
        TakeOut(node("nowhere")),
        SetMetric(link("nowhere"), 1),
        Resize(link("nowhere"), 1.0),
        RemoveLink(link("nowhere")),
        MoveDemand(demand("nowhere"), node("a"), node("b")),
        MoveDemand(demand("a-c"), node("a"), node("nowhere")),
        ScaleDemands(2.0, (demand("nowhere"),)),
    ],
)
def test_what_there_is_not_cannot_be_edited(edit: Edit) -> None:
    with pytest.raises(KeyError):
        edited(square(), [edit])


@pytest.mark.parametrize(
    "edit",
    [
        SetMetric(link("a-b"), 0),
        Resize(link("a-b"), 0.0),
        Resize(link("a-b"), float("nan")),
        AddLink(cable("a-b")[0]),
        ScaleDemands(-1.0),
        ScaleDemands(float("inf")),
    ],
)
def test_unsound_edits_are_refused(edit: Edit) -> None:
    with pytest.raises(ValueError, match="expected"):
        edited(square(), [edit])
