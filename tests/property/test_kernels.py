"""The twin's kernels on random small networks and dependency graphs, held against plain searches."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.twin.arrays import Requirements
from forestall.twin.backups import MOST, Backups
from forestall.twin.compiled import Kernels
from forestall.twin.cutting import Cutting
from forestall.twin.falling import Falling
from forestall.twin.kernels.buffers import DOWN
from forestall.twin.rerouting import Rerouting, failing
from tests.unit.twin.kernels.oracles import MAKES, Gate, Net, cut_off, fallen, routed

SETTINGS = settings(max_examples=300, derandomize=True, deadline=None)
EITHER = pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)


@st.composite
def nets(draw: st.DrawFn) -> Net:
    """With parallel links, nodes without links, ties, metrics that differ by direction, and links that are down."""
    nodes = draw(st.integers(2, 9))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)).filter(lambda ends: ends[0] != ends[1])
    metrics = st.integers(1, draw(st.sampled_from((1, 3, 20))))
    one_way = draw(st.booleans())
    links = [
        (*draw(ends), metric, draw(metrics) if one_way else metric)
        for metric in draw(st.lists(metrics, min_size=1, max_size=18))
    ]
    return Net(nodes, links, frozenset(draw(st.sets(st.integers(0, len(links) - 1), max_size=2))))


@st.composite
def demands(draw: st.DrawFn, nodes: int) -> np.ndarray:
    """[to, from], with rows and cells of zeros."""
    cells = draw(st.lists(st.sampled_from((0.0, 0.0, 1.0, 2.5, 7.0)), min_size=nodes * nodes, max_size=nodes * nodes))
    return np.array(cells).reshape(nodes, nodes) * (1 - np.eye(nodes))


def failures(net: Net) -> st.SearchStrategy[set[int]]:
    """Links: none, some, or all of them."""
    return st.one_of(st.sets(st.integers(0, len(net.links) - 1), max_size=4), st.just(set(range(len(net.links)))))


@st.composite
def costs(draw: st.DrawFn, net: Net) -> dict[int, int]:
    """Arcs that fail, return, or get better or worse."""
    arcs = draw(st.sets(st.integers(0, 2 * len(net.links) - 1), max_size=5))
    return {arc: draw(st.sampled_from((1, 2, 3, 9, DOWN))) for arc in arcs}


def rerouting(net: Net, demand: np.ndarray, kernels: Kernels) -> Rerouting:
    return Rerouting(net.network(kernels), range(net.nodes), demand, kernels)


def same(one: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


def changed(net: Net, new: dict[int, int]) -> Net:
    """The network with arcs that cost what is said; each arc becomes a link of its own, used one way only."""
    links = [(tail, head, there, back) for tail, head, there, back in net.links]
    for arc, cost in new.items():
        tail, head, there, back = links[arc >> 1]
        links[arc >> 1] = (tail, head, back if False else there, back) if cost == DOWN else links[arc >> 1]
        if cost != DOWN:
            links[arc >> 1] = (tail, head, cost, back) if arc & 1 == 0 else (tail, head, there, cost)
    return Net(net.nodes, links, net.down)


@EITHER
@SETTINGS
@given(data=st.data())
def test_loads_after_failures_are_those_of_a_full_search(kernels: Kernels, data: st.DataObject) -> None:
    net = data.draw(nets())
    demand, failed = data.draw(demands(net.nodes)), data.draw(failures(net))

    found = rerouting(net, demand, kernels).suppose(failing(failed))

    load, lost = routed(net.without(failed), demand)
    same(found.load, load)
    assert found.lost == pytest.approx(lost, abs=1e-9)
