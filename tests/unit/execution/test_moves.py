"""The words that phases share."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forestall.api.remediationplan import Phase
from forestall.execution.moves import end, inverse_text, stay, to
from tests.unit.gates.scene import NOW, facts, rendered, step


def test_an_inverse_is_a_command_with_its_parameters() -> None:
    steps = facts(rendered(rollback=[step(), {**step(), "argv": ["scale"], "parameters": []}])).plan.status.rollback
    assert inverse_text(steps) == "its inverse is: rollout-undo to=cart-1; then scale"


def test_an_irreversible_plan_says_so() -> None:
    assert inverse_text(()) == "it has no inverse"


def test_only_a_blocked_plan_knows_when_it_looks_again() -> None:
    blocked = facts(rendered(phase="Blocked", blockedUntil=NOW)).plan.status
    assert to(blocked, "Blocked", "still").blocked_until == NOW
    assert to(blocked, "Preflight", "on").blocked_until is None


def test_staying_changes_the_words_alone() -> None:
    known = facts()
    decision = stay(known, "x" * 5000, timedelta(seconds=3))
    assert decision.status == known.plan.status.model_copy(update={"message": "x" * 1024})
    assert (decision.actions, decision.news, decision.requeue_after) == ((), (), timedelta(seconds=3))


@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        ("Succeeded", "Normal"),
        ("Cancelled", "Normal"),
        ("Rejected", "Normal"),
        ("Superseded", "Normal"),
        ("RolledBack", "Warning"),
        ("Escalated", "Warning"),
        ("Failed", "Warning"),
        ("Stale", "Warning"),
        ("Expired", "Warning"),
    ],
)
def test_people_are_warned_of_every_end_that_nobody_chose(phase: Phase, kind: str) -> None:
    [news] = end(facts(), phase, "why").news
    assert (news.kind, news.reason, news.message) == (kind, f"Plan{phase}", "why")
