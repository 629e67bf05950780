"""How soon after an outage of two minutes the operator is back: it leads, watches, inspects and writes."""

import sys
import time
from collections.abc import Iterator

import pytest

from forestall.adapters.resources import POLICIES
from tests.api.loop.objects import POLICY
from tests.api.loop.process import Operator
from tests.api.loop.shop import Shop
from tests.api.loop.world import World, install
from tests.bench.measuring import Figure, table
from tools.cluster import session_folder
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import wait_until

pytestmark = pytest.mark.bench

SECONDS = 120


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ApiTier(session_folder("api")).up() as cluster, install(cluster, tmp_path_factory.mktemp("outage")) as made:
        yield made


def test_recovery(world: World) -> None:
    shop, operator = Shop(world, "shop-outage"), world.operator
    world.open(shop.namespace)
    shop.open()
    pid = operator.pid
    with world.controllers_held():
        world.cluster.stop_apiserver()
        wait_until("the outage to last", lambda: silence(operator) > SECONDS, timeout=2 * SECONDS)
        world.cluster.start_apiserver()
        began = time.monotonic()
        shop.change(POLICIES, POLICY, {"spec": {"riskLimits": {"maxAffectedServices": 7}}})
        led = wait_until("it to lead", lambda: operator.leads)
        shop.until("the change to be seen", lambda: shop.says("Ready") and shop.says("TwinFresh"))
        seen = time.monotonic() - began
    figures = (
        Figure("outage's end to leading again", "s", [led]),
        Figure("outage's end to a changed policy inspected", "s", [seen]),
    )
    sys.stdout.write(f"\n{table(figures)}\n")
    assert operator.pid == pid


def silence(operator: Operator) -> float:
    """Seconds since it last heard of the API server."""
    return operator.metric("forestall_watch_age_seconds")
