from __future__ import annotations

import json

import pytest

from forestall.api.base import Key
from forestall.twin.formats import Limits, UnreadableTopologyError, export, load
from forestall.twin.topology import LINK, NODE, Network, NetworkLink, NetworkNode, RiskGroup, Topology
from tests.unit.twin.formats.documents import L2, LINKS, TE, Json, bandwidth, document, link, network, read, told


def written(topology: Topology) -> Json:
    """The first network of the export."""
    found: Json = json.loads(export(topology, "rfc8345"))["ietf-network:networks"]["network"][0]
    return found


def first_link(topology: Topology) -> Json:
    found: Json = written(topology)["ietf-network-topology:link"][0]
    return found


def one_link(types: Json, **values: object) -> Topology:
    attributes = {"ietf-network:network-types": types}
    return Topology.of(
        networks=[Network(id="n", layer="ip", attributes=attributes)],
        links=[NetworkLink(key=Key(LINK, "n", "ab"), tail="a", head="b", **values)],  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("missing", ["link-id", "source", "destination"])
def test_a_link_without_an_identifier_or_an_end_is_left_out(missing: str) -> None:
    broken = link()
    del broken[missing]
    loaded = read(broken, link("ba", "b", "a"))

    assert [key.name for key in loaded.topology.links] == ["ba"]
    assert [fatal for _, _, fatal in told(loaded)] == [True]


def test_a_link_that_is_there_twice_counts_once() -> None:
    loaded = read(link(), link())

    assert len(loaded.topology.links) == 1
    assert told(loaded) == [(f"{LINKS}/1", "NetworkLink/n/ab is there twice with the same content", False)]


def test_of_links_of_one_name_that_differ_none_is_read() -> None:
    loaded = read(link(), link(head="c"), link())

    assert not loaded.topology.links
    assert [(path, fatal) for path, _, fatal in told(loaded)] == [(f"{LINKS}/1", True), (f"{LINKS}/2", True)]


def test_of_networks_of_one_name_none_is_read() -> None:
    loaded = load(document(network(link()), network()), source="test")

    assert not loaded.topology.networks
    assert not loaded.topology.nodes
    assert [fatal for _, _, fatal in told(loaded)] == [True, True]


def test_what_refers_to_nothing_is_read() -> None:
    loaded = read(link(head="nowhere"))

    assert len(loaded.topology.links) == 1
    assert not loaded.defects


@pytest.mark.parametrize(("limits", "path"), [(Limits(nodes=1), "node/1"), (Limits(links=1), "topology:link/1")])
def test_a_document_of_too_many_elements_is_unreadable(limits: Limits, path: str) -> None:
    with pytest.raises(UnreadableTopologyError) as caught:
        load(document(network(link(), link("ba", "b", "a"))), source="test", limits=limits)

    assert caught.value.path.endswith(path)


@pytest.mark.parametrize("odd", [None, 1, "n", [], [1], {"network": 1}, {"network": [1, None, []]}])
def test_what_is_no_network_is_told(odd: object) -> None:
    loaded = load(json.dumps({"ietf-network:networks": odd}), source="test")

    assert loaded.topology.id == Topology().id
    assert bool(loaded.defects) is (odd is not None)


def test_defects_beyond_a_thousand_are_counted() -> None:
    loaded = read(*({"link-id": f"l{place}"} for place in range(1500)))

    assert len(loaded.defects) == 1001
    assert loaded.defects[-1].message.startswith("500 more")


def test_values_go_where_the_types_of_the_network_have_a_place_for_them() -> None:
    te = first_link(one_link(TE, capacity=10e9, metric=7))
    l2 = first_link(one_link(L2, capacity=10e9, metric=7, delay=250))

    assert te["ietf-te-topology:te"] == {
        "te-link-attributes": {**bandwidth("0x1.2a05f2p+30")["te-link-attributes"], "te-default-metric": 7}
    }
    assert l2["ietf-l2-topology:l2-link-attributes"] == {"rate": "10000000", "delay": 250}
    assert l2["forestall-topology:metric"] == "7"


def test_a_capacity_that_single_precision_does_not_hold_is_written_exactly() -> None:
    assert first_link(one_link(TE, capacity=10e9 + 8))["forestall-topology:capacity"] == "10000000008"


def test_a_link_on_two_others_has_no_te_attributes_since_rfc_8795_allows_none() -> None:
    beneath = (Key(LINK, "o", "f1"), Key(LINK, "o", "f2"))
    found = first_link(one_link(TE, capacity=10e9, up=False, supporting=beneath))

    assert "ietf-te-topology:te" not in found
    assert (found["forestall-topology:capacity"], found["forestall-topology:up"]) == ("10000000000", False)


def test_a_network_of_which_only_the_layer_is_known_has_the_types_of_its_layer() -> None:
    topology = Topology.of(networks=[Network(id="n", layer="ip")], nodes=[NetworkNode(key=Key(NODE, "n", "a"))])

    assert written(topology)["network-types"] == {"ietf-l3-unicast-topology:l3-unicast-topology": {}}


def test_a_numbered_group_of_links_is_told_by_its_links_alone() -> None:
    members = (Key(LINK, "n", "ab"),)
    topology = one_link(TE)
    numbered = topology.plus(
        Topology.of(groups=[RiskGroup(key=Key("RiskGroup", "", "srlg-4"), cause="srlg", members=members)])
    )
    text = export(numbered, "rfc8345")

    assert json.loads(text)["ietf-network:networks"].keys() == {"network"}
    assert first_link(numbered)["ietf-te-topology:te"]["te-link-attributes"]["te-srlgs"] == {"value": [4]}
    assert load(text, source="test").topology.groups == numbered.groups
