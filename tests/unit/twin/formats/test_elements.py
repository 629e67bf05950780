from __future__ import annotations

from typing import Any

import pytest

from forestall.api.base import Key
from forestall.twin.formats import load
from forestall.twin.topology import GROUP, LINK, NODE, UNLIMITED
from tests.unit.twin.formats.documents import (
    L2,
    L3,
    LINKS,
    TE,
    Json,
    bandwidth,
    document,
    link,
    link_of,
    network,
    node_of,
    read,
    told,
)


def te_status(status: str, administrative: str | None = None) -> dict[str, Any]:
    inner = {} if administrative is None else {"te-link-attributes": {"admin-status": administrative}}
    return {"oper-status": status, **inner}


def test_the_layer_follows_from_the_types_of_the_network() -> None:
    for types, layer in ((L3, "ip"), (L2, "link"), ({**TE, **L3}, "ip")):
        assert read(types=types).topology.networks["n"].layer == layer

    nested: Json = {"ietf-te-topology:te-topology": {"ietf-wson-topology:wson-topology": {}}}
    assert read(types=nested).topology.networks["n"].layer == "physical"


def test_our_own_layer_goes_before_that_of_the_types() -> None:
    loaded = load(document(network(types=L3) | {"forestall-topology:layer": "physical"}), source="test")

    assert loaded.topology.networks["n"].layer == "physical"
    assert not loaded.defects


def test_a_network_of_unknown_types_is_taken_as_ip_and_that_is_told() -> None:
    loaded = read(types=TE)

    assert loaded.topology.networks["n"].layer == "ip"
    assert told(loaded) == [("/ietf-network:networks/network/0/network-types", "network-types", False)]


def test_units_become_bit_per_second_and_microseconds() -> None:
    loaded = read(link(l2={"rate": "10000000", "delay": 250}), link("ba", "b", "a", te=bandwidth("0x1.2a05f2p+30")))

    assert (link_of(loaded).capacity, link_of(loaded).delay) == (10e9, 250)
    assert link_of(loaded, "ba").capacity == 10e9
    assert not loaded.defects


@pytest.mark.parametrize("said", ["0x1.2A05F2P+30", "0x4a817c80", "1250000000"])
def test_a_bandwidth_is_a_hexadecimal_float_or_a_whole_number(said: str) -> None:
    assert link_of(read(link(te=bandwidth(said)))).capacity == 10e9


@pytest.mark.parametrize("said", ["10G", "inf", "nan", "-0x1p+9", "0x1p+9999", "1e9", "0x0p+0", "9" * 5000, 7, None])
def test_an_unusable_bandwidth_leaves_a_link_without_capacity(said: object) -> None:
    loaded = read(link(te=bandwidth(said)))  # type: ignore[arg-type]

    assert link_of(loaded).capacity == UNLIMITED
    place = f"{LINKS}/0/ietf-te-topology:te/te-link-attributes/max-link-bandwidth/te-bandwidth/generic"
    assert told(loaded) == [(place, "generic", False)]


def test_slots_of_an_optical_link_are_no_capacity_and_kept() -> None:
    loaded = read(link(te=bandwidth("0,2,3,1")))

    assert link_of(loaded).capacity == UNLIMITED
    assert link_of(loaded).attributes == {"ietf-te-topology:te": bandwidth("0,2,3,1")}
    assert not loaded.defects


def test_two_capacities_that_differ_by_their_precision_are_one() -> None:
    loaded = read(link(l2={"rate": "10000000"}, te=bandwidth("0x1.2a05f4p+30")))

    assert link_of(loaded).capacity == pytest.approx(10e9, rel=1e-6)
    assert not loaded.defects


def test_capacities_that_contradict_each_other_are_both_not_taken() -> None:
    bits_for_bytes = bandwidth("0x1.2a05f2p+33")
    loaded = read(link(l2={"rate": "10000000"}, te=bits_for_bytes))

    assert link_of(loaded).capacity == UNLIMITED
    assert told(loaded) == [(f"{LINKS}/0", "capacity", False)]
    assert "8e+10 and 1e+10" in loaded.defects[0].message


def test_a_capacity_of_our_own_goes_before_others_and_a_contradiction_is_told() -> None:
    loaded = read(link(capacity="1e9", l2={"rate": "10000000"}))

    assert link_of(loaded).capacity == 1e9
    assert told(loaded) == [(f"{LINKS}/0", "capacity", False)]


def test_the_metric_is_that_of_routing_and_the_te_metric_only_without_it() -> None:
    both = link(l3={"metric1": "10"}, te={"te-link-attributes": {"te-default-metric": 7}})
    only = link(te={"te-link-attributes": {"te-default-metric": 7}})

    assert link_of(read(both)).metric == 10
    assert link_of(read(both)).attributes == {"ietf-te-topology:te": {"te-link-attributes": {"te-default-metric": 7}}}
    assert link_of(read(only, types=TE)).metric == 7
    assert link_of(read(only, types=L3)).metric == 1
    assert link_of(read(link(metric="3", l3={"metric1": "10"}))).metric == 3


