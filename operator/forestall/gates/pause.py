"""Pause: somebody on call has stopped what would be done here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forestall.api.remediationpause import RemediationPause
from forestall.api.remediationplan import Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto

GATE = "pause"


def judge(facts: Facts, now: datetime) -> Verdict:
    """Shut while any pause is in force for the plan's namespace."""
    if facts.pauses is None:
        return veto(GATE, "PausesUnreadable", "whether somebody has paused plans here has not been read")
    found = in_force(facts.pauses, now)
    return veto(GATE, "Paused", told(found)) if found else passes(GATE, "NotPaused")


def stops(facts: Facts, now: datetime) -> bool:
    """Whether running Jobs are to be suspended."""
    return any(pause.spec.level == "Stop" for pause in in_force(facts.pauses or (), now))


def in_force(pauses: Sequence[RemediationPause], now: datetime) -> list[RemediationPause]:
    """Of these pauses, those that hold now: neither over nor being deleted. Ordered by namespace and name."""
    held = [pause for pause in pauses if not over(pause, now) and pause.metadata.deletion_timestamp is None]
    return sorted(held, key=lambda pause: pause.key)


def over(pause: RemediationPause, now: datetime) -> bool:
    """Whether its time has run out."""
    return pause.spec.until is not None and now >= pause.spec.until


def told(pauses: Sequence[RemediationPause]) -> str:
    """Who pauses and why, and how to go on; empty where nobody does."""
    return "; ".join(
        f"{pause.spec.who} paused it ({pause.spec.reason}): it goes on when pause "
        f"{pause.metadata.namespace}/{pause.metadata.name} is deleted"
        + (f", or at {pause.spec.until.isoformat()}" if pause.spec.until else "")
        for pause in pauses
    )
