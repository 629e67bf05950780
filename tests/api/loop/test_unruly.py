"""An API server that refuses, fails, loses answers and spoils watches: the plan reaches its end, by one Job."""

from collections.abc import Iterator

import pytest

from forestall.adapters.resources import PLANS
from tests.api.loop.process import Operator
from tests.api.loop.shop import Shop, name_of
from tests.api.loop.unruly import Mood, Unruly, unruly
from tests.api.person import expect

pytestmark = pytest.mark.api

MOODS = {
    "refuses and fails": Mood(refused=0.1, failed=0.02),
    "loses answers": Mood(lost=0.3),
    "spoils watches": Mood(gone=0.05, cut=0.05, corrupt=0.03, twice=0.3, swapped=0.2),
}


@pytest.fixture
def proxy(shop: Shop) -> Iterator[Unruly]:
    """The way that the operator takes in place of its own."""
    world = shop.world
    world.operator.stop()
    with unruly(world.cluster.kubeconfig) as proxy:
        other = Operator(world.cluster, world.folder, "unruly", way=proxy.through)
        other.start()
        yield proxy
        other.stop()


@pytest.mark.parametrize("mood", MOODS.values(), ids=MOODS.keys())
def test_a_plan_reaches_its_end_by_one_job_although_the_api_server(shop: Shop, proxy: Unruly, mood: Mood) -> None:
    proxy.mood = mood
    shop.open(schedule={"interval": "1s"})
    shop.fault()
    plan = shop.pending()
    expect(shop.approve(plan), None)
    done = shop.succeeded(plan)

    assert [(one["step"], one["attempt"]) for one in done["status"]["attempts"]] == [(0, 1)]
    assert shop.ready() == 2
    assert {name for name, count in proxy.told.items() if count} == {
        name for name, rate in mood._asdict().items() if rate
    }, "it did not misbehave as it was told to"


def test_a_plan_that_is_deleted_while_the_watches_are_down_stands_in_no_other_s_way(shop: Shop, proxy: Unruly) -> None:
    shop.open(schedule={"interval": "1s"})
    shop.fault()
    gone = shop.pending()
    proxy.mood = Mood(missed=1.0)
    shop.delete(PLANS, name_of(gone))
    shop.until("its deletion to be missed", lambda: ("DELETED", name_of(gone)) in missed(proxy))
    proxy.mood = Mood()
    shop.until("another plan", lambda: bool(shop.all(PLANS)))
    assert shop.pending()["metadata"]["uid"] != gone["metadata"]["uid"]


def missed(proxy: Unruly) -> set[tuple[str, str]]:
    """Type and name of all lines about an object that never came."""
    return {(one["type"], one["object"]["metadata"].get("name", "")) for one in proxy.missed}
