"""The API server is left in peace: no write while nothing changes, one for each change."""

from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from forestall.adapters.resources import POLICIES
from tests.api.loop.objects import POLICY
from tests.api.loop.shop import Shop
from tests.api.loop.world import World

pytestmark = pytest.mark.api

WRITES = {"POST", "PUT", "PATCH", "APPLY"}
NEWS = {"events", "jobs"}
"""What the operator writes beside its own kinds."""


def test_nothing_is_written_while_nothing_changes_and_one_status_per_change(shop: Shop) -> None:
    shop.until("earlier tests' remains to be gone", lambda: shop.world.shops() == [shop.namespace])
    shop.open(schedule={"interval": "500ms"})
    shop.fault()
    shop.pending()
    several_inspections(shop, 3)  # until everything has settled
    before, told = writes(shop.world), shop.world.operator.metric("forestall_status_writes_total")
    several_inspections(shop, 6)
    assert writes(shop.world) == before
    assert shop.world.operator.metric("forestall_status_writes_total") == told

    shop.change(POLICIES, POLICY, {"spec": {"riskLimits": {"maxAffectedServices": 2}}})
    shop.until("the change to be seen", lambda: shop.says("Ready"))
    several_inspections(shop, 3)
    key = ("PATCH", "inspectionpolicies")
    assert difference(writes(shop.world), before) == {(*key, ""): 1, (*key, "status"): 1}


def several_inspections(shop: Shop, count: int) -> None:
    """Wait until the policies have been inspected so many more times."""
    inspected = shop.passes()
    shop.until("more inspections", lambda: shop.passes() >= inspected + count)


def writes(world: World) -> Mapping[tuple[str, str, str], float]:
    """Writes that the API server has carried out, by verb, resource and subresource; dry runs left out.

    Deletions do not count: most are the removal of what earlier tests left.
    """
    text = world.cluster.get("/metrics")
    families = (one for one in text_string_to_metric_families(text) if one.name == "apiserver_request")
    found: dict[tuple[str, str, str], float] = {}
    for sample in (sample for family in families for sample in family.samples):
        labels = sample.labels
        ours = labels.get("group") == "forestall.dev" or labels.get("resource") in NEWS
        if ours and labels["verb"] in WRITES and not labels["dry_run"]:
            key = (labels["verb"], labels["resource"], labels["subresource"])
            found[key] = found.get(key, 0) + sample.value
    return found


def difference(
    after: Mapping[tuple[str, str, str], float], before: Mapping[tuple[str, str, str], float]
) -> dict[tuple[str, str, str], float]:
    """What has been added."""
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
