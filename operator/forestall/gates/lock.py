"""Lock: one plan at a time works on a target, from its first Job until its outcome has been judged."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Outcome, Phase, RemediationPlanStatus, Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto

GATE = "lock"
AT_WORK: frozenset[Phase] = frozenset(("Preflight", "Executing", "Soaking", "RollingBack"))

_WITHOUT_EFFECT: frozenset[Outcome | None] = frozenset((None, "FailureGuard", "FailureException"))
"""Ends of a Job that changed nothing, or of which nobody knows what it changed."""


def judge(facts: Facts, _now: datetime) -> Verdict:
    """Shut while another plan works on the target: what either was approved on would no longer be so."""
    if facts.rival is None:
        return veto(GATE, "LockUnreadable", "whether another plan works on the target has not been read")
    if facts.rival:
        return veto(
            GATE, "TargetLocked", f"plan {facts.rival} works on the same target: it goes on when that has ended"
        )
    return passes(GATE, "Free")


def holds(status: RemediationPlanStatus) -> bool:
    """Whether a plan in this state works on its target; one that is blocked between its steps does."""
    return status.phase in AT_WORK or (status.phase == "Blocked" and acted(status))


def acted(status: RemediationPlanStatus) -> bool:
    """Whether a Job of a step has run that may have changed something."""
    return any(not one.rollback and one.outcome not in _WITHOUT_EFFECT for one in status.attempts)
