"""The API server goes away and comes back: the operator waits, and goes on where it was."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from forestall.adapters.resources import FINDINGS
from tests.api.loop.loads import Loads
from tests.api.loop.objects import Json
from tests.api.loop.shop import Shop, state
from tests.api.loop.test_phases import kept_from_undoing, outcomes
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
            assert not operator.leads, "it acts although it cannot know that nobody else does"
    shop.succeeded(plan)

    shop.fault()
    shop.until("the finding to be planned anew", lambda: [state(one) for one in shop.all(FINDINGS)] == ["Planned"])
    assert operator.pid == pid


@contextmanager
def waiting_for_a_person(shop: Shop, plan: Json) -> Iterator[None]:
    shop.reaches(plan, "PendingApproval")
    yield
    expect(shop.approve(plan), None)


@contextmanager
def blocked(shop: Shop, plan: Json) -> Iterator[None]:
    shop.suspend(True)
    expect(shop.approve(plan), None)
    shop.reaches(plan, "Blocked")
    yield
    shop.suspend(False)


@contextmanager
def executing(shop: Shop, plan: Json) -> Iterator[None]:
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: bool(shop.jobs(plan)))
        yield


@contextmanager
def soaking(shop: Shop, plan: Json) -> Iterator[None]:
    expect(shop.approve(plan), None)
    shop.reaches(plan, "Soaking")
    yield


@pytest.mark.parametrize("phase", [waiting_for_a_person, blocked, executing, soaking])
def test_an_api_server_that_starts_anew_finds_the_plan_going_on(
    shop: Shop, phase: Callable[[Shop, Json], AbstractContextManager[None]]
) -> None:
    shop.open(execution={"soak": "10s"}, schedule={"interval": "1s"})
    shop.fault()
    plan, pid = shop.pending(), shop.world.operator.pid
    with phase(shop, plan), shop.world.outage():
        pass
    done = shop.succeeded(plan)
    assert outcomes(done) == [(False, 0, "Success")]
    assert shop.world.operator.pid == pid


def test_an_api_server_that_starts_anew_finds_the_plan_being_undone_once(shop: Shop, loads: Loads) -> None:
    plan = kept_from_undoing(shop, loads)
    with shop.world.outage():
        pass
    shop.suspend(False)
    undone = shop.reaches(plan, "RolledBack")
    assert outcomes(undone) == [(False, 0, "Success"), (True, 0, "Success")]
    assert len(shop.jobs(plan)) == 2
