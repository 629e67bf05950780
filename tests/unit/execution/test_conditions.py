"""Conditions: a phase in the words that kstatus, `kubectl wait`, Helm and GitOps controllers read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import get_args

import pytest

from forestall.api import conditions
from forestall.api.remediationplan import Phase, RemediationPlanStatus
from forestall.execution.conditions import summarise
from tests.unit.gates.scene import APPROVAL, NOW

YES, NO, OPEN = "True", "False", "Unknown"
MEANING: Mapping[Phase, tuple[str, str, str, str]] = {
    # Ready, Succeeded, Reconciling, Stalled
    "Proposed": (NO, OPEN, NO, NO),
    "PendingApproval": (NO, OPEN, NO, NO),
    "Approved": (NO, OPEN, YES, NO),
    "Preflight": (NO, OPEN, YES, NO),
    "Executing": (NO, OPEN, YES, NO),
    "Soaking": (NO, OPEN, YES, NO),
    "Blocked": (NO, OPEN, NO, YES),
    "Succeeded": (YES, YES, NO, NO),
    "Rejected": (YES, NO, NO, NO),
    "Cancelled": (YES, NO, NO, NO),
    "Expired": (NO, NO, NO, YES),
    "Stale": (NO, NO, NO, YES),
    "Failed": (NO, NO, NO, YES),
    "RollingBack": (NO, OPEN, YES, NO),
    "RolledBack": (NO, NO, NO, YES),
    "Superseded": (YES, NO, NO, NO),
    "Escalated": (NO, NO, NO, YES),
}


def status(phase: Phase, **more: object) -> RemediationPlanStatus:
    return RemediationPlanStatus.model_validate({"phase": phase, "message": "why", **more})


def found(made: RemediationPlanStatus) -> dict[str, str]:
    return {one.type: one.status for one in made.conditions}


@pytest.mark.parametrize("phase", get_args(Phase))
def test_a_phase_has_its_conditions(phase: Phase) -> None:
    names = ("Ready", "Succeeded", "Reconciling", "Stalled")
    made = found(summarise(status(phase), generation=2, now=NOW))
    assert tuple(made[name] for name in names) == MEANING[phase]


def test_conditions_name_the_phase_and_say_why() -> None:
    made = summarise(status("Blocked"), generation=2, now=NOW)
    assert made.observed_generation == 2
    assert {(one.reason, one.message, one.observed_generation) for one in made.conditions} == {("Blocked", "why", 2)}


@pytest.mark.parametrize(("approval", "holds"), [(None, NO), (APPROVAL, YES)])
def test_approved_says_whether_an_approval_is_on_record(approval: object, holds: str) -> None:
    assert found(summarise(status("Preflight", approval=approval), generation=1, now=NOW))["Approved"] == holds


def test_times_move_only_with_what_changed() -> None:
    later = NOW + timedelta(minutes=1)
    first = summarise(status("Executing"), generation=1, now=NOW)
    second = summarise(first.model_copy(update={"phase": "Soaking"}), generation=1, now=later)
    third = summarise(second.model_copy(update={"phase": "Succeeded"}), generation=1, now=later)
    assert {one.last_transition_time for one in second.conditions} == {NOW}
    ready = conditions.find(third.conditions, "Ready")
    approved = conditions.find(third.conditions, "Approved")
    assert ready is not None
    assert approved is not None
    assert (ready.last_transition_time, approved.last_transition_time) == (later, NOW)


def test_a_status_said_twice_is_the_same_status() -> None:
    first = summarise(status("Executing"), generation=1, now=NOW)
    assert summarise(first, generation=1, now=NOW + timedelta(hours=1)) == first
