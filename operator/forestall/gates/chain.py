"""The gates in their order, and what a veto of each one means for the plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from forestall.api.remediationplan import Verdict
from forestall.gates import approval, evidence, lock, pause, suspend, target, twin
from forestall.gates.facts import Facts

Consequence = Literal["Blocked", "Stale", "Unapproved"]
"""Blocked: wait, the approval is kept. Stale: the plan no longer fits, a fresh one is needed. Unapproved: wait
for a valid approval."""


class Gate(NamedTuple):
    """A gate: its question, and what its veto means."""

    judge: Callable[[Facts, datetime], Verdict]
    consequence: Consequence


CHAIN: tuple[Gate, ...] = (
    Gate(pause.judge, "Blocked"),
    Gate(suspend.judge, "Blocked"),
    Gate(approval.judge, "Unapproved"),
    Gate(approval.rights, "Stale"),
    Gate(approval.enforced, "Blocked"),
    # Before the target is compared: what the other plan changes there it may yet undo.
    Gate(lock.judge, "Blocked"),
    Gate(target.content, "Stale"),
    Gate(target.unchanged, "Stale"),
    Gate(evidence.judge, "Blocked"),
    Gate(twin.simulated, "Blocked"),
    Gate(twin.judge, "Stale"),
)


UNDOING: tuple[Gate, ...] = (
    Gate(pause.judge, "Blocked"),
    Gate(suspend.stopped, "Blocked"),
)
"""The gates of a rollback. It is part of what was approved, so that only a stop keeps it back."""


class Judgement(NamedTuple):
    """All verdicts, and the consequence of the first veto; None where every gate lets the plan pass."""

    verdicts: Sequence[Verdict]
    veto: Verdict | None
    consequence: Consequence | None


def judge(facts: Facts, now: datetime, gates: Sequence[Gate] = CHAIN) -> Judgement:
    """Ask every gate. The first veto in order decides."""
    asked = [(gate.judge(facts, now), gate.consequence) for gate in gates]
    veto = next(((verdict, consequence) for verdict, consequence in asked if not verdict.ok), (None, None))
    return Judgement([verdict for verdict, _ in asked], *veto)
