"""How far the loop goes is the policy's choice."""

import pytest

from forestall.adapters.resources import FINDINGS, PLANS, POLICIES
from tests.api.loop.objects import POLICY, response
from tests.api.loop.shop import Shop, name_of, state
from tests.api.person import expect

pytestmark = pytest.mark.api


def test_observe_records_findings_and_plans_nothing(shop: Shop) -> None:
    shop.open(responses=[response("ImagePull", "rollout-undo", mode="Observe")])
    shop.fault()
    # The policy's own status is the last thing that an inspection writes.
    shop.until("the finding to be counted", lambda: shop.get(POLICIES, POLICY)["status"]["openFindings"] == 1)
    (finding,) = shop.all(FINDINGS)
    assert state(finding) == "Open"
    assert finding["status"]["noPlanReason"].endswith("is in mode Observe")
    assert shop.all(PLANS) == []


def test_propose_makes_a_plan_that_nobody_can_approve(shop: Shop) -> None:
    shop.open(responses=[response("ImagePull", "rollout-undo", mode="Propose")])
    shop.fault()
    shop.until(
        "a proposal with its prediction", lambda: any("prediction" in one.get("status", {}) for one in shop.all(PLANS))
    )
    (plan,) = shop.all(PLANS)
    assert plan["status"]["phase"] == "Proposed"
    assert plan["status"]["diff"]
    assert "planDigest" not in plan["status"]

    for digest in ("", f"sha256:{'0' * 64}"):
        expect(shop.approve(plan, approve=digest), "forestall.dev/approve must equal status.planDigest")
    assert shop.get(PLANS, name_of(plan))["status"]["phase"] == "Proposed"
    assert shop.jobs(plan) == []
