"""Conditions: set, compared and kept so that a time changes only when a status does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forestall.api.base import Condition


def find(conditions: Sequence[Condition], kind: str) -> Condition | None:
    """The condition of that type, or None."""
    return next((condition for condition in conditions if condition.type == kind), None)


def is_true(conditions: Sequence[Condition], kind: str) -> bool:
    """Whether the condition of that type is there and True."""
    found = find(conditions, kind)
    return found is not None and found.status == "True"


def make(kind: str, holds: bool | None, reason: str, message: str = "", *, generation: int, now: datetime) -> Condition:
    """A condition as found at `now`; `holds` None is Unknown."""
    status = "Unknown" if holds is None else "True" if holds else "False"
    return Condition.model_validate(
        {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "observed_generation": generation,
            "last_transition_time": now,
        }
    )


def merge(old: Sequence[Condition], new: Sequence[Condition]) -> list[Condition]:
    """`new` over `old`: one per type, ordered by type, with the old time wherever the status stayed."""
    merged = {condition.type: condition for condition in old}
    for condition in new:
        before = merged.get(condition.type)
        kept = before is not None and before.status == condition.status
        time = before.last_transition_time if before is not None and kept else condition.last_transition_time
        merged[condition.type] = condition.model_copy(update={"last_transition_time": time})
    return [merged[kind] for kind in sorted(merged)]
