"""A plan for a network: proposed with its figures, never approvable, scored once people have carried it out."""

from dataclasses import replace

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import FINDINGS, PLANS, RUNBOOKS
from forestall.twin.analyses.edits import MoveDemand, SetMetric, TakeOut, edited
from forestall.twin.formats.documents import export
from tests.api.loop.networks import Networks
from tests.api.loop.objects import POLICY, response
from tests.api.loop.shop import Shop, condition, state
from tests.api.person import expect
from tests.unit.planning.networked import HUBS, branch
from tests.unit.twin.networks import B, C, cable, demand, fan

pytestmark = pytest.mark.api

FAN = fan(12e9)
"""12 of 10 Gbit/s over the cable from a to b, which with a metric of 2 would share with two other ways."""
GOAL = {"name": "room", "capacity": {"network": "backbone", "maxUtilisation": 1.0}}


def is_told(shop: Shop, reason: str) -> bool:
    """Whether a finding gives that reason for having no plan. A finding has no status at first."""
    return any(reason in one.get("status", {}).get("noPlanReason", "") for one in shop.all(FINDINGS))


def test_other_metrics_are_proposed_with_figures_and_scored_when_people_have_set_them(
    shop: Shop, networks: Networks
) -> None:
    networks.open()
    networks.put(export(FAN, "rfc8345"))
    shop.until("the runbook", lambda: condition(shop.world.read(RUNBOOKS, "retune"), "Ready") == "True")
    inspection = {"name": "n-1", "contingency": {"network": "backbone", "scopes": ["Link"]}}
    answer = response("Contingency", "retune", mode="Open")
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[inspection], responses=[answer])

    shop.until("a plan", lambda: bool(shop.all(PLANS)))
    (plan,) = shop.all(PLANS)
    found = shop.reaches(plan, "Proposed")
    shop.until("its figures", lambda: "prediction" in shop.get(PLANS, plan["metadata"]["name"])["status"])
    status = shop.get(PLANS, plan["metadata"]["name"])["status"]
    assert (status["mode"], "planDigest" in status, status.get("steps", [])) == ("Propose", False, [])
    assert status["target"]["ref"]["kind"] == "NetworkTwin"
    assert status["diff"] == "1. link a-b: metric 1 -> 2"
    network = status["prediction"]["network"]
    assert network["changes"] == [{"step": 1, "metric": {"link": "a-b", "before": 1, "after": 2}}]
    assert network["inverse"] == [{"step": 1, "metric": {"link": "a-b", "before": 2, "after": 1}}]
    assert [network[when]["utilisation"] for when in ("before", "after")] == ["1.2000", "0.4000"]
    assert [one["verdict"] for one in status["candidates"]] == ["Accepted", "Chosen"]
    assert shop.approve(found).code >= 400

    changed = FAN.with_links([replace(FAN.links[cable("a", "b")], metric=2)])
    networks.put(export(changed, "rfc8345"))
    ended = shop.reaches(plan, "Cancelled")
    assert ended["status"]["message"] == "people have carried it out; prediction 3 of 3 right"
    assert ended["status"]["score"] == {"matched": 3, "total": 3, "error": "0.0000", "message": ""}
    right = "forestall_predicted_facts_right_total"
    shop.until("its score to be counted", lambda: shop.world.operator.metric(right, about="plan") >= 3)
    shop.until("the finding to be cleared", lambda: {state(one) for one in shop.all(FINDINGS)} == {"Cleared"})


def test_where_no_metric_helps_the_finding_says_so(shop: Shop, networks: Networks) -> None:
    networks.open()
    networks.put(export(fan(12e9, ""), "rfc8345"))
    inspection = {"name": "n-1", "contingency": {"network": "backbone", "scopes": ["Link"]}}
    answer = response("Contingency", "retune", mode="Propose")
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[inspection], responses=[answer])
    reason = "no change of 4 metrics carries more"
    shop.until("the reason", lambda: is_told(shop, reason))
    assert shop.all(PLANS) == []


OFFICE, THERE, BACK = branch(6e9), cable("a", "b"), cable("b", "a")
WORKS = {"name": "works", "maintenance": {"network": "backbone"}}


