"""Goals now, and after each single loss."""

from __future__ import annotations

import pytest

from forestall.api.inspectionpolicy import GoalState
from forestall.inspection.contingencies import Outlook, outlook, statuses, worst
from forestall.inspection.losses import stakes
from forestall.ports import Json
from tests.unit.inspection.scenes import IMAGES, SPOF, available, light, measured, policy
from tests.unit.twin.objects import WEB, nodes, snapshot, web


def look(*goals: Json, homes: str, value: str = "0.5", inspections: tuple[Json, ...] = (SPOF,)) -> Outlook:
    view = snapshot([*nodes(), *web(*homes)])
    found = policy(*goals, inspections=inspections)
    return outlook(found, view.potential(), measured(value), stakes(found, view))


def test_each_goal_stands_for_now_and_for_each_loss() -> None:
    seen = look(available(2), homes="aab")

    assert seen.now("up").state == "Fulfilled"
    assert {name: seen.after("up", name).state for name in seen.losses} == {
        "node/a": "NotFulfilled",
        "node/b": "Fulfilled",
        "node/c": "Fulfilled",
    }
    assert seen.after("up", "node/a").message == "Service web: 1 pods ready, 2 needed"


def test_a_shared_load_is_carried_by_the_pods_that_a_loss_leaves() -> None:
    seen = look(light(), homes="aab", value="0.5")

    assert [seen.after("light", name).state for name in seen.losses] == ["NotFulfilled", "Fulfilled", "Fulfilled"]
    assert [str(seen.after("light", name).value) for name in seen.losses] == ["1.5000", "0.7500", "0.5000"]


def test_what_is_broken_is_counted_over_now_and_every_loss() -> None:
    assert look(available(1), homes="aab").broken == 0
    assert look(available(2), homes="aab").broken == 1
    assert look(available(4), homes="aab").broken == 4
    assert look(available(2), light(), homes="aab", value="0.5").broken == 2


def test_an_edit_is_looked_at_as_it_would_be() -> None:
    view, found = snapshot([*nodes(), *web("a", "a")]), policy(available(1))

    before = outlook(found, view.potential(), {}, stakes(found, view))
    after = outlook(found, view.potential().spread(WEB, 1), {}, stakes(found, view))

    assert (before.broken, after.broken) == (1, 0)


@pytest.mark.parametrize(
    ("minimum", "homes", "observed", "predicted", "trigger"),
    [
        (1, "ab", "Fulfilled", "Fulfilled", ""),
        (2, "ab", "Fulfilled", "NotFulfilled", "node/a"),
        (2, "abb", "Fulfilled", "NotFulfilled", "node/b"),
        (3, "ab", "NotFulfilled", "NotFulfilled", ""),
    ],
)
def test_a_goal_s_status_names_the_first_loss_that_would_break_it(
    minimum: int, homes: str, observed: GoalState, predicted: GoalState, trigger: str
) -> None:
    found = policy(available(minimum))

    (status,) = statuses(found, look(available(minimum), homes=homes))

    assert (status.observed, status.predicted, status.trigger) == (observed, predicted, trigger)
    assert status.value == len(homes)


def test_without_losses_the_prediction_is_what_is_observed() -> None:
    (status,) = statuses(policy(available(1)), look(available(1), homes="a", inspections=(IMAGES,)))

    assert (status.observed, status.predicted, status.trigger) == ("Fulfilled", "Fulfilled", "")


def test_a_goal_that_cannot_be_judged_is_predicted_unknown() -> None:
    (status,) = statuses(policy(light()), look(light(), homes="ab", value="NaN"))

    assert (status.observed, status.predicted) == ("Unknown", "Unknown")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ((), "Unknown"),
        (("Fulfilled",), "Fulfilled"),
        (("Fulfilled", "Unknown"), "Unknown"),
        (("Unknown", "NotFulfilled", "Fulfilled"), "NotFulfilled"),
    ],
)
def test_the_worst_state_counts(states: tuple[GoalState, ...], expected: GoalState) -> None:
    assert worst(states) == expected
