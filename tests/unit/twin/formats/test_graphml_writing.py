from __future__ import annotations

import networkx as nx

from forestall.api.base import Key
from forestall.twin.formats import export, load
from forestall.twin.topology import LINK, NODE, Network, NetworkLink, NetworkNode, Topology

TOPOLOGY = Topology.of(
    networks=[Network(id="metro/west", layer="ip")],
    nodes=[NetworkNode(key=Key(NODE, "metro/west", name), up=name != "b") for name in ("a", 'b "<&>')],
    links=[
        NetworkLink(key=Key(LINK, "metro/west", name), tail="a", head='b "<&>', metric=7, capacity=10e9)
        for name in ("one", "two")
    ],
)


def test_networkx_reads_it_with_parallel_links_and_values() -> None:
    found = nx.parse_graphml(export(TOPOLOGY, "graphml"))

    assert list(found) == ["metro%2Fwest/a", "metro%2Fwest/b%20%22%3C%26%3E"]
    assert isinstance(found, nx.MultiDiGraph)
    edges = [(key, data["metric"], data["capacity"]) for _, _, key, data in found.edges(keys=True, data=True)]
    assert edges == [("metro%2Fwest/one", 7, 10e9), ("metro%2Fwest/two", 7, 10e9)]


def test_what_networkx_has_read_and_written_again_is_the_same_topology() -> None:
    through = "\n".join(nx.generate_graphml(nx.parse_graphml(export(TOPOLOGY, "graphml"))))

    assert load(through, source="test").topology.id == TOPOLOGY.id


def test_a_value_that_was_changed_in_an_editor_is_read() -> None:
    text = export(TOPOLOGY, "graphml").replace('"edge-metric">7<', '"edge-metric">9<')

    assert {link.metric for link in load(text, source="test").topology.links.values()} == {9}
