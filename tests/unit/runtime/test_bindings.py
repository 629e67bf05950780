"""Series joined to elements of the twin by label."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.networktwin import MetricBinding
from forestall.ports import Measurement, Sample
from forestall.runtime.bindings import bound, joined, points_of
from forestall.twin.topology import Topology
from tests.unit.gates.scene import NOW
from tests.unit.twin.networks import A, B, cable, ring

LOAD = {"name": "load", "attribute": "load", "kind": "Service", "query": "load", "nameLabel": "service"}
RING = ring()


def binding(**more: str) -> MetricBinding:
    return MetricBinding.model_validate({**LOAD, **more})


def answer(value: str, **labels: str) -> Measurement:
    return Measurement("load", NOW, samples=(Sample(labels, Decimal(value)),))


JOINED: dict[str, tuple[MetricBinding, Measurement, dict[Key, Decimal]]] = {
    "by name and namespace": (
        binding(),
        answer("0.5", service="cart", namespace="shop"),
        {Key("Service", "shop", "cart"): Decimal("0.5")},
    ),
    "by labels of other names": (
        binding(nameLabel="svc", namespaceLabel="ns"),
        answer("0.5", svc="cart", ns="shop"),
        {Key("Service", "shop", "cart"): Decimal("0.5")},
    ),
    "a node, which has no namespace": (
        binding(kind="Node", nameLabel="node"),
        answer("0.5", node="worker-1", namespace="monitoring"),
        {Key("Node", "", "worker-1"): Decimal("0.5")},
    ),
    "without the label": (binding(), answer("0.5", namespace="shop"), {}),
    "with an empty label": (binding(), answer("0.5", service="", namespace="shop"), {}),
    "not a number": (binding(), answer("NaN", service="cart", namespace="shop"), {}),
    "infinite": (binding(), answer("-Infinity", service="cart", namespace="shop"), {}),
    "an error": (binding(), Measurement("load", NOW, error="timed out"), {}),
}


@pytest.mark.parametrize(("made", "told", "found"), JOINED.values(), ids=JOINED.keys())
def test_a_series_is_joined(made: MetricBinding, told: Measurement, found: dict[Key, Decimal]) -> None:
    assert joined(made, told, {}) == found


def of_network(attribute: str, kind: str, **more: str) -> MetricBinding:
    named = {"name": attribute, "attribute": attribute, "kind": kind, "query": "q", "network": "backbone", **more}
    return MetricBinding.model_validate({"nameLabel": "from", **named})


def measured(binding: MetricBinding, *samples: Sample, topology: Topology = RING) -> object:
    found = bound([binding], {"q": Measurement("q", NOW, samples=samples)}, topology)
    return {
        "load": found.loads,
        "up": found.networks.up,
        "capacity": found.networks.capacities,
        "demand": found.networks.demands,
    }[binding.attribute]


def sample(value: str, **labels: str) -> Sample:
    return Sample(labels, Decimal(value))


def test_a_link_is_found_by_its_id_and_by_the_interface_that_it_leaves_from() -> None:
    by_id = of_network("capacity", "NetworkLink", nameLabel="link")
    assert measured(by_id, sample("10", link="a-b")) == {cable("a", "b"): 10.0}
    by_point = of_network("load", "NetworkLink", nameLabel="device", pointLabel="ifName")
    assert measured(by_point, sample("0.5", device="a", ifName="to-b")) == {cable("a", "b"): Decimal("0.5")}
    assert measured(by_point, sample("0.5", device="a", ifName="to-x")) == {}


def test_a_point_that_two_links_leave_from_tells_of_neither() -> None:
    first = RING.links[cable("a", "b")]
    twin = replace(first, key=cable("a", "b-too"))
    both = Topology.of(nodes=RING.nodes.values(), links=[*RING.links.values(), twin])
    assert points_of(RING).keys() - points_of(both).keys() == {("backbone", "a", "to-b")}


def test_up_is_what_is_not_zero() -> None:
    binding = of_network("up", "NetworkLink")
    told = measured(binding, sample("1", **{"from": "a-b"}), sample("0", **{"from": "b-a"}))
    assert told == {cable("a", "b"): True, cable("b", "a"): False}


def test_a_capacity_of_nothing_is_none() -> None:
    assert measured(of_network("capacity", "NetworkLink"), sample("0", **{"from": "a-b"})) == {}


def test_a_demand_leads_from_one_node_to_another_and_is_told_in_three_digits() -> None:
    binding = of_network("demand", "Demand", targetLabel="to")
    assert measured(binding, sample("1234567", **{"from": "a", "to": "b"})) == {(A, B): 1_230_000.0}
    for labels in ({"from": "a"}, {"to": "b"}, {"from": "a", "to": "a"}):
        assert measured(binding, sample("5", **labels)) == {}
    assert measured(binding, sample("-5", **{"from": "a", "to": "b"})) == {}