def test_a_window_is_drained_and_taken_out_by_people_as_proposed_and_scored(shop: Shop, networks: Networks) -> None:
    networks.open()
    networks.put(export(OFFICE, "rfc8345"))
    shop.until("the runbook", lambda: condition(shop.world.read(RUNBOOKS, "drain-traffic"), "Ready") == "True")
    answer = response("Maintenance", "drain-traffic", mode="Open")
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[WORKS], responses=[answer])

    shop.until("a plan", lambda: bool(shop.all(PLANS)))
    (plan,) = shop.all(PLANS)
    shop.until("its figures", lambda: "prediction" in shop.get(PLANS, plan["metadata"]["name"]).get("status", {}))
    status = shop.get(PLANS, plan["metadata"]["name"])["status"]
    assert (status["phase"], status["mode"], status.get("steps", [])) == ("Proposed", "Propose", [])
    assert status["diff"].splitlines() == [
        "1. link a-b: metric 1 -> 65535",
        "1. link b-a: metric 1 -> 65535",
        "2. link/backbone/a-b: Up -> Down",
        "2. link/backbone/b-a: Up -> Down",
    ]
    network = status["prediction"]["network"]
    assert network["inverse"][-1] == {"step": 2, "metric": {"link": "b-a", "before": 65_535, "after": 1}}
    figures = [network[when] for when in ("before", "during", "after")]
    assert [(one["utilisation"], one["failing"]) for one in figures] == [("0.7000", 2), ("0.3500", 2), ("0.3500", 2)]

    raised = edited(OFFICE, [SetMetric(THERE, 65_535), SetMetric(BACK, 65_535)])
    networks.put(export(raised, "rfc8345"))
    networks.put(export(edited(raised, [TakeOut(THERE), TakeOut(BACK)]), "rfc8345"))
    ended = shop.reaches(plan, "Cancelled")
    assert ended["status"]["message"] == "people have carried it out; prediction 3 of 3 right"
    reason = "all of riskGroup/works is out of service already"
    shop.until("nothing to be left", lambda: is_told(shop, reason))


def test_a_drain_that_would_harm_is_rejected_whether_the_loop_or_a_person_proposes_it(
    shop: Shop, networks: Networks
) -> None:
    networks.open()
    networks.put(export(branch(6e9, "c"), "rfc8345"))
    shop.until("the runbook", lambda: condition(shop.world.read(RUNBOOKS, "drain-traffic"), "Ready") == "True")
    answer = response("Maintenance", "drain-traffic", mode="Propose")
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[WORKS], responses=[answer])
    reason = "drain-traffic: demand has no way when networkNode/backbone/c is lost"
    shop.until("the reason", lambda: is_told(shop, reason))
    assert shop.all(PLANS) == []

    (finding,) = shop.all(FINDINGS)
    spec = {
        "policyRef": {"name": POLICY},
        "findingRef": {"name": finding["metadata"]["name"]},
        "runbookRef": {"name": "drain-traffic", "version": "1.0.0"},
        "parameters": [{"name": "element", "value": "link/backbone/a-e"}],
        "proposer": "bob",
    }
    body = {"apiVersion": "forestall.dev/v1alpha1", "kind": "RemediationPlan", "metadata": {"name": "by-hand"}}
    plan = {**body, "spec": spec}
    expect(shop.world.person("bob").create(path_of(PLANS, shop.namespace), plan), None)
    ended = shop.reaches(plan, "Cancelled")
    why = "1 Gbit/s of traffic stay on link e-a: it has no other way, begins or ends there"
    assert ended["status"]["message"].startswith(f"the twin rejects it: {why}")
    assert [one["verdict"] for one in ended["status"]["candidates"]] == ["Chosen", "Rejected", "Rejected"], (
        "as it is, as bob says, and as the ladder says"
    )


def test_a_new_home_for_what_is_homed_at_a_node_answers_a_single_point_of_failure(
    shop: Shop, networks: Networks
) -> None:
    networks.open()
    networks.put(export(HUBS, "rfc8345"))
    shop.until("the runbook", lambda: condition(shop.world.read(RUNBOOKS, "re-home"), "Ready") == "True")
    inspection = {"name": "spof", "singlePointOfFailure": {"scope": "NetworkLink"}}
    parameters = [{"name": "node", "value": "d"}, {"name": "home", "value": "b"}]
    answer = response("SinglePointOfFailure", "re-home", mode="Open", parameters=parameters)
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[inspection], responses=[answer])

    shop.until("a plan", lambda: bool(shop.all(PLANS)))
    (plan,) = shop.all(PLANS)
    shop.until("its figures", lambda: "prediction" in shop.get(PLANS, plan["metadata"]["name"]).get("status", {}))
    status = shop.get(PLANS, plan["metadata"]["name"])["status"]
    assert (status["phase"], status["mode"], status["target"]["ref"]["kind"]) == ("Proposed", "Propose", "NetworkTwin")
    assert status["diff"] == "1. 2 demands, 5 Gbit/s: homed at d -> b"
    homing = {"node": "d", "home": "b", "demands": 2, "amount": "5000000000.0000", "staying": 0}
    network = status["prediction"]["network"]
    assert network["changes"] == [{"step": 1, "homing": homing}]
    assert network["inverse"] == [{"step": 1, "homing": {**homing, "node": "b", "home": "d"}}]

    one, other = demand("d", "c", 0).key, demand("c", "d", 0).key
    networks.put(export(edited(HUBS, [MoveDemand(one, B, C), MoveDemand(other, C, B)]), "rfc8345"))
    ended = shop.reaches(plan, "Cancelled")
    assert ended["status"]["message"] == "people have carried it out; prediction 3 of 3 right"
    shop.until("the finding to be cleared", lambda: {state(one) for one in shop.all(FINDINGS)} == {"Cleared"})
