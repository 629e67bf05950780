"""The plan's conditions: a summary of its phase for kstatus, `kubectl wait`, Helm, Argo CD and Flux."""

from __future__ import annotations

from datetime import datetime

from forestall.api import conditions
from forestall.api.base import Condition
from forestall.api.remediationplan import TERMINAL, RemediationPlanStatus

FAILED = frozenset(("Failed", "RolledBack", "Stale", "Expired", "Escalated"))
MOVING = frozenset(("Approved", "Preflight", "Executing", "Soaking", "RollingBack"))


def summarise(status: RemediationPlanStatus, *, generation: int, now: datetime) -> RemediationPlanStatus:
    """`status` with conditions that say what its phase says."""
    phase, message = status.phase, status.message
    truths: dict[str, bool | None] = {
        "Ready": phase in TERMINAL - FAILED,
        "Approved": status.approval is not None,
        "Succeeded": phase == "Succeeded" if phase in TERMINAL else None,
        "Reconciling": phase in MOVING,
        "Stalled": phase in FAILED or phase == "Blocked",
    }
    found: list[Condition] = [
        conditions.make(kind, holds, phase, message, generation=generation, now=now) for kind, holds in truths.items()
    ]
    merged = conditions.merge(status.conditions, found)
    return status.model_copy(update={"conditions": tuple(merged), "observed_generation": generation})
