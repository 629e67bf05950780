from __future__ import annotations

import json
from typing import Any

import pytest

from forestall.api.base import Key
from forestall.twin.formats import Loaded, export, load
from forestall.twin.topology import LINK, NODE, Network, NetworkLink, NetworkNode, Topology


def graph(*links: dict[str, Any], **members: Any) -> Loaded:
    nodes = [{"id": "a", "label": "Amsterdam", "properties": {"vendor": "x"}}, {"id": "b"}]
    said = {"type": "NetworkGraph", "protocol": "OLSR", "version": "0.8", "metric": "ETX", "nodes": nodes}
    return load(json.dumps({**said, "links": list(links), **members}), source="mesh")


def test_a_link_leads_both_ways_and_its_cost_is_the_metric() -> None:
    loaded = graph({"source": "a", "target": "b", "cost": 2.0, "properties": {"capacity": 1e9, "colour": "red"}})

    found = [(link.tail, link.head, link.metric, link.capacity) for link in loaded.topology.links.values()]
    assert found == [("a", "b", 2, 1e9), ("b", "a", 2, 1e9)]
    assert [link.attributes for link in loaded.topology.links.values()] == [{"colour": "red"}] * 2


def test_parallel_links_are_links_of_their_own() -> None:
    loaded = graph(*({"source": "a", "target": "b", "cost": 1},) * 2)

    assert [key.name for key in loaded.topology.links] == ["a to b", "a to b, 2", "b to a", "b to a, 2"]
    assert [defect.message.partition(":")[0] for defect in loaded.defects] == ["network-types"]


def test_what_else_it_says_is_kept() -> None:
    loaded = graph()

    assert loaded.topology.networks["mesh"].attributes == {"protocol": "OLSR", "version": "0.8", "metric": "ETX"}
    assert loaded.topology.nodes[Key(NODE, "mesh", "a")].attributes == {"label": "Amsterdam", "vendor": "x"}


@pytest.mark.parametrize("cost", [1.5, 0, -1, "x", True])
def test_a_link_of_a_cost_that_is_no_metric_is_left_out(cost: object) -> None:
    loaded = graph({"source": "a", "target": "b", "cost": cost})

    assert not loaded.topology.links
    assert [defect.fatal for defect in loaded.defects if "metric:" in defect.message] == [True, True]


def test_a_collection_has_a_graph_for_each_network() -> None:
    keys = [Key(NODE, name, "a") for name in ("m", "n")]
    topology = Topology.of(
        networks=[Network(id=name, layer="ip") for name in ("m", "n")],
        nodes=[NetworkNode(key=key) for key in keys],
        links=[NetworkLink(key=Key(LINK, "n", "aa"), tail="a", head="a")],
    )
    found = json.loads(export(topology, "netjson"))

    assert [part["topology_id"] for part in found["collection"]] == ["m", "n"]
    assert found["collection"][1]["links"][0]["properties"]["forestall"] == {"link-id": "aa"}
