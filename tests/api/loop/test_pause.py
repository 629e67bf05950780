"""Somebody on call stops real Jobs, and lets them go on."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from forestall.adapters.resources import PAUSES, PLANS, POLICIES
from tests.api.loop.objects import POLICY, Json
from tests.api.loop.orders import condition, paused
from tests.api.loop.shop import Shop, name_of
from tests.api.loop.test_gates import faulty, suspended
from tests.api.person import expect
from tests.chart.rendering import NAMESPACE as SYSTEM

pytestmark = pytest.mark.api


def says_paused(shop: Shop, plan: Json) -> tuple[str, str]:
    """What plan and policy say."""
    return condition(shop.get(PLANS, name_of(plan)), "Paused"), condition(shop.get(POLICIES, POLICY), "Paused")


@pytest.mark.parametrize("namespace", ["", SYSTEM], ids=["its own namespace", "the operator's namespace"])
def test_a_pause_keeps_an_approved_plan_back_until_it_is_deleted(shop: Shop, namespace: str) -> None:
    plan = faulty(shop)
    with paused(shop, namespace):
        expect(shop.approve(plan), None)
        shop.vetoed(plan, "Blocked", "pause", "Paused")
        shop.until("plan and policy to say so", lambda: says_paused(shop, plan) == ("True", "True"))
    shop.succeeded(plan)
    shop.until("plan and policy to say that it is over", lambda: says_paused(shop, plan) == ("False", "False"))


def test_a_pause_of_another_namespace_holds_nothing_here(shop: Shop) -> None:
    plan = faulty(shop)
    with paused(shop, "default", level="Stop"):
        expect(shop.approve(plan), None)
        shop.succeeded(plan)


def test_a_pause_is_seen_right_before_the_job(shop: Shop) -> None:
    plan = faulty(shop)
    operator = shop.world.operator
    with ExitStack() as orders:
        with operator.paused():
            expect(shop.approve(plan), None)
            orders.enter_context(paused(shop))
        shop.vetoed(plan, "Blocked", "pause", "Paused")
    shop.succeeded(plan)


@pytest.mark.parametrize("namespace", ["", SYSTEM], ids=["its own namespace", "the operator's namespace"])
def test_a_stop_suspends_a_running_job_until_it_is_deleted(shop: Shop, namespace: str) -> None:
    plan = faulty(shop)
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: suspended(shop, plan) == [False])
        with paused(shop, namespace, level="Stop"):
            shop.until("the Job to be suspended", lambda: suspended(shop, plan) == [True])
        shop.until("the Job to go on", lambda: suspended(shop, plan) == [False])
    shop.succeeded(plan)


def test_a_pause_lets_a_running_job_end(shop: Shop) -> None:
    plan = faulty(shop)
    with ExitStack() as orders:
        with shop.world.no_action_pods():
            expect(shop.approve(plan), None)
            shop.until("the Job", lambda: suspended(shop, plan) == [False])
            name = orders.enter_context(paused(shop))
            shop.until("the pause to be in force", lambda: condition(shop.get(PAUSES, name), "Active") == "True")
            assert suspended(shop, plan) == [False]
        shop.succeeded(plan)


def test_a_pause_ends_by_itself(shop: Shop) -> None:
    plan = faulty(shop)
    until = (datetime.now(UTC) + timedelta(seconds=15)).isoformat(timespec="seconds").replace("+00:00", "Z")
    with paused(shop, until=until) as name:
        expect(shop.approve(plan), None)
        shop.vetoed(plan, "Blocked", "pause", "Paused")
        shop.succeeded(plan)
        assert datetime.now(UTC) >= datetime.fromisoformat(until)
        shop.until("the pause to say so", lambda: condition(shop.get(PAUSES, name), "Active") == "False")
