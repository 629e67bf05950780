"""Goals and inspections on networks: risks before a failure, problems after it, on a real API server."""

from dataclasses import replace

import pytest

from forestall.adapters.resources import FINDINGS, POLICIES
from forestall.twin.formats.documents import export
from forestall.twin.topology import Topology
from tests.api.loop.networks import Networks
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop, state
from tests.unit.twin.networks import GIGABIT, cable, demand, platform, ring

pytestmark = pytest.mark.api

RING = ring("abcd", demand("a", "b", 7 * GIGABIT), demand("a", "c", 4 * GIGABIT))
"""Without the cable between a and b, 11 of 10 Gbit/s go the other way round."""
GOAL = {"name": "room", "capacity": {"network": "backbone", "maxUtilisation": 1.0}}


def without(topology: Topology, one: str, other: str) -> Topology:
    """The topology with a cable down."""
    links = [topology.links[cable(*ends)] for ends in ((one, other), (other, one))]
    return topology.with_links(replace(link, up=False) for link in links)


def finding(shop: Shop, qualifier: str) -> Json:
    """The finding with that qualifier; an empty one while there is none."""
    return next((one for one in shop.all(FINDINGS) if one["spec"].get("qualifier") == qualifier), {})


def goal(shop: Shop, name: str) -> Json:
    """How a goal of the policy stands."""
    goals: list[Json] = shop.get(POLICIES, POLICY).get("status", {}).get("goals", [])
    return next((one for one in goals if one["name"] == name), {})


def test_a_loss_is_a_risk_before_it_comes_a_problem_when_it_is_there_and_gone_when_it_is_mended(
    shop: Shop, networks: Networks
) -> None:
    networks.open()
    networks.put(export(RING, "rfc8345"))
    inspection = {"name": "n-1", "contingency": {"network": "backbone"}}
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[inspection], responses=[])

    shop.until("the risk", lambda: state(finding(shop, "n-1/backbone")) == "Open")
    risk = finding(shop, "n-1/backbone")
    assert (risk["spec"]["type"], risk["status"]["class"]) == ("Contingency", "Risk")
    assert risk["spec"]["resource"] == {"kind": "NetworkTwin", "namespace": "", "name": networks.name}
    values = {one["message"]: one["value"] for one in risk["status"]["evidence"] if "value" in one}
    assert values["without link/backbone/a-b: a-d, the fullest of those overloaded"] == "1.1000"
    assert risk["status"]["snapshotId"].startswith("sha256:")
    standing = ("Fulfilled", "NotFulfilled")  # findings are written first
    shop.until(
        "the goal", lambda: (goal(shop, "room").get("observed"), goal(shop, "room").get("predicted")) == standing
    )

    networks.put(export(without(RING, "a", "b"), "rfc8345"))
    lost = "n-1/backbone/link/backbone/a-b"
    shop.until("the problem", lambda: state(finding(shop, lost)) == "Open")
    problem = finding(shop, lost)["status"]
    assert (problem["class"], problem["severity"], problem["affectedGoals"]) == ("Problem", "major", ["room"])
    shop.until("the goal", lambda: goal(shop, "room").get("observed") == "NotFulfilled")

    networks.put(export(RING, "rfc8345"))
    shop.until("it to be cleared", lambda: state(finding(shop, lost)) == "Cleared")
    assert state(finding(shop, "n-1/backbone")) == "Open"


def test_a_router_under_the_pods_is_a_single_point_of_failure_of_their_service(shop: Shop, networks: Networks) -> None:
    networks.open()
    networks.put(export(RING.plus(platform({"runner-1": "a", "runner-2": "a"})), "rfc8345"))
    inspection = {"name": "routers", "singlePointOfFailure": {"scope": "NetworkNode"}}
    shop.open(twinRef={"name": networks.name}, inspections=[inspection], responses=[])
    shop.until("the risk", lambda: state(finding(shop, "routers/web/networkNode/backbone/a")) == "Open")
    risk = finding(shop, "routers/web/networkNode/backbone/a")
    assert (risk["status"]["class"], risk["spec"]["resource"]["kind"]) == ("Risk", "Service")
    assert risk["status"]["trigger"] == {"kind": "Failure", "element": "networkNode/backbone/a"}
    networks.put(export(RING.plus(platform({"runner-1": "a", "runner-2": "b"})), "rfc8345"))
    shop.until("it to be cleared", lambda: state(finding(shop, "routers/web/networkNode/backbone/a")) == "Cleared")


def test_what_nobody_knows_is_an_error_and_no_pass(shop: Shop, networks: Networks) -> None:
    networks.open()
    inspection = {"name": "n-1", "contingency": {"network": "backbone"}}
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[inspection], responses=[])
    counts = shop.get(POLICIES, POLICY)["status"]["inspections"]
    assert [(one["failed"], one["errors"]) for one in counts] == [(0, 1)]
    assert "backbone is not in the twin" in counts[0]["message"]
    assert goal(shop, "room")["observed"] == "Unknown"
