from __future__ import annotations

from typing import Any

import pytest

from forestall.api.base import Key
from forestall.twin.formats import load
from forestall.twin.topology import DEMAND, GROUP, NODE, Demand, Gate, RiskGroup
from tests.unit.twin.formats.documents import document, network

A, B = (Key(NODE, "n", name) for name in "ab")
POD = Key("Pod", "shop", "web-1")


def element(key: Key) -> dict[str, str]:
    return {"kind": key.kind, "namespace": key.namespace, "name": key.name}


def node(key: Key) -> dict[str, str]:
    return {"network-ref": key.namespace, "node-ref": key.name}


GROUP_A: dict[str, Any] = {
    "name": "duct",
    "cause": "conduit",
    "probability": "1e-2",
    "member": [element(B), element(A)],
}
GATE: dict[str, Any] = {"id": 7, "owner": element(POD), "needs": 1, "member": [element(A)], "reason": "quorum"}
DEMAND_A: dict[str, Any] = {"name": "d", "source": node(A), "target": node(B), "amount": "2.5e9"}


def test_groups_gates_and_demands_are_read() -> None:
    loaded = load(document(network(), risk_group=[GROUP_A], gate=[GATE], demand=[DEMAND_A]), source="test")
    topology = loaded.topology

    group = RiskGroup(key=Key(GROUP, "", "duct"), cause="conduit", members=(A, B), probability=0.01)
    assert list(topology.groups.values()) == [group]
    assert topology.gates == (Gate(owner=POD, needs=1, members=(A,), reason="quorum"),)
    assert list(topology.demands.values()) == [Demand(key=Key(DEMAND, "", "d"), source=A, target=B, amount=2.5e9)]
    assert not loaded.defects


@pytest.mark.parametrize(
    ("name", "said", "field"),
    [
        ("risk_group", {**GROUP_A, "cause": "flood"}, "cause"),
        ("risk_group", {**GROUP_A, "member": [element(A), {"kind": "NetworkNode"}]}, "name"),
        ("risk_group", {"cause": "site"}, "name"),
        ("gate", {**GATE, "needs": -1}, "needs"),
        ("gate", {**GATE, "owner": None}, "kind"),
        ("demand", {**DEMAND_A, "amount": "-1"}, "amount"),
        ("demand", {**DEMAND_A, "target": {"node-ref": "b"}}, "network-ref"),
    ],
)
def test_what_is_not_whole_is_left_out_and_told(name: str, said: object, field: str) -> None:
    loaded = load(document(network(), **{name: [said]}), source="test")

    assert not any((loaded.topology.groups, loaded.topology.gates, loaded.topology.demands))
    assert [defect.message.partition(":")[0] for defect in loaded.defects if defect.fatal] == [field]


@pytest.mark.parametrize("probability", ["1.1", "-1", "likely", True])
def test_an_unusable_probability_is_not_known(probability: object) -> None:
    loaded = load(document(network(), risk_group=[{**GROUP_A, "probability": probability}]), source="test")

    assert loaded.topology.groups[Key(GROUP, "", "duct")].probability is None
    assert [defect.fatal for defect in loaded.defects] == [False]


def test_of_groups_of_one_name_that_differ_none_is_read() -> None:
    loaded = load(document(network(), risk_group=[GROUP_A, {**GROUP_A, "cause": "site"}]), source="test")

    assert not loaded.topology.groups
    assert [defect.path for defect in loaded.defects] == ["/ietf-network:networks/forestall-topology:risk-group/1"]
