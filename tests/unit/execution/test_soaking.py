"""Soaking: judged once, on what was seen after it; what cannot be judged is not success."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.inspectionpolicy import GoalState, GoalStatus
from forestall.api.prediction import Prediction
from forestall.execution import soaking
from forestall.execution.decide import decide
from forestall.execution.decision import Decision
from forestall.gates.facts import Inspected
from tests.unit.execution.scene import PREDICTION, executing
from tests.unit.execution.scene import soaking as scene
from tests.unit.gates.scene import NOW, inspected, policy

LATER = NOW + timedelta(minutes=15)
"""When the wait for evidence is over, with the default age of evidence."""


def goal(name: str, observed: GoalState) -> GoalStatus:
    return GoalStatus(name=name, observed=observed, predicted="Unknown")


def seen(up: GoalState = "Fulfilled", **more: Any) -> Inspected:
    known = {"finding_present": False, "goals": (goal("up", up), goal("light", "Unknown")), "ready_pods": 3, "nodes": 2}
    return inspected(**{**known, **more})


def decided(**more: Any) -> Decision:
    return soaking.decide(scene(**more), NOW)


def result(decision: Decision) -> str | None:
    return decision.status.verification.result if decision.status.verification else None


def test_it_begins_with_the_last_step_and_lasts_as_long_as_the_policy_says() -> None:
    decision = decide(executing("Complete", policy=policy(execution={"soak": "90s"})), NOW)
    verification = decision.status.verification
    assert verification is not None
    assert (verification.since, verification.until) == (NOW, NOW + timedelta(seconds=90))
    assert (verification.result, decision.requeue_after) == ("Pending", timedelta(seconds=90))
    assert decision.status.timestamps.acted == NOW


def test_it_begins_also_where_the_policy_is_gone() -> None:
    decision = decide(executing("Complete", policy=None), NOW)
    assert (decision.status.phase, decision.requeue_after) == ("Soaking", timedelta(seconds=30))


def test_it_is_not_cut_short() -> None:
    decision = decided(until=NOW + timedelta(seconds=7), inspected=seen())
    assert (decision.status.phase, decision.requeue_after) == ("Soaking", timedelta(seconds=7))


def test_success_is_a_condition_that_is_gone_and_goals_that_are_met() -> None:
    decision = decided(inspected=seen())
    assert (decision.status.phase, result(decision)) == ("Succeeded", "Fulfilled")
    assert decision.status.message == "verified; prediction 4 of 4 right"
    assert decision.status.timestamps.verified == NOW
    assert [one.kind for one in decision.news] == ["Normal"]


def test_a_condition_that_is_still_there_is_a_failure() -> None:
    decision = decided(inspected=seen(finding_present=True))
    assert (decision.status.phase, result(decision)) == ("RollingBack", "NotFulfilled")
    assert decision.status.message == "is being undone: finding-cart is still there"
    assert [one.kind for one in decision.news] == ["Warning"]


ALERTING = seen(finding_present=True, lingers=True)


def test_an_alert_is_given_time_to_be_resolved_while_the_goals_are_met() -> None:
    decision = decided(inspected=ALERTING)
    assert (decision.status.phase, decision.requeue_after) == ("Soaking", timedelta(seconds=15))
    assert decision.status.message == "its goals are met; it waits for the alert to be resolved"


def test_an_alert_that_is_not_resolved_in_time_is_a_failure() -> None:
    late = soaking.decide(scene(inspected=seen(finding_present=True, lingers=True, at=LATER)), LATER)
    assert (late.status.phase, result(late)) == ("RollingBack", "NotFulfilled")
    assert late.status.message == "is being undone: finding-cart is still there"


def test_an_alert_gives_no_time_to_goals_that_are_not_met() -> None:
    decision = decided(inspected=seen(up="NotFulfilled", finding_present=True, lingers=True))
    assert (decision.status.phase, result(decision)) == ("RollingBack", "NotFulfilled")


def test_a_resolved_alert_is_no_success_where_goals_are_not_met() -> None:
    decision = decided(inspected=seen(up="NotFulfilled"))
    assert (decision.status.phase, result(decision)) == ("RollingBack", "NotFulfilled")


def test_a_goal_that_was_met_before_and_is_not_any_more_is_named_as_lost() -> None:
    dark = seen(up="NotFulfilled", goals=(goal("up", "NotFulfilled"), goal("light", "NotFulfilled")))
    verification = decided(inspected=dark).status.verification
    assert verification is not None
    assert verification.lost == ("light",)


@pytest.mark.parametrize("state", ["NotFulfilled", "Unknown"])
def test_a_goal_that_the_twin_promised_must_be_met(state: GoalState) -> None:
    decision = decided(inspected=seen(up=state))
    assert (decision.status.phase, result(decision)) == ("RollingBack", "NotFulfilled")
    assert f"goal up is {state}" in decision.status.message


def test_what_has_no_inverse_fails() -> None:
    known = scene(inspected=seen(finding_present=True))
    decision = soaking.decide(known.with_status(known.plan.status.model_copy(update={"rollback": ()})), NOW)
    assert (decision.status.phase, result(decision), decision.requeue_after) == ("Failed", "NotFulfilled", None)
    assert decision.status.message == "finding-cart is still there; it has no inverse"


def test_a_goal_that_the_twin_did_not_promise_need_not_be_met() -> None:
    decision = decided(inspected=seen(goals=(goal("up", "Fulfilled"), goal("light", "NotFulfilled"))))
    assert decision.status.phase == "Succeeded"
    assert decision.status.score is not None
    assert decision.status.score.message == "goal light: predicted Unknown, is NotFulfilled"


def test_a_goal_that_was_dropped_from_the_policy_is_not_judged() -> None:
    assert decided(inspected=seen(goals=())).status.phase == "Succeeded"


def test_all_that_is_wrong_is_told() -> None:
    message = decided(inspected=seen(up="NotFulfilled", finding_present=True)).status.message
    assert "finding-cart is still there; goal up is NotFulfilled" in message


UNSEEN: dict[str, tuple[Inspected | None, int, str]] = {
    "nothing was inspected": (None, 1, "no inspection has run since the soak ended"),
    "it was inspected before the end": (
        seen(at=NOW - timedelta(milliseconds=1)),
        1,
        "no inspection has run since the soak ended",
    ),
    "the inspection could not judge": (seen(finding_present=None), 15, "the inspection could not judge"),
    "the inspection says why": (seen(finding_present=None, problem="no series"), 15, "no series"),
    "the metrics are gone": (seen(metrics_ok=False, problem="timed out"), 15, "timed out"),
}


@pytest.mark.parametrize(("known", "seconds", "why"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_cannot_be_judged_is_waited_for(known: Inspected | None, seconds: int, why: str) -> None:
    decision = decided(inspected=known)
    assert (decision.status.phase, decision.requeue_after) == ("Soaking", timedelta(seconds=seconds))
    assert decision.status.message == f"cannot be judged yet: {why}"


@pytest.mark.parametrize(("known", "seconds", "why"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_cannot_be_judged_in_time_is_no_success(known: Inspected | None, seconds: int, why: str) -> None:
    early = soaking.decide(scene(inspected=known), LATER - timedelta(milliseconds=1))
    assert early.status.phase == "Soaking"
    decision = soaking.decide(scene(inspected=known), LATER)
    assert (decision.status.phase, result(decision), decision.status.score) == ("RollingBack", "Inconclusive", None)
    assert decision.status.message == f"is being undone: inconclusive is not success: {why}"
    assert decision.status.timestamps.verified == LATER


def test_without_its_policy_nothing_is_waited_for() -> None:
    decision = decided(policy=None, inspected=None)
    assert (decision.status.phase, result(decision)) == ("RollingBack", "Inconclusive")


def test_a_soak_without_a_beginning_cannot_be_judged() -> None:
    known = scene()
    broken = known.with_status(known.plan.status.model_copy(update={"verification": None}))
    assert soaking.decide(broken, NOW).status.phase == "Failed"


SCORES: dict[str, tuple[Inspected, int, int, Sequence[str]]] = {
    "all right": (seen(), 4, 4, []),
    "a goal wrong": (seen(up="NotFulfilled"), 3, 4, ["goal up: predicted Fulfilled, is NotFulfilled"]),
    "pods wrong": (seen(ready_pods=2), 3, 4, ["ready pods: predicted 3, is 2"]),
    "nodes wrong": (seen(nodes=1), 3, 4, ["nodes: predicted 2, is 1"]),
    "no pods, no nodes": (
        seen(ready_pods=0, nodes=0),
        2,
        4,
        ["ready pods: predicted 3, is 0", "nodes: predicted 2, is 0"],
    ),
    "pods and nodes not seen": (seen(ready_pods=None, nodes=None), 2, 2, []),
    "nothing seen": (seen(goals=(), ready_pods=None, nodes=None), 0, 0, []),
}


@pytest.mark.parametrize(("known", "matched", "total", "wrong"), SCORES.values(), ids=SCORES.keys())
def test_a_prediction_is_held_against_what_was_seen(
    known: Inspected, matched: int, total: int, wrong: Sequence[str]
) -> None:
    score = soaking.scored(Prediction.model_validate(PREDICTION), known)
    assert (score.matched, score.total, score.message) == (matched, total, "; ".join(wrong))


def test_nothing_predicted_is_nothing_right() -> None:
    decision = decided(prediction=None, inspected=seen(up="NotFulfilled"))
    assert decision.status.phase == "Succeeded"
    assert decision.status.score is not None
    assert (decision.status.score.matched, decision.status.score.total) == (0, 0)
    assert decision.status.score.message == "nothing was predicted"
