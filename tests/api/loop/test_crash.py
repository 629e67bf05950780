"""The operator is killed at the worst moments of a plan, and a new one goes on from what is on record."""

import pytest

from tests.api.loop.shop import Shop
from tests.api.person import expect

pytestmark = pytest.mark.api


@pytest.mark.parametrize(
    ("moment", "phase", "jobs"),
    [
        ("before-intent", "PendingApproval", 0),
        ("after-intent", "Executing", 0),
        ("after-job", "Executing", 1),
        ("before-outcome", "Executing", 1),
    ],
)
def test_a_killed_operator_is_replaced_and_every_step_runs_once(shop: Shop, moment: str, phase: str, jobs: int) -> None:
    operator = shop.world.operator
    with operator.instead("--die", moment):
        shop.open()
        shop.fault()
        plan = shop.pending()
        expect(shop.approve(plan), None)
        operator.died()
    assert shop.phase(plan) == phase
    assert len(shop.jobs(plan)) == jobs

    operator.start()
    done = shop.succeeded(plan)
    assert [(one["step"], one["attempt"]) for one in done["status"]["attempts"]] == [(0, 1)]
    assert shop.ready() == 2
