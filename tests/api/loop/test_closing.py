"""A fault is found, planned, proved on the twin, approved, mended, verified and counted."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from forestall.adapters.resources import DEPLOYMENTS, FINDINGS, PLANS, POLICIES
from tests.api.loop import objects
from tests.api.loop.loads import Loads
from tests.api.loop.objects import BROKEN, GOOD, POLICY, Json
from tests.api.loop.shop import Shop, name_of
from tests.api.loop.world import NODES
from tests.api.person import expect

pytestmark = pytest.mark.api


def test_a_broken_image_is_undone_once_a_person_has_approved_it(shop: Shop) -> None:
    shop.open()
    shop.fault()
    plan = shop.pending()
    status = plan["status"]
    assert [one["runbook"] for one in status["candidates"]] == ["DoNothing", "rollout-undo"]
    assert [one["verdict"] for one in status["candidates"]] == ["Accepted", "Chosen"]
    assert changed_lines(status["diff"]) == {f"-image: {BROKEN}", f"+image: {GOOD}"}
    assert status["planDigest"].startswith("sha256:")
    shop.until("the plan's Event", lambda: "ApprovalPending" in shop.events(plan))
    assert shop.jobs(plan) == []

    name, digest = name_of(plan), status["planDigest"]
    said = (f"forestall.dev/approve={digest}", "forestall.dev/approved-by=alice")
    shop.world.cluster.kubectl("annotate", "plan", name, "-n", shop.namespace, *said, user="alice")
    done = shop.succeeded(plan)

    assert done["status"]["verification"]["result"] == "Fulfilled"
    assert done["status"]["approval"]["name"] == "alice"
    all_came_true(done)
    assert in_order(done["status"]["timestamps"])
    assert shop.ready() == 2
    shop.until("the closure to be counted", lambda: closure(shop) == {"eligible": 1, "oneHop": 1})


def test_saturation_is_met_by_one_more_replica_as_the_twin_foretold(shop: Shop, loads: Loads) -> None:
    with loads.shared(shop.namespace, "web", 1.8, lambda: shop.ready() or 2):
        shop.open(**objects.saturation(), riskLimits={"maxLiveLoad": 0.5}, execution={"soak": "4s"})
        plan = shop.pending()
        assert plan["status"]["steps"][0]["parameters"] == [{"name": "replicas", "value": "3"}]
        (goal,) = plan["status"]["prediction"]["goals"]
        assert (goal["before"], goal["after"], float(goal["value"])) == ("NotFulfilled", "Fulfilled", 0.6)

        assert plan["status"]["riskClass"] == "High"
        expect(shop.approve(plan, "alice"), "alice may not approve-high plans of inspection policy shop")
        expect(shop.approve(plan, "carol"), None)
        all_came_true(shop.succeeded(plan))
    assert shop.ready() == 3


def test_a_fix_that_does_not_help_is_taken_back_and_goes_to_a_person(shop: Shop, loads: Loads) -> None:
    with loads.shared(shop.namespace, "web", 1.8, lambda: 2):  # the load stays what it is, however many share it
        shop.open(**objects.saturation())
        plan = shop.pending()
        expect(shop.approve(plan, "carol"), None)
        undone = shop.reaches(plan, "RolledBack")["status"]
        shop.until(
            "a person to be asked", lambda: [one["status"]["state"] for one in shop.all(FINDINGS)] == ["Escalated"]
        )
    assert undone["verification"]["result"] == "NotFulfilled"
    assert undone["score"]["matched"] < undone["score"]["total"]
    assert shop.get(DEPLOYMENTS, "web")["spec"]["replicas"] == 2
    assert len(shop.all(PLANS)) == 1
    assert closure(shop) == {"eligible": 1, "oneHop": 0}


def test_replicas_on_one_node_are_spread_before_it_is_lost(shop: Shop) -> None:
    first, second = NODES
    inspections = [{"name": "spof", "singlePointOfFailure": {"scope": "Node"}}]
    with shop.world.cordoned(second):
        shop.open(inspections=inspections, responses=[objects.response("SinglePointOfFailure", "spread-replicas")])
        shop.until("a finding", lambda: shop.get(POLICIES, POLICY)["status"]["openFindings"] == 1)
        (finding,) = shop.all(FINDINGS)
        assert finding["status"]["trigger"]["element"] == f"node/{first}"
        assert shop.all(PLANS) == []  # spread over one node they would be no better off
    plan = shop.pending()
    assert plan["status"]["prediction"]["nodes"] == 2
    expect(shop.approve(plan), None)
    all_came_true(shop.succeeded(plan))
    (goal,) = shop.get(POLICIES, POLICY)["status"]["goals"]
    assert (goal["observed"], goal["predicted"]) == ("Fulfilled", "Fulfilled")


def all_came_true(plan: Json) -> None:
    """Assert that everything that the twin foretold was seen."""
    score = plan["status"]["score"]
    assert score["matched"] == score["total"] > 0, score["message"]


def changed_lines(diff: str) -> set[str]:
    """The lines that a diff takes away or adds, without their indentation."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return {line[0] + line[1:].strip(" -") for line in lines}


def in_order(times: Mapping[str, str]) -> bool:
    found = [datetime.fromisoformat(times[name]) for name in ("detected", "decided", "acted", "verified")]
    return found == sorted(found)


def closure(shop: Shop) -> object:
    return shop.get(POLICIES, POLICY)["status"].get("closure")
