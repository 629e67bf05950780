"""The city's network holds what its description promises, and its policies find it and answer it so."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.inspection.inspect import inspect
from forestall.inspection.report import Observation
from forestall.planning.propose import Nothing, Proposal, propose
from forestall.twin.defects import Completeness, completeness, defects
from forestall.twin.formats import load
from forestall.twin.topology import Topology
from forestall.twin.views import Snapshot
from tests.unit.inspection.scenes import NOW
from tests.unit.planning.objects import runbook
from tests.unit.twin.objects import live, node
from tests.yang import Yang

CITY = Path(__file__).parents[3] / "examples" / "city"
DOCUMENTS = CITY / "topology"


@cache
def city() -> Topology:
    """Both documents as the twin joins them."""
    found = Topology()
    for file in sorted(DOCUMENTS.glob("*.json")):
        loaded = load(file.read_text(), source=file.name)
        assert not loaded.defects
        found = found.plus(loaded.topology)
    return found


def objects(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((CITY / name).read_text()))


def policy(name: str) -> InspectionPolicy:
    [found] = [one for one in objects("policies.yaml") if one["metadata"]["name"] == name]
    return InspectionPolicy.model_validate(found)


@cache
def snapshot() -> Snapshot:
    twin = live([node("west-1"), node("east-1")])
    twin.declare(city())
    return twin.snapshot()


@cache
def observed() -> dict[str, Observation]:
    """What the policy of the network raises, by qualifier."""
    return {one.spec.qualifier: one for one in inspect(policy("network"), snapshot(), {}, {}, NOW).observations}


def answer(qualifier: str) -> Proposal | Nothing:
    """The plan that is made for a finding, or why there is none."""
    seen = observed()[qualifier]
    status = {"class": "Risk", "detectedAt": NOW, "targets": [one.to_json() for one in seen.targets]}
    body = {"metadata": {"name": "found", "namespace": "city"}, "spec": seen.spec.to_json(), "status": status}
    return propose(
        policy("network"),
        Finding.model_validate(body),
        [],
        proposer="forestall",
        runbooks={"retune": runbook("SetMetrics")},
        snapshot=snapshot(),
        measurements={},
        now=NOW + timedelta(seconds=1),
    )


def evidence(qualifier: str) -> dict[str, float]:
    """Values of a finding's evidence, by what they are of."""
    return {one.message: float(one.value) for one in observed()[qualifier].evidence if one.value is not None}


def test_the_documents_are_valid_and_complete() -> None:
    for file in DOCUMENTS.glob("*.json"):
        Yang().validate(file.read_text())
    assert not defects(city())
    assert completeness(city()) == Completeness(coverage=1, attributes=1)


def test_nothing_is_broken_and_no_link_is_fuller_than_is_said() -> None:
    [room] = [one for one in inspect(policy("network"), snapshot(), {}, {}, NOW).goals if one.name == "room"]
    assert (room.observed, room.predicted) == ("Fulfilled", "NotFulfilled")
    assert float(room.value or 1) < 0.64
    assert {one.finding_class for one in observed().values()} == {"Risk"}


def test_a_router_is_a_single_point_of_failure_though_the_clinic_has_two_cables() -> None:
    assert observed()["routers/clinic/networkNode/city/market"].spec.type == "SinglePointOfFailure"
    assert "routers/clinic/networkNode/city/harbour" not in observed()


def test_two_cables_of_one_conduit_overload_what_is_left() -> None:
    told = "without riskGroup/river-bridge: west-harbour, the fullest of those overloaded"
    assert evidence("ducts/city")[told] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("lost", "link", "use"), [("north-west", "east-north", 1.4), ("east-west", "west-north", 1.15)]
)
def test_a_cable_that_is_lost_overloads_another_one(lost: str, link: str, use: float) -> None:
    told = f"without link/city/{lost}: {link}, the fullest of those overloaded"
    assert evidence("cables/city")[told] == pytest.approx(use)


def test_while_works_go_on_one_more_failure_breaks_a_goal_that_it_would_not_break_today() -> None:
    told = "without link/city/east-market: demand that has no way, in bit/s"
    assert evidence("works/city/harbour-works")[told] == 3e9
    assert not any(message.startswith("without link/city/east-market") for message in evidence("cables/city"))
    assert "room" in observed()["works/city/harbour-works"].affected_goals


def test_one_metric_would_overload_another_link_and_two_are_proposed() -> None:
    proposal = answer("cables/city")
    assert isinstance(proposal, Proposal)
    tried = {one.candidate.parameters[0].value: one for one in proposal.simulated if one.candidate.parameters}
    assert (tried["1"].candidate.verdict, tried["4"].candidate.verdict) == ("Rejected", "Chosen")
    assert tried["1"].candidate.counterexample == (
        "link west-north carries 1.0500 of its capacity when link/city/east-market is lost, "
        "with link east-north: metric 10 -> 40"
    )
    network = tried["4"].prediction.network
    assert network is not None
    assert [figures.failing for figures in (network.before, network.during, network.after)] == [2, 2, 0]
    assert len(network.changes) == 2


def test_against_the_conduit_no_metric_helps() -> None:
    found = answer("ducts/city")
    assert isinstance(found, Nothing)
    assert "no change of 4 metrics carries more" in found.reason


def test_the_nodes_stand_at_the_data_centres_and_the_service_at_one_of_them() -> None:
    standing = {key.name: one.supporting for key, one in city().nodes.items() if key.namespace == "cluster"}
    assert standing == {f"{site}-1": (Key("NetworkNode", "city", site),) for site in ("west", "east")}
    [spec] = [one["spec"]["template"]["spec"] for one in objects("application.yaml") if one["kind"] == "Deployment"]
    [preferred] = spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred["preference"]["matchExpressions"][0]["values"] == ["west-1"]


def test_the_documents_are_made_into_config_maps_where_the_twin_looks_for_them() -> None:
    made = yaml.safe_load((DOCUMENTS / "kustomization.yaml").read_text())
    [body] = objects("twin.yaml")
    [source] = [one.topology for one in NetworkTwin.model_validate(body).spec.sources if one.topology]
    assert source.namespaces == (made["namespace"],)
    assert made["generatorOptions"]["labels"] == {"forestall.dev/topology": "true"}
    listed = [file for one in made["configMapGenerator"] for file in one["files"]]
    assert listed == [file.name for file in sorted(DOCUMENTS.glob("*.json"))]


@pytest.mark.parametrize("name", ["network", "orders"])
def test_policies_ask_the_twin_and_the_network_that_there_are(name: str) -> None:
    spec = policy(name).spec
    assert spec.twin_ref.name == "city"
    assert "city" in city().networks
