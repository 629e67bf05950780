"""The example network is sound as a document and holds the risks that its description promises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import networkx as nx
import pytest

from forestall.api.base import Key
from forestall.twin.defects import Completeness, completeness, defects
from forestall.twin.formats import export, load, to_networkx
from forestall.twin.topology import GROUP, LINK, NODE, Topology
from tests.yang import Yang

TEXT = (Path(__file__).parents[3] / "examples" / "topologies" / "metro.json").read_text()
PLANES = {Key(LINK, "ip", f"core-{plane}-west:core-{plane}-east") for plane in "ab"}


@pytest.fixture(scope="module")
def metro() -> Topology:
    loaded = load(TEXT, source="metro.json")
    assert not loaded.defects
    return loaded.topology


def without(topology: Topology, *gone: Key) -> nx.MultiDiGraph[Key]:
    """The routed network without these elements and what rests on them."""
    graph = to_networkx(topology)
    down = [link for link in topology.by_network["ip"] if {link.key, *link.supporting}.intersection(gone)]
    for link in down:
        graph.remove_edge(node(link.tail), node(link.head), link.key.name)
    return graph.subgraph(key for key in graph if key.namespace == "ip").copy()


def node(name: str) -> Key:
    return Key(NODE, "ip", name)


def loads(topology: Topology, graph: nx.MultiDiGraph[Key]) -> Mapping[str, float]:
    """Share of its capacity that each link carries, every node splitting equally over its next hops."""
    carried: defaultdict[str, float] = defaultdict(float)
    for demand in topology.demands.values():
        left = nx.single_source_dijkstra_path_length(graph.reverse(), demand.target, weight="metric")
        there = defaultdict(float, {demand.source: demand.amount})
        for at in sorted(left, key=lambda key: -left[key]):
            hops = [(to, said) for _, to, said in graph.edges(at, data=True) if left[at] == said["metric"] + left[to]]
            for to, said in hops if there[at] else ():
                carried[f"{at.name}:{to.name}"] += there[at] / len(hops) / said["capacity"]
                there[to] += there[at] / len(hops)
    return carried


def single_points(graph: nx.MultiDiGraph[Key]) -> set[str]:
    plain: nx.Graph[Key] = nx.Graph(graph.to_undirected())
    return {key.name for key in nx.articulation_points(plain)}


def test_it_is_valid_and_complete(metro: Topology) -> None:
    Yang().validate(TEXT)

    assert not defects(metro)
    assert completeness(metro) == Completeness(coverage=1, attributes=1)
    assert load(export(metro, "rfc8345"), source="again").topology.id == metro.id


def test_one_node_is_a_single_point_of_failure(metro: Topology) -> None:
    assert single_points(without(metro)) == {"agg-east"}


def test_the_links_of_both_planes_lie_in_one_conduit(metro: Topology) -> None:
    conduit = metro.groups[Key(GROUP, "", "river-bridge")]
    lost = {key for key in PLANES if set(metro.links[key].supporting).intersection(conduit.members)}

    assert lost == PLANES
    assert nx.is_strongly_connected(without(metro, *conduit.members))


def test_all_links_have_room_until_one_plane_is_lost(metro: Topology) -> None:
    before, after = loads(metro, without(metro)), loads(metro, without(metro, min(PLANES)))

    assert max(before.values()) <= 0.8
    assert {name for name, share in after.items() if share > 1} == {"core-b-west:core-b-east"}


def test_maintenance_of_one_side_of_the_ring_leaves_single_points_of_failure(metro: Topology) -> None:
    side = [Key(LINK, "ip", name) for name in ("core-a-west:metro-1", "metro-1:core-a-west")]

    assert single_points(without(metro, *side)) == {"agg-east", "core-b-west", "metro-2", "metro-3"}
