"""An API server that refuses, fails, loses answers and spoils watches: the plan reaches its end, by one Job."""

from collections.abc import Iterator

import pytest

from tests.api.loop.process import Operator
from tests.api.loop.shop import Shop
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
