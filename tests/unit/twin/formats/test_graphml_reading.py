from __future__ import annotations

import networkx as nx
import pytest

from forestall.api.base import Key
from forestall.twin.formats import UnreadableTopologyError, load
from forestall.twin.topology import GROUP, NODE

HEAD = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="edge" attr.name="capacity" attr.type="double"><default>1e9</default></key>
<key id="d1" for="edge" attr.name="srlg" attr.type="string"/>
<key id="d2" for="all" attr.name="label" attr.type="string"/>
<key id="d3" for="node" attr.name="up" attr.type="boolean"/>
<key id="d4" for="node" yfiles.type="nodegraphics"/>
"""


def graph(inner: str, said: str = 'id="n" edgedefault="undirected"') -> str:
    return f"{HEAD}<graph {said}>{inner}</graph></graphml>"


def test_an_edge_of_an_undirected_graph_leads_both_ways_with_the_data_of_its_keys() -> None:
    loaded = load(
        graph(
            '<node id="a"><data key="d2">Ämsterdam &lt;1&gt;</data><data key="d3">false</data></node>'
            '<node id="b"><data key="d4"><shape/></data></node>'
            '<edge source="a" target="b"><data key="d1">4, 17</data></edge>'
            '<edge id="e" source="a" target="b" directed="true"><data key="d0">2.5e9</data></edge>'
        ),
        source="test",
    )
    topology = loaded.topology

    assert {key.name: link.capacity for key, link in topology.links.items()} == {
        "a to b": 1e9,
        "b to a": 1e9,
        "e": 2.5e9,
    }
    assert [len(topology.groups[Key(GROUP, "", name)].members) for name in ("srlg-17", "srlg-4")] == [2, 2]
    node = topology.nodes[Key(NODE, "n", "a")]
    assert (node.attributes, node.up) == ({"label": "Ämsterdam <1>"}, False)
    assert topology.nodes[Key(NODE, "n", "b")].attributes == {}


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE graphml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><graphml>&b;</graphml>',
        '<!DOCTYPE graphml SYSTEM "file:///etc/passwd"><graphml/>',
        "<!DOCTYPE graphml><graphml/>",
        "<graphml>&a;</graphml>",
    ],
)
def test_a_document_type_and_entities_of_its_own_are_refused(text: str) -> None:
    with pytest.raises(UnreadableTopologyError):
        load(text, source="test")


@pytest.mark.parametrize(
    "text", ["<graphml>", "<graph/>", "<graphml/><graphml/>", "<a:graphml/>", graph("<node id='a'>"), "<g>" * 100_000]
)
def test_what_is_no_graphml_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableTopologyError):
        load(text, source="test", format="graphml")


def test_elements_that_are_nested_too_deeply_are_refused_by_their_path() -> None:
    with pytest.raises(UnreadableTopologyError, match="nested") as caught:
        load(graph("<node id='a'>" + "<data>" * 50), source="test")

    assert caught.value.path.startswith("/graphml/graph[1]/node[1]/data[1]/data[1]")


@pytest.mark.parametrize(
    "inner", ['<hyperedge><node id="x"/></hyperedge>', '<node id="a"><graph><node id="x"/></graph></node>']
)
def test_what_is_not_read_is_told_with_all_that_is_in_it(inner: str) -> None:
    loaded = load(graph(inner), source="test")

    assert "x" not in {key.name for key in loaded.topology.nodes}
    assert [defect.fatal for defect in loaded.defects] == [True, False]


def test_data_that_are_not_of_their_type_are_told() -> None:
    loaded = load(graph('<node id="a"><data key="d3">perhaps</data></node><node/>'), source="test")

    assert loaded.topology.nodes[Key(NODE, "n", "a")].up
    assert [(defect.path, defect.fatal) for defect in loaded.defects] == [
        ("/graphml/graph[1]/node[1]", False),
        ("/graphml/graph[1]/network-types", False),
        ("/graphml/graph[1]/node[2]/node-id", True),
    ]


def test_defaults_are_few_and_short_since_every_element_has_them() -> None:
    keys = "".join(
        f'<key id="k{place}" for="node" attr.name="k{place}"><default>{"x" * length}</default></key>'
        for place, length in [*((place, 1) for place in range(40)), (40, 5000)]
    )
    loaded = load(f'<graphml>{keys}<graph><node id="a"/></graph></graphml>', source="test")

    assert len(next(iter(loaded.topology.nodes.values())).attributes) == 32
    assert sum(defect.fatal for defect in loaded.defects) == 9


def test_what_networkx_writes_is_read() -> None:
    drawn: nx.MultiGraph[str] = nx.MultiGraph(name="ring")
    drawn.add_edges_from([("a", "b", {"metric": 3}), ("b", "c", {"metric": 4}), ("b", "c", {"metric": 5})])
    loaded = load("\n".join(nx.generate_graphml(drawn)), source="ring")

    found = sorted((link.tail, link.head, link.metric) for link in loaded.topology.links.values())
    assert found == [("a", "b", 3), ("b", "a", 3), ("b", "c", 4), ("b", "c", 5), ("c", "b", 4), ("c", "b", 5)]
