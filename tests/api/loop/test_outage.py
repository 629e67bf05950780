"""The API server goes away and comes back: the operator waits, and goes on where it was."""

import pytest

from forestall.adapters.resources import FINDINGS
from tests.api.loop.shop import Shop, state
from tests.api.person import expect

pytestmark = pytest.mark.api

SECONDS = 20


def test_an_outage_is_waited_for_and_nothing_is_done_twice(shop: Shop) -> None:
    world, operator = shop.world, shop.world.operator
    shop.open()
    shop.fault()
    plan, pid = shop.pending(), operator.pid
    with world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: bool(shop.jobs(plan)))
        with world.outage():
            shop.until("the silence to last", lambda: operator.metric("forestall_watch_age_seconds") > SECONDS)
    shop.succeeded(plan)

    shop.fault()
    shop.until("the finding to be planned anew", lambda: [state(one) for one in shop.all(FINDINGS)] == ["Planned"])
    assert operator.pid == pid
