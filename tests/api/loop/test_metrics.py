"""What is measured: gone, and back, and up and down."""

import pytest

from forestall.adapters.resources import FINDINGS, POLICIES, TWINS
from tests.api.loop import objects
from tests.api.loop.loads import Loads
from tests.api.loop.objects import LOAD, MEASURED, POLICY, Json
from tests.api.loop.shop import Shop, condition, state
from tests.api.person import expect

pytestmark = pytest.mark.api


def test_without_prometheus_nothing_is_executed_until_it_is_back(shop: Shop, loads: Loads) -> None:
    loads.set(shop.namespace, "web", 0.5)
    available = {"name": "web", "available": {"service": "web", "minReady": 1}}
    load = {"name": "load", "metric": {"query": LOAD, "operator": "LessOrEqual", "target": 0.8}}
    shop.open(twinRef={"name": MEASURED}, goals=[available, load], schedule={"interval": "1s"})
    shop.until("the load to be measured", lambda: shop.says("MetricsReachable"))
    operator = shop.world.operator.pid
    shop.fault()
    plan = shop.pending()

    loads.prometheus.stop()
    shop.until("the policy to say so", lambda: shop.says("MetricsReachable", "False"))
    shop.until("the twin to say so", lambda: condition(measured(shop), "MetricsReachable") == "False")
    expect(shop.approve(plan), None)
    shop.vetoed(plan, "Blocked", "evidence", "MetricsUnreachable")

    loads.prometheus.start()
    shop.succeeded(plan)
    shop.until("the twin to say so", lambda: condition(measured(shop), "MetricsReachable") == "True")
    assert shop.world.operator.pid == operator


def test_ten_toggles_of_one_condition_are_one_finding(shop: Shop, loads: Loads) -> None:
    loads.set(shop.namespace, "web", 0.5)
    shop.open(**objects.saturation(mode="Observe"))
    for _ in range(5):
        for load, wanted in ((0.9, "Open"), (0.5, "Cleared")):
            loads.set(shop.namespace, "web", load)
            reaches(shop, wanted)

    (finding,) = shop.all(FINDINGS)
    status = finding["status"]
    assert status["transitionCount"] == 10
    assert [one["to"] for one in status["transitions"]] == ["Raised", "Cleared"] * 5
    assert "closure" not in status
    shop.until("the policy to count it no more", lambda: shop.get(POLICIES, POLICY)["status"]["openFindings"] == 0)


def measured(shop: Shop) -> Json:
    """The twin that knows loads."""
    return shop.world.read(TWINS, MEASURED)


def reaches(shop: Shop, wanted: str) -> None:
    """Wait until the one finding is in that state."""
    shop.until(f"the finding to be {wanted}", lambda: [state(one) for one in shop.all(FINDINGS)] == [wanted])
