"""What single nodes and links cut off, on random small networks, held against searches without them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forestall.twin.engine import Cutting, Impacts
from tests.oracle.searches import Net, agreed, cut_off, stuck
from tests.property.twin.engine.drawing import SETTINGS, anchors, nets, same

ROOT = -1
Pair = tuple[int, int, float]


def from_anchors(net: Net, weight: list[float], roots: set[int]) -> Impacts:
    return agreed(lambda kernels: Cutting(net.network(kernels), kernels).from_anchors(weight, sorted(roots)))


def of_pairs(net: Net, pairs: list[Pair]) -> Impacts:
    source, target, demand = ([pair[column] for pair in pairs] for column in range(3))
    return agreed(lambda kernels: Cutting(net.network(kernels), kernels).of_pairs(source, target, demand))


@SETTINGS
@given(data=st.data())
def test_what_a_node_or_link_cuts_off_is_what_a_search_without_it_misses(data: st.DataObject) -> None:
    net = data.draw(nets())
    weight = data.draw(st.lists(st.integers(0, 5).map(float), min_size=net.nodes, max_size=net.nodes))
    roots = data.draw(anchors(net))

    found = from_anchors(net, weight, roots)

    graph = net.graph()
    today = cut_off(graph, roots, weight)
    alone = [cut_off(nx.restricted_view(graph, [node], []), roots, weight) - today for node in graph]
    links = [cut_off(net.without([link]).graph(), roots, weight) - today for link in range(len(net.links))]
    assert found.today == pytest.approx(today)
    same(found.by_node, np.array(alone))
    same(found.by_link, np.array(links))


@SETTINGS
@given(data=st.data())
def test_what_is_cut_off_lies_behind_bridges_and_cut_vertices(data: st.DataObject) -> None:
    net = data.draw(nets())
    roots = data.draw(anchors(net))

    found = from_anchors(net, [1.0] * net.nodes, roots)

    simple: nx.Graph[int] = nx.Graph(net.graph())
    simple.add_edges_from((ROOT, anchor) for anchor in roots)
    reached = simple.subgraph(nx.node_connected_component(simple, ROOT))
    found_bridges: Iterable[Any] = nx.bridges(reached)  # pairs, whatever the stubs say
    bridges = {frozenset(ends) for ends in found_bridges}
    cutting = set(nx.articulation_points(reached)) - {ROOT}
    assert {node for node in range(net.nodes) if found.by_node[node] > 1} <= cutting
    for link, (tail, head, _, _) in enumerate(net.links):
        assert found.by_link[link] == 0 or frozenset((tail, head)) in bridges
        assert max(found.by_node[tail], found.by_node[head]) >= found.by_link[link]


@SETTINGS
@given(data=st.data())
def test_demand_that_is_cut_off_is_what_has_no_path_without_it(data: st.DataObject) -> None:
    net = data.draw(nets())
    node = st.integers(0, net.nodes - 1)
    pairs = data.draw(st.lists(st.tuples(node, node, st.sampled_from((0.0, 1.0, 2.5))), max_size=12))

    found = of_pairs(net, pairs)

    graph = net.graph()
    alone = [
        stuck(nx.restricted_view(graph, [node], []), pairs)
        - stuck(graph, [pair for pair in pairs if node not in pair[:2]])
        for node in graph
    ]
    links = [stuck(net.without([link]).graph(), pairs) - stuck(graph, pairs) for link in range(len(net.links))]
    assert found.today == pytest.approx(stuck(graph, pairs))
    same(found.by_node, np.array(alone))
    same(found.by_link, np.array(links))


@SETTINGS
@given(data=st.data())
def test_numbers_of_nodes_do_not_matter(data: st.DataObject) -> None:
    net = data.draw(nets())
    number = data.draw(st.permutations(range(net.nodes)))
    weight, pairs = [float(node) for node in range(net.nodes)], [(node, 0, 1.0) for node in range(net.nodes)]

    moved = [weight[number.index(node)] for node in range(net.nodes)]
    one, other = from_anchors(net, weight, {0}), from_anchors(net.renumbered(number), moved, {number[0]})
    pair = (
        of_pairs(net, pairs),
        of_pairs(net.renumbered(number), [(number[node], number[0], 1.0) for node, _, _ in pairs]),
    )

    for before, after in ((one, other), pair):
        same(after.by_node[number], before.by_node)
        same(after.by_link, before.by_link)
