"""Whether goals are met, on facts and on suppositions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.goals import Goal
from forestall.api.inspectionpolicy import GoalState
from forestall.inspection.goals import evaluate, leans_on
from forestall.ports import Json, Measurement
from forestall.twin.view import View
from forestall.twin.views import Snapshot
from tests.unit.inspection.scenes import available, light, measured
from tests.unit.twin.objects import (
    SHOP,
    WEB,
    WEB_SERVICE,
    autoscaler,
    claim,
    live,
    mounted,
    node,
    nodes,
    pod,
    snapshot,
    volume,
    web,
)


def goal(value: Json) -> Goal:
    return Goal.model_validate(value)


@pytest.mark.parametrize(("minimum", "expected"), [(1, "Fulfilled"), (2, "Fulfilled"), (3, "NotFulfilled")])
def test_a_service_is_available_with_so_many_ready_pods(minimum: int, expected: GoalState) -> None:
    view = snapshot([*nodes(), *web("a", "b"), pod("web-1-9", "c", ready=False)])

    result = evaluate(goal(available(minimum)), SHOP, view, {})

    assert (result.state, result.value) == (expected, Decimal(2))
    assert result.message == f"Service web: 2 pods ready, {minimum} needed"


def test_a_service_that_is_not_there_leaves_its_goal_unknown() -> None:
    result = evaluate(goal(available(1, service="gone")), SHOP, snapshot(web("a")), {})

    assert (result.state, result.value) == ("Unknown", None)
    assert "Service gone" in result.message


def test_a_service_of_another_namespace_is_not_there() -> None:
    assert evaluate(goal(available(1)), "other", snapshot([*nodes(), *web("a")]), {}).state == "Unknown"


@pytest.mark.parametrize(("value", "expected"), [("0.8", "Fulfilled"), ("0.8001", "NotFulfilled"), ("0", "Fulfilled")])
def test_a_measured_goal_is_met_while_its_value_keeps_to_the_target(value: str, expected: GoalState) -> None:
    result = evaluate(goal(light()), SHOP, snapshot([*nodes(), *web("a")]), measured(value))

    assert (result.state, result.value) == (expected, Decimal(value))


@pytest.mark.parametrize(
    "answers", [{}, measured(), measured("NaN"), measured("Infinity"), measured("1", "1"), measured(error="timeout")]
)
def test_a_measured_goal_without_one_number_is_unknown_and_never_met(answers: Mapping[str, Measurement]) -> None:
    result = evaluate(goal(light()), SHOP, snapshot([*nodes(), *web("a")]), answers)

    assert (result.state, result.value) == ("Unknown", None)
    assert result.message


@pytest.mark.parametrize(
    ("replicas", "value", "expected"),
    [(2, "0.6", "Fulfilled"), (3, "0.4", "Fulfilled"), (1, "1.2", "NotFulfilled"), (7, "0.1714", "Fulfilled")],
)
def test_a_shared_value_scales_with_pods_before_and_after(replicas: int, value: str, expected: GoalState) -> None:
    base = snapshot([*nodes(), *web("a", "b")])
    view = base.potential().set_replicas(WEB, replicas)

    result = evaluate(goal(light()), SHOP, view, measured("0.6"), base=base)

    assert (result.state, result.value) == (expected, Decimal(value))


@pytest.mark.parametrize(
    ("most", "value", "expected", "more"),
    [
        (3, "1", "NotFulfilled", 0),
        (4, "0.6667", "Fulfilled", 1),
        (5, "0.5", "Fulfilled", 2),
        (200, "0.25", "Fulfilled", 6),
    ],
)
def test_a_load_that_fewer_pods_share_is_shared_with_those_that_their_autoscaler_may_add(
    most: int, value: str, expected: GoalState, more: int
) -> None:
    base = snapshot([*nodes(), *web("a", "b", "c"), autoscaler(2, most)])
    after = base.potential().lose_node("a")

    result = evaluate(goal(light()), SHOP, after, measured("0.6667"), base=base)

    assert (result.state, result.value) == (expected, Decimal(value))
    assert (f"with the {more} pods that its autoscaler may add" in result.message) is bool(more)


def test_an_autoscaler_changes_nothing_of_what_is_measured_now() -> None:
    view = snapshot([*nodes(), *web("a", "b"), autoscaler(2, 4)])
    assert evaluate(goal(light()), SHOP, view, measured("0.9")).state == "NotFulfilled"


def test_what_an_autoscaler_may_add_serves_where_all_pods_are_lost() -> None:
    base = snapshot([*nodes(), *web("a"), autoscaler(1, 2)])
    result = evaluate(goal(light()), SHOP, base.potential().lose_node("a"), measured("0.5"), base=base)
    assert (result.state, result.value) == ("Fulfilled", Decimal("0.5"))


def test_what_is_missing_for_want_of_volumes_is_told() -> None:
    there = [node("a", labels={"zone": "x"}), node("b"), claim(), volume(zone="x"), *web("b")[:-1]]
    view = snapshot([*there, mounted(pod("web-1-0", "b"), "data")]).potential().lose_node("a")

    result = evaluate(goal(available(1)), SHOP, view, {})

    assert result.message == "Service web: 0 pods ready, 1 needed; the volumes of 1 pods are out of reach"


def test_a_value_that_no_pods_share_does_not_change() -> None:
    base = snapshot([*nodes(), *web("a", "b")])
    view = base.potential().set_replicas(WEB, 0)

    assert evaluate(goal(light(shared_by=None)), SHOP, view, measured("0.6"), base=base).value == Decimal("0.6")


def test_a_shared_value_is_not_met_once_no_pod_is_left() -> None:
    base = snapshot([*nodes(), *web("a")])

    result = evaluate(goal(light()), SHOP, base.potential().lose_node("a"), measured("0.1"), base=base)

    assert (result.state, result.value) == ("NotFulfilled", None)


def test_a_value_measured_without_a_ready_pod_stands_now_and_predicts_nothing() -> None:
    base = snapshot([*nodes(), *web()])
    scaled = base.potential().set_replicas(WEB, 2)

    assert evaluate(goal(light()), SHOP, base.potential(), measured("0.1"), base=base).state == "Fulfilled"
    assert evaluate(goal(light()), SHOP, scaled, measured("0.1"), base=base).state == "Unknown"


def test_a_goal_of_a_later_version_is_unknown() -> None:
    assert evaluate(goal({"name": "latency"}), SHOP, snapshot([]), {}).state == "Unknown"


@pytest.mark.parametrize(
    ("value", "expected"), [(available(1), WEB_SERVICE), (light(), WEB), (light(shared_by=None), None)]
)
def test_a_goal_leans_on_the_pods_that_decide_on_it(value: Json, expected: Key | None) -> None:
    assert leans_on(goal(value), SHOP) == expected


def spread(minimum: int, cause: str = "zone") -> Goal:
    asked = {"service": "web", "minReady": 1, "spread": {"cause": cause, "minGroups": minimum}}
    return goal({"name": "up", "available": asked})


def zoned(**zones: str) -> View:
    """Nodes by the zone that they are labelled with, none where it is empty; each has a pod."""
    labels = {name: {"zone": zone} if zone else {} for name, zone in zones.items()}
    found = live([*(node(name, labels=one) for name, one in labels.items()), *web(*zones)], labels={"zone": "zone"})
    return found.snapshot()


@pytest.mark.parametrize(
    ("zones", "minimum", "expected", "number"),
    [
        ({"a": "x", "b": "y"}, 2, "Fulfilled", 2),
        ({"a": "x", "b": "x"}, 2, "NotFulfilled", 1),
        ({"a": "x", "b": ""}, 1, "Fulfilled", 1),
        ({"a": "x", "b": ""}, 2, "Unknown", 1),
    ],
)
def test_ready_pods_stand_in_so_many_zones(
    zones: Mapping[str, str], minimum: int, expected: GoalState, number: int
) -> None:
    result = evaluate(spread(minimum), SHOP, zoned(**zones), {})
    assert (result.state, result.value) == (expected, Decimal(number))
    assert f"ready pods in {number} groups of cause zone, {minimum} needed" in result.message


def test_a_zone_whose_pods_are_lost_counts_no_more() -> None:
    view = zoned(a="x", b="y")
    assert isinstance(view, Snapshot)
    assert evaluate(spread(2), SHOP, view.potential().lose_node("b"), {}).state == "NotFulfilled"
    assert evaluate(spread(1), SHOP, view.potential().lose_node("b"), {}).state == "Fulfilled"
