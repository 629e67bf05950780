"""Attempts and rests of a rung: read from the plans alone, so that no restart forgets them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.inspectionpolicy import Execution
from forestall.api.remediationplan import RemediationPlan
from forestall.planning.record import Record, ended, rung_of, tried
from tests.unit.planning.world import NOW, plan

LIMITS = Execution(max_attempts=2, backoff=timedelta(seconds=30))


def ran(
    name: str = "finding-cart-1-1", phase: str = "RolledBack", *, seconds: float = 0, **more: Any
) -> RemediationPlan:
    """A plan whose Job was accepted, and which ended so many seconds after NOW."""
    job = {"step": 0, "attempt": 1, "jobName": "job", "intendedAt": NOW, "acceptedAt": NOW}
    return over(name, phase, seconds=seconds, attempts=[job], **more)


def over(
    name: str = "finding-cart-1-1",
    phase: str = "Stale",
    *,
    seconds: float = 0,
    runbook: str = "rollout-undo",
    **more: Any,
) -> RemediationPlan:
    end = {
        "type": "Succeeded",
        "status": "False",
        "reason": phase,
        "lastTransitionTime": NOW + timedelta(seconds=seconds),
    }
    return plan(name, phase, runbook=runbook, status={"conditions": [end], **more})


def record(*plans: RemediationPlan, seconds: float = 0) -> Record:
    return Record("finding-cart", "forestall", LIMITS, plans, NOW + timedelta(seconds=seconds))


def rest(plans: Sequence[RemediationPlan]) -> float:
    """Seconds that the first rung rests from NOW on."""
    until = record(*plans).rests_until(1, "rollout-undo")
    return (until - NOW).total_seconds() if until else 0.0


@pytest.mark.parametrize("phase", ["RolledBack", "Failed", "Stale", "Expired", "Cancelled", "Escalated"])
def test_a_plan_that_ran_and_did_not_succeed_was_tried(phase: str) -> None:
    assert tried(ran(phase=phase))
    assert not tried(over(phase=phase))


@pytest.mark.parametrize("phase", ["Succeeded", "Executing", "RollingBack", "Soaking", "Rejected"])
def test_any_other_plan_was_not(phase: str) -> None:
    assert not tried(ran(phase=phase))


def test_a_rung_is_used_up_by_as_many_tries_as_are_allowed() -> None:
    first, second = ran("finding-cart-1-1"), ran("finding-cart-1-2")
    assert not record(first, over("finding-cart-1-3")).used_up(1, "rollout-undo")
    assert record(first, second).used_up(1, "rollout-undo")


def test_rungs_and_runbooks_are_counted_apart() -> None:
    known = record(ran("finding-cart-1-1"), ran("finding-cart-1-2"))
    assert not known.used_up(2, "rollout-undo")
    assert not known.used_up(1, "scale")


def test_a_plan_with_a_name_of_its_own_counts_for_every_rung_of_its_runbook() -> None:
    known = record(ran("by-hand"), ran("finding-cart-extra"))
    assert known.used_up(1, "rollout-undo")
    assert known.used_up(2, "rollout-undo")


@pytest.mark.parametrize(
    ("plans", "seconds"),
    [
        ([], 0),
        ([over()], 0),
        ([over(), over()], 30),
        ([over(), over(), over()], 90),
        ([ran()], 30),
        ([ran(), over()], 90),
        ([ran(), ran()], 210),
        ([over()] * 40, 3600),
        ([over(phase="Superseded")] * 5, 0),
        ([over(phase="Rejected")] * 5, 0),
    ],
)
def test_a_rung_rests_the_longer_the_more_often_it_came_to_nothing(
    plans: Sequence[RemediationPlan], seconds: float
) -> None:
    assert rest(plans) == seconds


def test_the_rest_counts_from_the_last_end_and_is_over_at_its_end() -> None:
    plans = (over(), over(seconds=10))
    assert record(*plans, seconds=39.9).rests_until(1, "rollout-undo") == NOW + timedelta(seconds=40)
    assert record(*plans, seconds=40).rests_until(1, "rollout-undo") is None


def test_a_plan_without_conditions_ended_when_it_was_made() -> None:
    made = plan("finding-cart-1-1", "Stale", minutes=3)
    assert ended(made) == NOW + timedelta(minutes=3)


@pytest.mark.parametrize(
    ("name", "rung"),
    [
        ("finding-cart-2-11", 2),
        ("finding-cart-2", None),
        ("finding-cart-x-1", None),
        ("finding-cart-٣-1", None),
        ("other-2-1", None),
        ("finding-cart-99999999999-1", None),
    ],
)
def test_the_name_of_a_plan_tells_its_rung(name: str, rung: int | None) -> None:
    assert rung_of(plan(name, "Stale"), "finding-cart") == rung


def test_what_a_stranger_proposes_in_vain_costs_no_rest_and_what_ran_does() -> None:
    def by_frank(plan: RemediationPlan) -> RemediationPlan:
        return plan.model_copy(update={"spec": plan.spec.model_copy(update={"proposer": "frank"})})

    vain = [by_frank(over(f"flood-{number}", "Cancelled", seconds=number)) for number in range(9)]
    assert record(*vain, seconds=10).rests_until(1, "rollout-undo") is None
    assert record(*vain, by_frank(ran("theirs")), seconds=10).rests_until(1, "rollout-undo") is not None
