"""The API server is left in peace: no write while nothing changes, one for each change."""

from collections.abc import Mapping
from functools import partial

import pytest
from prometheus_client.parser import text_string_to_metric_families

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import POLICIES, TWINS
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.shop import Shop, condition, name_of
from tests.api.loop.world import World
from tests.api.person import expect

pytestmark = pytest.mark.api

WRITES = {"POST", "PUT", "PATCH", "APPLY"}
NEWS = {"events", "jobs"}
"""What the operator writes beside its own kinds."""


def test_nothing_is_written_while_nothing_changes_and_one_status_per_change(shop: Shop) -> None:
    shop.until("earlier tests' remains to be gone", lambda: shop.world.shops() == [shop.namespace])
    shop.open(schedule={"interval": "500ms"})
    shop.fault()
    shop.pending()
    twins_told(shop)
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


def twins_told(shop: Shop) -> None:
    """Have every twin say how much it holds.

    It says that alone once a minute at most, and the minute may end at any time; once its spec is worded otherwise, it
    says everything at once.
    """
    admin = shop.world.admin
    for twin in admin.send("GET", path_of(TWINS, "")).body["items"]:
        refresh = "1s" if twin["spec"]["refresh"] == "1000ms" else "1000ms"
        changed = admin.patch(path_of(TWINS, "", name_of(twin)), {"spec": {"refresh": refresh}})
        expect(changed, None)
        shop.until(f"twin {name_of(twin)} to say so", partial(_told, shop, changed.body))


def _told(shop: Shop, twin: Json) -> bool:
    """Whether the twin's status is of that generation, and the twin whole."""
    found = shop.world.read(TWINS, name_of(twin))
    is_seen = found["status"]["observedGeneration"] == twin["metadata"]["generation"]
    return is_seen and condition(found, "Ready") == "True"


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
