"""Two replicas: one acts, the other takes over, and whatever becomes of the first, nothing is done twice."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import DEPLOYMENTS, FINDINGS, LEASES
from tests.api.loop.objects import GOOD, Json
from tests.api.loop.process import Operator
from tests.api.loop.shop import Shop, state, template
from tests.api.person import expect
from tests.chart.rendering import NAMESPACE as SYSTEM
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

FAILOVER = 20.0
"""Seconds in which a leader that is gone must have been replaced."""
MARGIN = 10.0
"""What a busy machine may add to that."""
HAND_OVER = 8.0
"""Seconds in which one that is asked to go must have been replaced, even on a busy machine: a Lease that is not given
back takes more than ten."""


@pytest.fixture
def second(shop: Shop) -> Iterator[Operator]:
    """Another replica, which is ready and follows; the world's own operator leads."""
    world = shop.world
    wait_until("the first replica to lead", lambda: world.operator.leads)
    other = Operator(world.cluster, world.folder, "second")
    other.start()
    yield other
    other.stop()


@contextmanager
def replaced_within(seconds: float, heir: Operator) -> Iterator[None]:
    """What happens in the block makes `heir` the leader, in time."""
    began = time.monotonic()
    yield
    wait_until("the other replica to lead", lambda: heir.leads, interval=0.02)
    assert time.monotonic() - began < seconds


def waiting_plan(shop: Shop, **spec: object) -> Json:
    shop.open(**{"schedule": {"interval": "1s"}, **spec})
    shop.fault()
    return shop.pending()


def holder(shop: Shop) -> str:
    answer = shop.world.admin.send("GET", path_of(LEASES, SYSTEM, "forestall"))
    expect(answer, None)
    return str(answer.body["spec"].get("holderIdentity", ""))


def test_one_acts_and_the_other_is_ready_and_writes_nothing(shop: Shop, second: Operator) -> None:
    plan = waiting_plan(shop)
    expect(shop.approve(plan), None)
    shop.succeeded(plan)

    assert holder(shop) == shop.world.operator.replica
    assert (shop.world.operator.leads, second.leads) == (True, False)
    assert second.ready
    assert second.metric("forestall_status_writes_total") == 0
    assert second.metric("forestall_jobs_total") == 0
    assert second.metric("forestall_queue_age_seconds") < MARGIN
    shop.until("it to know what the other did", lambda: second.metric("forestall_plans", phase="Succeeded") >= 1)


def before_its_job(shop: Shop, plan: Json, kill: Callable[[], None]) -> None:
    kill()
    expect(shop.approve(plan), None)


def while_its_job_runs(shop: Shop, plan: Json, kill: Callable[[], None]) -> None:
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: bool(shop.jobs(plan)))
        kill()


def while_it_soaks(shop: Shop, plan: Json, kill: Callable[[], None]) -> None:
    expect(shop.approve(plan), None)
    shop.reaches(plan, "Soaking")
    kill()


@pytest.mark.parametrize("phase", [before_its_job, while_its_job_runs, while_it_soaks])
def test_a_killed_leader_is_replaced_in_time_and_its_plan_goes_on(
    shop: Shop, second: Operator, phase: Callable[[Shop, Json, Callable[[], None]], None]
) -> None:
    plan = waiting_plan(shop, execution={"soak": "5s"})
    with ExitStack() as rest:

        def kill() -> None:
            rest.enter_context(replaced_within(FAILOVER + MARGIN, second))
            shop.world.operator.kill()

        phase(shop, plan, kill)
    once(shop, plan)


def test_a_leader_that_is_asked_to_go_hands_over_at_once(shop: Shop, second: Operator) -> None:
    plan = waiting_plan(shop)
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: bool(shop.jobs(plan)))
        with replaced_within(HAND_OVER, second):
            shop.world.operator.send(signal.SIGTERM)
    once(shop, plan)
    shop.world.operator.stop()
    shop.world.operator.start()
    with replaced_within(HAND_OVER, shop.world.operator):
        second.send(signal.SIGTERM)
    shop.fault()
    shop.until("the finding to be planned anew", lambda: [state(one) for one in shop.all(FINDINGS)] == ["Planned"])


def test_a_leader_that_was_held_up_comes_back_to_a_plan_that_another_has_ended(shop: Shop, second: Operator) -> None:
    plan = waiting_plan(shop)
    first = shop.world.operator
    with first.paused():
        expect(shop.approve(plan), None)
        wait_until("the other replica to lead", lambda: second.leads)
        done = once(shop, plan)
        shop.change(DEPLOYMENTS, "web", template(containers=[{"name": "web", "image": GOOD}]))
    wait_until("the first to know that it leads no more", lambda: not first.leads)
    wait_until("it to have caught up", lambda: first.metric("forestall_plans", phase="Succeeded") >= 1)
    assert holder(shop) == second.replica
    assert once(shop, plan)["metadata"]["resourceVersion"] == done["metadata"]["resourceVersion"]


def test_a_leader_that_was_held_up_while_its_job_ran_neither_repeats_nor_overwrites(
    shop: Shop, second: Operator
) -> None:
    plan = waiting_plan(shop)
    first = shop.world.operator
    with shop.world.no_action_pods():
        expect(shop.approve(plan), None)
        shop.until("the Job", lambda: bool(shop.jobs(plan)))
        with first.paused():
            wait_until("the other replica to lead", lambda: second.leads)
        wait_until("the first to know that it leads no more", lambda: not first.leads)
    once(shop, plan)


def once(shop: Shop, plan: Json) -> Json:
    """The plan, which has succeeded by one Job and one attempt."""
    done = shop.succeeded(plan)
    assert [(one["step"], one["attempt"]) for one in done["status"]["attempts"]] == [(0, 1)]
    assert shop.ready() == 2
    return done
