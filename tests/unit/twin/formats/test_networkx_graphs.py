from __future__ import annotations

import networkx as nx
import pytest

from forestall.api.base import Key
from forestall.twin.formats import UnreadableTopologyError, from_networkx, to_networkx
from forestall.twin.topology import LINK, NODE, Network, NetworkLink, NetworkNode, Topology

A, B = (Key(NODE, "n", name) for name in "ab")
TOPOLOGY = Topology.of(
    networks=[Network(id="n", layer="ip")],
    nodes=[NetworkNode(key=A)],
    links=[NetworkLink(key=Key(LINK, "n", name), tail="a", head="b", metric=5) for name in ("one", "two")],
)


def test_parallel_links_are_edges_by_their_ids_and_an_end_that_is_not_there_is_unknown() -> None:
    graph = to_networkx(TOPOLOGY)

    assert sorted(graph[A][B]) == ["one", "two"]
    assert [key for key, data in graph.nodes(data=True) if "unknown" in data] == [B]
    assert set(from_networkx(graph).nodes) == {A}


def test_what_is_changed_in_the_graph_is_changed_in_the_topology() -> None:
    graph = to_networkx(TOPOLOGY)
    graph[A][B]["one"]["metric"] = 9
    graph.remove_edge(A, B, "two")

    assert [(key.name, link.metric) for key, link in from_networkx(graph).links.items()] == [("one", 9)]


def test_any_graph_is_a_topology_and_its_edges_lead_both_ways_unless_it_is_directed() -> None:
    assert len(from_networkx(nx.petersen_graph()).links) == 30
    assert len(from_networkx(nx.DiGraph([(1, 2)])).links) == 1
    assert set(from_networkx(nx.path_graph(2), source="path").nodes) == {Key(NODE, "path", "0"), Key(NODE, "path", "1")}


def test_a_value_that_is_none_is_an_error_that_says_where() -> None:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edge("a", "b", metric=0.5)

    with pytest.raises(UnreadableTopologyError, match="metric") as caught:
        from_networkx(graph)
    assert caught.value.path.startswith("a, b")
