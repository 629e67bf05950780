"""Topologies: what is in them, what names them, and edits that leave them as they are."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from forestall.api.base import Key
from forestall.twin.topology import LINK, NODE, Network, NetworkLink, NetworkNode, Provenance, Topology

A, B = (NetworkNode(key=Key(NODE, "core", name)) for name in "ab")
OUT = NetworkLink(key=Key(LINK, "core", "a-b"), tail="a", head="b", attributes={"x": 1, "y": {"p": 1, "q": 2}})
CORE = Network(id="core", layer="ip")
CABLE = Topology.of(networks=[CORE], nodes=[B, A], links=[OUT])


def test_elements_are_ordered_by_key_whatever_order_they_came_in() -> None:
    assert list(CABLE.nodes) == [A.key, B.key]
    assert CABLE.id == Topology.of(networks=[CORE], nodes=[A, B], links=[OUT]).id


def test_two_elements_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="NetworkNode/core/a: there is one of that name already"):
        Topology.of(nodes=[A, A])


@pytest.mark.parametrize(
    "changed", [replace(OUT, metric=2), replace(OUT, capacity=1e9), replace(OUT, up=False), replace(OUT, attributes={})]
)
def test_the_id_tells_contents_apart(changed: NetworkLink) -> None:
    assert CABLE.with_links([changed]).id != CABLE.id


def test_neither_the_time_of_reading_nor_the_order_of_attributes_is_content() -> None:
    read = {"": Provenance(source="file", at=datetime(2026, 1, 1, tzinfo=UTC))}
    turned = {"y": {"q": 2, "p": 1}, "x": 1}
    assert CABLE.with_links([replace(OUT, provenance=read, attributes=turned)]).id == CABLE.id


def test_an_edit_gives_a_new_topology_and_knows_no_new_elements() -> None:
    edited = CABLE.with_nodes([replace(A, up=False)])
    assert not edited.nodes[A.key].up
    assert CABLE.nodes[A.key].up
    with pytest.raises(KeyError):
        CABLE.with_links([replace(OUT, key=Key(LINK, "core", "b-a"))])


def test_two_topologies_are_one_unless_they_share_a_key() -> None:
    edge = Topology.of(networks=[Network(id="edge", layer="ip")], nodes=[NetworkNode(key=Key(NODE, "edge", "a"))])
    both = CABLE.plus(edge)
    assert list(both.networks) == ["core", "edge"]
    assert both.nodes_of("edge") == tuple(edge.nodes.values())
    assert both.by_network == {"core": [OUT]}
    with pytest.raises(ValueError, match="there is one of that name already"):
        both.plus(CABLE)
