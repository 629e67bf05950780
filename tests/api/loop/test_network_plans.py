"""A plan for a network: proposed with its figures, never approvable, scored once people have carried it out."""

from dataclasses import replace

import pytest

from forestall.adapters.resources import FINDINGS, PLANS, RUNBOOKS
from forestall.twin.formats.documents import export
from tests.api.loop.networks import Networks
from tests.api.loop.objects import response
from tests.api.loop.shop import Shop, condition, state
from tests.unit.twin.networks import cable, fan

pytestmark = pytest.mark.api

FAN = fan(12e9)
"""12 of 10 Gbit/s over the cable from a to b, which with a metric of 2 would share with two other ways."""
GOAL = {"name": "room", "capacity": {"network": "backbone", "maxUtilisation": 1.0}}


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
    assert status["diff"] == "link a-b: metric 1 -> 2"
    network = status["prediction"]["network"]
    assert network["changes"] == [{"link": "a-b", "before": 1, "after": 2}]
    assert [network[when]["utilisation"] for when in ("before", "after")] == ["1.2000", "0.4000"]
    assert [one["verdict"] for one in status["candidates"]] == ["Accepted", "Chosen"]
    assert shop.approve(found).code >= 400

    changed = FAN.with_links([replace(FAN.links[cable("a", "b")], metric=2)])
    networks.put(export(changed, "rfc8345"))
    ended = shop.reaches(plan, "Cancelled")
    assert ended["status"]["message"] == "people have carried it out; prediction 3 of 3 right"
    assert ended["status"]["score"] == {"matched": 3, "total": 3, "error": "0.0000", "message": ""}
    assert shop.world.operator.metric("forestall_predicted_facts_right_total", about="plan") >= 3
    shop.until("the finding to be cleared", lambda: {state(one) for one in shop.all(FINDINGS)} == {"Cleared"})


def test_where_no_metric_helps_the_finding_says_so(shop: Shop, networks: Networks) -> None:
    networks.open()
    networks.put(export(fan(12e9, ""), "rfc8345"))
    inspection = {"name": "n-1", "contingency": {"network": "backbone", "scopes": ["Link"]}}
    answer = response("Contingency", "retune", mode="Propose")
    shop.open(twinRef={"name": networks.name}, goals=[GOAL], inspections=[inspection], responses=[answer])
    reason = "no change of 4 metrics carries more"
    shop.until("the reason", lambda: any(reason in one["status"].get("noPlanReason", "") for one in shop.all(FINDINGS)))
    assert shop.all(PLANS) == []
