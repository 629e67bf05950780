"""Conditions that come from around a plan: they appear once they hold, and tell when they hold no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from forestall.api import conditions
from forestall.execution.decide import decide
from forestall.gates.facts import Facts
from tests.unit.gates.scene import NOW, facts, pause, plan, rendered

WAITING = rendered(phase="PendingApproval", approval=None)


def told(known: Facts) -> dict[str, tuple[str, str]]:
    found = decide(known, NOW).status.conditions
    return {one.type: (one.status, one.reason) for one in found if one.type in {"Paused", "ApprovalNotDurable"}}


def waiting(**more: Any) -> Facts:
    return facts(WAITING, {}, **more)


def test_a_plan_of_which_nothing_is_to_be_said_bears_neither() -> None:
    assert told(waiting()) == {}


@pytest.mark.parametrize("level", ["Pause", "Stop"])
def test_a_paused_plan_says_so(level: str) -> None:
    assert told(waiting(pauses=(pause(level=level),))) == {"Paused": ("True", "Paused")}


def test_a_plan_that_was_paused_says_that_it_is_no_longer() -> None:
    paused = decide(waiting(pauses=(pause(),)), NOW).status
    assert told(waiting().with_status(paused)) == {"Paused": ("False", "NotPaused")}


def test_a_plan_that_has_ended_is_not_paused() -> None:
    known = facts(WAITING, {"forestall.dev/reject": "no", "forestall.dev/rejected-by": "ann"}, pauses=(pause(),))
    assert told(known) == {}


def test_a_plan_that_is_kept_in_git_says_how_it_can_be_approved() -> None:
    kept = replace(waiting(), plan=plan(WAITING, {}, {"kustomize.toolkit.fluxcd.io/name": "shop"}))
    found = conditions.find(decide(kept, NOW).status.conditions, "ApprovalNotDurable")
    assert found is not None
    assert (found.status, found.reason) == ("True", "KeptInGit")
    assert "only a RemediationApproval counts" in found.message
