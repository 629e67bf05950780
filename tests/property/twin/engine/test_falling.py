"""What falls with what, on random small dependency graphs, held against the least fixpoint found by trying."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forestall.twin.engine import Blasts, Falling, Kernels, Requirements
from tests.oracle.searches import Gate, agreed, fallen
from tests.property.twin.engine.drawing import SETTINGS, gated

Step = tuple[list[int], int | None]
"""Nodes that are supposed to fail and, unless a node is repaired, then fail."""


def singles(nodes: int, gates: Sequence[Gate]) -> Blasts:
    return agreed(lambda kernels: Falling(Requirements.of(nodes, gates), kernels).singles(np.arange(nodes)))


@st.composite
def steps(draw: st.DrawFn, nodes: int) -> list[Step]:
    failed, found = set[int](), list[Step]()
    for _ in range(6):
        chosen = draw(st.sets(st.integers(0, nodes - 1), min_size=1, max_size=2))
        repaired = draw(st.sampled_from([None, *sorted(failed)]))
        failed = failed | chosen if repaired is None else failed - {repaired}
        found.append((sorted(chosen), repaired))
    return found


@SETTINGS
@given(data=st.data())
def test_what_falls_and_rises_is_the_least_fixpoint(data: st.DataObject) -> None:
    nodes, gates = data.draw(gated())
    taken = data.draw(steps(nodes))

    def lived(kernels: Kernels) -> list[tuple[list[int], list[int], list[int]]]:
        state, found = Falling(Requirements.of(nodes, gates), kernels), []
        for chosen, repaired in taken:
            supposed = state.suppose(chosen)
            moved = state.fail(chosen) if repaired is None else state.repair(repaired)
            found.append((supposed, moved, np.flatnonzero(state.down).tolist()))
        return found

    failed = set[int]()
    for (chosen, repaired), (supposed, moved, down) in zip(taken, agreed(lived), strict=True):
        before = fallen(gates, failed)
        assert set(supposed) == fallen(gates, failed | set(chosen)) - before
        failed = failed | set(chosen) if repaired is None else failed - {repaired}
        assert set(moved) == before ^ fallen(gates, failed)
        assert set(down) == fallen(gates, failed)


@SETTINGS
@given(graph=gated())
def test_gates_that_need_more_never_shrink_what_falls(graph: tuple[int, list[Gate]]) -> None:
    nodes, gates = graph
    stricter = [(owner, min(needs + 1, len(members)), members) for owner, needs, members in gates]

    loose, strict = singles(nodes, gates), singles(nodes, stricter)

    assert loose.size.tolist() == [len(fallen(gates, {node}) - fallen(gates, ())) for node in range(nodes)]
    assert loose.lost.tolist() == [sum(fallen(gates, {node}) - fallen(gates, ())) for node in range(nodes)]
    assert (strict.size >= loose.size).all()


@SETTINGS
@given(graph=gated())
def test_pairs_that_do_not_meet_bring_down_the_union(graph: tuple[int, list[Gate]]) -> None:
    nodes, gates = graph

    meeting = agreed(lambda kernels: Falling(Requirements.of(nodes, gates), kernels).meeting(range(nodes)))

    alone = [fallen(gates, {node}) for node in range(nodes)]
    worse = {
        (one, other)
        for one, other in combinations(range(nodes), 2)
        if fallen(gates, {one, other}) != alone[one] | alone[other]
    }
    assert worse <= set(meeting)


@SETTINGS
@given(data=st.data())
def test_numbers_of_nodes_do_not_matter(data: st.DataObject) -> None:
    nodes, gates = data.draw(gated())
    number = data.draw(st.permutations(range(nodes)))
    moved = [(number[owner], needs, [number[member] for member in members]) for owner, needs, members in gates]

    assert singles(nodes, moved).size[number].tolist() == singles(nodes, gates).size.tolist()
