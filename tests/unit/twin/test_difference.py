"""What differs between two views."""

from __future__ import annotations

from forestall.api.base import Key
from forestall.twin.difference import Difference, diff
from forestall.twin.joining import Measured
from tests.unit.twin.networks import A, cable, demand, ring
from tests.unit.twin.objects import live, nodes, web


def test_nothing_differs_between_a_view_and_itself() -> None:
    view = live([*nodes(), *web("a")]).snapshot()
    assert diff(view, view) == diff(view, view.potential()) == ()


def test_a_supposition_differs_in_what_was_supposed() -> None:
    twin = live([*nodes(), *web("a")])
    twin.declare(ring())
    fact = twin.snapshot()
    supposed = fact.potential().set_metrics({cable("a", "b"): 5}).lose(A).lose_node("b")
    assert diff(fact, supposed) == (
        Difference(cable("a", "b"), "Changed", ("metric",)),
        Difference(A, "Changed", ("up",)),
        Difference(Key("Node", "", "b"), "Changed", ("ready",)),
    )


def test_what_should_be_is_compared_by_the_networks_alone() -> None:
    twin = live([*nodes(), *web("a")])
    twin.declare(ring("abc", demand("a", "b", 1.0)))
    twin.measure(Measured(up={cable("a", "b"): False}))
    snapshot = twin.snapshot()
    assert diff(snapshot.intended(), snapshot) == (Difference(cable("a", "b"), "Changed", ("up",)),)


def test_elements_come_and_go() -> None:
    small, large = live([]), live([])
    small.declare(ring("abc"))
    large.declare(ring("abcd"))
    found = {one.key.name: one.kind for one in diff(small.snapshot(), large.snapshot())}
    assert found == {
        "c-a": "Removed",
        "a-c": "Removed",
        "d": "Added",
        "c-d": "Added",
        "d-c": "Added",
        "d-a": "Added",
        "a-d": "Added",
    }
