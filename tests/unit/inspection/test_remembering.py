"""Answers about topologies, kept for as long as somebody holds the topology."""

from __future__ import annotations

import gc
from weakref import ref

from forestall.inspection.remembering import remembered
from forestall.twin.topology import Topology
from tests.unit.twin.networks import ring


def test_the_same_question_about_the_same_topology_is_asked_once() -> None:
    asked: list[str] = []

    @remembered
    def size(topology: Topology, what: str, *, more: int = 0) -> int:
        asked.append(what)
        return len(topology.nodes) + more

    one, other = ring("abc"), ring("abcd")
    assert [size(one, "a"), size(one, "a"), size(other, "a"), size(one, "b"), size(one, "a", more=1)] == [3, 3, 4, 3, 4]
    assert asked == ["a", "a", "b", "a"]


def test_a_topology_that_nobody_holds_is_let_go_with_its_answers() -> None:
    @remembered
    def size(topology: Topology) -> int:
        return len(topology.nodes)

    one = ring("abc")
    size(one)
    gone = ref(one)
    del one
    gc.collect()
    assert gone() is None
