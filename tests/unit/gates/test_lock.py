"""Which plans work on their target, and so keep others from it."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.remediationplan import TERMINAL, RemediationPlanStatus
from forestall.gates.lock import acted, holds
from tests.unit.gates.scene import attempt, rendered


def status(phase: str, *outcomes: str | None, **more: Any) -> RemediationPlanStatus:
    tried = [attempt(number, outcome=outcome, **more) for number, outcome in enumerate(outcomes)]
    return RemediationPlanStatus.model_validate(rendered(phase=phase, steps=2, attempts=tried))


@pytest.mark.parametrize("phase", ["Preflight", "Executing", "Soaking", "RollingBack"])
def test_a_plan_works_on_its_target_from_its_first_job_to_its_judgement(phase: str) -> None:
    assert holds(status(phase))


@pytest.mark.parametrize("phase", ["Proposed", "PendingApproval", "Approved", "Blocked", *sorted(TERMINAL)])
def test_a_plan_that_waits_or_has_ended_keeps_nobody_from_the_target(phase: str) -> None:
    assert not holds(status(phase))


def test_a_plan_that_is_blocked_between_its_steps_still_works_on_its_target() -> None:
    assert holds(status("Blocked", "Success"))
    assert not holds(status("Blocked", "FailureGuard"))


@pytest.mark.parametrize("outcome", ["Success", "NothingToDo", "Failure", "FailureTimeout", "FailureRetries"])
def test_a_job_that_has_run_may_have_changed_something(outcome: str) -> None:
    assert acted(status("Blocked", outcome))
    assert not acted(status("Blocked", outcome, rollback=True))


@pytest.mark.parametrize("outcome", [None, "FailureGuard", "FailureException"])
def test_a_job_that_never_ran_has_changed_nothing(outcome: str | None) -> None:
    assert not acted(status("Blocked", outcome))
