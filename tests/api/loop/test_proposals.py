"""Whoever floods the list of plans is stopped, and the operator's own plan goes its way: on a real API server."""

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import FINDINGS, PLANS
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop, name_of
from tests.api.person import expect

pytestmark = pytest.mark.api

LIMIT = 10


def proposal(number: int, finding: str) -> Json:
    """Bob's plan for a finding: the very one that the operator has proposed."""
    spec = {
        "policyRef": {"name": POLICY},
        "findingRef": {"name": finding},
        "runbookRef": {"name": "rollout-undo", "version": "1.0.0"},
        "proposer": "bob",
    }
    metadata = {"name": f"flood-{number:02d}"}
    return {"apiVersion": "forestall.dev/v1alpha1", "kind": "RemediationPlan", "metadata": metadata, "spec": spec}


def test_a_flood_of_proposals_is_cut_off_and_hides_no_plan_of_the_operators(shop: Shop) -> None:
    shop.open()
    shop.fault()
    plan = shop.pending()
    (finding,) = shop.all(FINDINGS)
    with shop.world.operator.paused():
        for number in range(LIMIT + 5):
            body = proposal(number, name_of(finding))
            expect(shop.world.person("bob").create(path_of(PLANS, shop.namespace), body), None)
    shop.until("the flood to be cut off", lambda: len(superseded(shop)) >= 5)
    assert superseded(shop) == [f"flood-{number:02d}" for number in range(LIMIT, LIMIT + 5)]
    refused = shop.get(PLANS, f"flood-{LIMIT}")["status"]
    assert refused["message"].startswith("bob has 10 proposals that have not ended, and may have 10")
    assert "candidates" not in refused or not refused["candidates"]

    expect(shop.approve(plan), None)
    shop.reaches(plan, "Succeeded")
    assert len(shop.jobs(plan)) == 1


def superseded(shop: Shop) -> list[str]:
    """Names of bob's plans that were one too many."""
    ended = (one for one in shop.all(PLANS) if one.get("status", {}).get("phase") == "Superseded")
    return sorted(name_of(one) for one in ended if one["spec"]["proposer"] == "bob")
