"""A fault is found, planned, proved on the twin, approved, mended, verified and counted."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from forestall.adapters.resources import POLICIES
from tests.api.loop.objects import BROKEN, GOOD, POLICY
from tests.api.loop.shop import Shop, name_of

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
    assert done["status"]["score"]["matched"] == done["status"]["score"]["total"] > 0
    assert in_order(done["status"]["timestamps"])
    assert shop.ready() == 2
    shop.until("the closure to be counted", lambda: closure(shop) == {"eligible": 1, "oneHop": 1})


def test_saturation_is_met_by_one_more_replica_as_the_twin_foretold(shop: Shop, loads: Loads) -> None:
    loads.share(shop.namespace, "web", 1.8, lambda: shop.ready() or 2)
    limits = {"maxLiveLoad": 0.5}
    shop.open(**objects.saturation(), riskLimits=limits, execution={"soak": "4s"})
    plan = shop.pending()
    status = plan["status"]
    assert status["steps"][0]["parameters"] == [{"name": "replicas", "value": "3"}]
    (goal,) = status["prediction"]["goals"]
    assert (goal["before"], goal["after"], goal["value"]) == ("NotFulfilled", "Fulfilled", "0.6")

    assert status["riskClass"] == "High"
    expect(shop.approve(plan, "alice"), "alice may not approve-high plans of inspection policy shop")
    expect(shop.approve(plan, "carol"), None)
    done = shop.succeeded(plan)
    assert shop.ready() == 3
    assert done["status"]["score"]["matched"] == done["status"]["score"]["total"] > 0


def test_replicas_on_one_node_are_spread_before_it_fails(shop: Shop) -> None:
    inspections = [{"name": "spof", "singlePointOfFailure": {"scope": "Node"}}]
    with cordoned(shop.world, NODES[1]):
        shop.open(inspections=inspections, responses=[objects.response("SinglePointOfFailure", "spread-replicas")])
        plan = shop.pending()
        assert [one["verdict"] for one in plan["status"]["candidates"]] == ["Chosen"]


def changed_lines(diff: str) -> set[str]:
    """The lines that a diff takes away or adds, without their indentation."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return {line[0] + line[1:].strip(" -") for line in lines}


def in_order(times: Mapping[str, str]) -> bool:
    found = [datetime.fromisoformat(times[name]) for name in ("detected", "decided", "acted", "verified")]
    return found == sorted(found)


def closure(shop: Shop) -> object:
    return shop.get(POLICIES, POLICY)["status"].get("closure")
