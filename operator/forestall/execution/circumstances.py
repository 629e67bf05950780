"""Conditions of a plan that do not follow from its phase: what people and tools around it have done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forestall.api import conditions
from forestall.api.base import Condition
from forestall.api.remediationplan import TERMINAL, RemediationPlanStatus
from forestall.gates import pause
from forestall.gates.facts import Facts
from forestall.gates.gitops import tracker


def circumstances(facts: Facts, status: RemediationPlanStatus, now: datetime) -> Sequence[Condition]:
    """Paused, and ApprovalNotDurable; each appears once it holds for the first time."""
    generation, open_still = facts.plan.metadata.generation, status.phase not in TERMINAL
    paused = pause.told(pause.in_force(facts.pauses or (), now)) if open_still else ""
    tool = tracker(facts.plan.metadata) if open_still else ""
    kept = f"{tool} keeps the plan and may prune its annotations: only a RemediationApproval counts"
    found = [
        conditions.make(
            "Paused", bool(paused), "Paused" if paused else "NotPaused", paused, generation=generation, now=now
        ),
        conditions.make(
            "ApprovalNotDurable",
            bool(tool),
            "KeptInGit" if tool else "NotKeptInGit",
            kept if tool else "",
            generation=generation,
            now=now,
        ),
    ]
    return [one for one in found if one.status == "True" or conditions.find(status.conditions, one.type)]
