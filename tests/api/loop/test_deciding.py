"""What people decide stands; what is not theirs to decide is refused."""

import pytest

from forestall.adapters.resources import FINDINGS, PLANS
from tests.api.loop.objects import Json
from tests.api.loop.shop import Shop, name_of, state
from tests.api.person import expect

pytestmark = pytest.mark.api


def test_a_strangers_approval_is_refused_by_the_api_server(shop: Shop) -> None:
    shop.open()
    shop.fault()
    plan = shop.pending()
    expect(shop.approve(plan, "bob"), "bob may not approve plans of inspection policy shop")
    expect(shop.approve(plan, "alice", **{"approved-by": "carol"}), "forestall.dev/approved-by must be you, alice")
    assert not shop.get(PLANS, name_of(plan))["metadata"].get("annotations")
    assert shop.jobs(plan) == []


def test_what_a_person_rejected_is_not_proposed_again_while_the_finding_is_open(shop: Shop) -> None:
    shop.open(schedule={"interval": "500ms"})
    shop.fault()
    plan = shop.pending()
    expect(shop.reject(plan, reason="the registry is being mended"), None)
    rejected = shop.reaches(plan, "Rejected")
    assert rejected["status"]["rejection"]["name"] == "alice"
    assert rejected["status"]["rejection"]["reason"] == "the registry is being mended"

    several_inspections(shop)
    stands_alone(shop, plan)
    shop.world.operator.stop()
    shop.world.operator.start()
    shop.until("the new operator to lead", lambda: shop.world.operator.leads)  # until then it does not inspect
    several_inspections(shop)
    stands_alone(shop, plan)


def several_inspections(shop: Shop) -> None:
    """Wait until the policies have been inspected three more times."""
    inspected = shop.passes()
    shop.until("three more inspections", lambda: shop.passes() >= inspected + 3)


def stands_alone(shop: Shop, plan: Json) -> None:
    """Assert that the finding is open, and that there is no other plan."""
    assert [state(one) for one in shop.all(FINDINGS)] == ["Open"]
    assert [(name_of(one), one["status"]["phase"]) for one in shop.all(PLANS)] == [(name_of(plan), "Rejected")]
    assert shop.jobs(plan) == []
