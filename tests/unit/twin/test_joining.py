"""One topology of what is declared, seen and measured."""

from __future__ import annotations

from forestall.api.base import Key
from forestall.twin.joining import Joint, Measured, cluster_node, together
from forestall.twin.live import Live
from forestall.twin.topology import NODE, Network, NetworkNode, RiskGroup, Topology
from tests.unit.twin.networks import A, B, C, cable, demand, platform, ring, router
from tests.unit.twin.objects import node

ZONE = "topology.kubernetes.io/zone"


def joined(declared: Topology, *objects: object, measured: Measured = Measured()) -> Topology:  # noqa: B008
    live = Live({ZONE: "zone"})
    for one in objects:
        live.apply("Node", one)
    live.declare(declared)
    live.measure(measured)
    return live.snapshot().topology


def test_a_platform_node_is_up_while_its_kubernetes_node_is_ready() -> None:
    found = joined(platform({"one": "a", "two": "b"}), node("one"), node("two", ready=False))
    assert {key.name: each.up for key, each in found.nodes.items()} == {"one": True, "two": False}


def test_what_the_cluster_does_not_know_stays_as_it_is_declared() -> None:
    assert joined(platform({"elsewhere": "a"}), node("one")).nodes[router("elsewhere", "cluster")].up


def test_a_router_that_bears_the_name_of_a_kubernetes_node_is_another_thing() -> None:
    found = joined(ring(), node("a", ready=False))
    assert found.nodes[A].up
    assert cluster_node(found, A) == ""
    assert cluster_node(platform({"one": "a"}), router("one", "cluster")) == cluster_node(found, Key("Node", "", "one"))


def test_nodes_of_one_zone_are_one_risk_group() -> None:
    found = joined(ring(), node("one", labels={ZONE: "x"}), node("two", labels={ZONE: "x"}), node("three"))
    [group] = found.groups.values()
    assert (group.key.name, group.cause) == (f"{ZONE}=x", "zone")
    assert group.members == (Key("Node", "", "one"), Key("Node", "", "two"))
    assert together(found, [group.key, A]) == tuple(sorted((*group.members, A)))


def test_a_group_of_kubernetes_nodes_takes_their_platform_nodes_along_and_the_other_way_round() -> None:
    one, twin = Key("Node", "", "one"), router("one", "cluster")
    found = joined(platform({"one": "a"}), node("one", labels={ZONE: "x"}))
    [group] = found.groups.values()
    assert set(group.members) == {one, twin}
    assert together(found, [one]) == together(found, [twin]) == group.members


def test_what_is_measured_takes_the_place_of_what_is_declared() -> None:
    declared = ring("abc", demand("a", "b", 5.0), demand("b", "c", 7.0))
    up = {cable("a", "b"): False, C: False}
    found = joined(declared, measured=Measured(up, {cable("b", "c"): 3.0}, {(A, B): 9.0}))
    assert not found.links[cable("a", "b")].up
    assert not found.nodes[C].up
    assert found.links[cable("b", "c")].capacity == 3.0
    amounts = {(one.source, one.target): one.amount for one in found.demands.values()}
    assert amounts == {(A, B): 9.0, (B, C): 7.0}


def test_what_is_measured_of_unknown_elements_is_left_out() -> None:
    unknown = Key(NODE, "backbone", "x")
    measured = Measured({unknown: False}, {Key("NetworkLink", "backbone", "x"): 1.0}, {(A, unknown): 1.0})
    assert joined(ring(), measured=measured).id == joined(ring()).id


def test_the_same_topology_is_given_while_nothing_that_it_is_made_of_changes() -> None:
    joint, declared = Joint({}), ring()
    first = joint.of(declared, {}, Measured())
    assert joint.of(declared, {}, Measured()) is first
    assert joint.of(declared, {}, Measured({A: False})) is not first


def test_a_group_that_a_document_declares_keeps_its_own_members() -> None:
    group = RiskGroup(key=Key("RiskGroup", "", "duct"), cause="conduit", members=(cable("a", "b"), cable("b", "a")))
    declared = Topology.of(networks=[Network(id="backbone", layer="ip")], nodes=[NetworkNode(key=A)], groups=[group])
    assert joined(declared).groups == {group.key: group}