@pytest.mark.parametrize("said", ["0", "-1", "4294967296", "ten", "1.5", 0, 1.5, None, True, [], "1" * 5000])
def test_a_link_without_a_usable_metric_is_left_out(said: object) -> None:
    loaded = read(link(l3={"metric1": said}), link("ba", "b", "a"))

    assert [key.name for key in loaded.topology.links] == ["ba"]
    place = f"{LINKS}/0/ietf-l3-unicast-topology:l3-link-attributes/metric1"
    assert (place, "metric1", True) in told(loaded)


def test_a_64_bit_number_that_is_no_string_is_read_and_told() -> None:
    loaded = read(link(l3={"metric1": 10}))

    assert link_of(loaded).metric == 10
    assert told(loaded) == [(f"{LINKS}/0/ietf-l3-unicast-topology:l3-link-attributes/metric1", "metric1", False)]


@pytest.mark.parametrize(
    ("status", "up"),
    [("up", True), ("down", False), ("testing", False), ("maintenance", False), ("preparing-maintenance", True)],
)
def test_a_link_is_up_by_its_operational_status(status: str, up: bool) -> None:
    assert link_of(read(link(te=te_status(status)))).up is up


def test_the_administrative_status_counts_where_the_operational_one_is_not_given() -> None:
    down = {"te-link-attributes": {"admin-status": "down"}}

    assert link_of(read(link(te=down))).up is False
    assert link_of(read(link(te={**down, "oper-status": "up"}))).up is True


def test_an_unusable_status_is_told() -> None:
    loaded = read(link(te={"oper-status": "sideways"}))

    assert link_of(loaded).up is True
    assert told(loaded) == [(f"{LINKS}/0/ietf-te-topology:te/oper-status", "oper-status", False)]


def test_shared_risk_link_groups_of_the_same_number_are_one_group_over_all_networks() -> None:
    shared = {"te-link-attributes": {"te-srlgs": {"value": [17, 4]}}}
    lower = {**network(link(te=shared)), "network-id": "optical"}
    loaded = load(document(network(link(te=shared)), lower), source="test")

    groups = loaded.topology.groups
    assert [(key.name, group.cause) for key, group in groups.items()] == [("srlg-17", "srlg"), ("srlg-4", "srlg")]
    assert groups[Key(GROUP, "", "srlg-17")].members == (Key(LINK, "n", "ab"), Key(LINK, "optical", "ab"))


def test_links_rest_on_links_and_nodes_of_lower_layers() -> None:
    beneath: Json = {
        "supporting-link": [{"network-ref": "o", "link-ref": "f1"}, {"network-ref": "o", "link-ref": "f1"}],
        "forestall-topology:supporting-node": [{"network-ref": "o", "node-ref": "amplifier"}],
    }

    assert link_of(read(link() | beneath)).supporting == (Key(LINK, "o", "f1"), Key(NODE, "o", "amplifier"))


def test_a_reference_that_says_not_to_what_is_left_out_and_the_element_stays() -> None:
    loaded = read(link(supporting=[{"network-ref": "o"}, {"network-ref": "o", "link-ref": "f"}]))

    assert link_of(loaded).supporting == (Key(LINK, "o", "f"),)
    assert told(loaded) == [(f"{LINKS}/0/supporting-link/0/link-ref", "link-ref", True)]


def test_what_is_not_known_is_kept_by_its_qualified_name() -> None:
    known = {
        "example-net:colour": "red",
        "ietf-l3-unicast-topology:l3-link-attributes": {"name": "east", "metric1": "2"},
    }
    loaded = read({**link(), **known})

    assert link_of(loaded).attributes == {
        "example-net:colour": "red",
        "ietf-l3-unicast-topology:l3-link-attributes": {"name": "east"},
    }


def test_a_member_without_its_module_is_told_and_not_kept() -> None:
    said = network(link())
    said["link"] = said.pop("ietf-network-topology:link")
    loaded = load(document(said), source="test")

    assert not loaded.topology.links
    assert told(loaded) == [("/ietf-network:networks/network/0/link", "link", True)]


def test_nodes_have_points_prefixes_and_their_status() -> None:
    node = {
        "node-id": "a",
        "ietf-network-topology:termination-point": [{"tp-id": "1/0", "example-net:colour": "red"}, {"tp-id": "1/1"}],
        "ietf-l3-unicast-topology:l3-node-attributes": {"router-id": ["192.0.2.1"]},
        "ietf-te-topology:te": {"oper-status": "down"},
        "forestall-topology:passive": True,
        "supporting-node": [{"network-ref": "o", "node-ref": "a"}],
    }
    found = node_of(load(document(network(nodes=[node])), source="test"), "a")

    assert [(point.name, point.attributes) for point in found.points] == [
        ("1/0", {"example-net:colour": "red"}),
        ("1/1", {}),
    ]
    assert (found.up, found.passive, found.supporting) == (False, True, (Key(NODE, "o", "a"),))
    assert found.attributes == {"ietf-l3-unicast-topology:l3-node-attributes": {"router-id": ["192.0.2.1"]}}
    assert found.provenance[""].source == "test"


def test_points_of_one_name_that_differ_are_told() -> None:
    points = [{"tp-id": "1"}, {"tp-id": "1"}, {"tp-id": "1", "example-net:colour": "red"}]
    node = {"node-id": "a", "ietf-network-topology:termination-point": points}
    loaded = load(document(network(nodes=[node])), source="test")

    assert [point.name for point in node_of(loaded, "a").points] == ["1"]
    assert [fatal for _, _, fatal in told(loaded)] == [True]
