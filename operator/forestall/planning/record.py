"""How often each rung of a ladder was tried for a finding, and how long it rests: all read from its plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forestall.api import conditions
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Execution
from forestall.api.remediationplan import TERMINAL, Phase, RemediationPlan

LONGEST_REST: Final = timedelta(hours=1)
_CAME_TO_NOTHING: Final[frozenset[Phase]] = TERMINAL - {"Succeeded", "Rejected", "Superseded"}
"""Ends after which a rung rests. What was superseded is made anew at once: only its content has changed."""


@dataclass(frozen=True, slots=True)
class Record:
    """The plans of a finding since it was raised, against what the policy allows."""

    finding: str
    """Name of the finding."""
    proposer: str
    """Who proposes for the policy: what others propose in vain costs no rest."""
    limits: Execution
    plans: Sequence[RemediationPlan]
    now: datetime

    def used_up(self, rung: int, runbook: str) -> bool:
        """Whether the rung was tried as often as it may be."""
        return sum(1 for plan in self._of(rung, runbook) if tried(plan)) >= self.limits.max_attempts

    def rests_until(self, rung: int, runbook: str) -> datetime | None:
        """Until when the rung rests: the longer, the more often it came to nothing. None: it does not rest.

        A first plan that never ran costs no rest, so that a change of the policy is answered at once.
        """
        fruitless = [plan for plan in self._of(rung, runbook) if self._counts(plan)]
        ends = [end for end in map(ended, fruitless) if end is not None]
        if not ends:
            return None
        weight = min(len(ends) + sum(map(tried, fruitless)), 30)  # far beyond the longest rest, and no overflow
        until = max(ends) + min(self.limits.backoff * (2 ** (weight - 1) - 1), LONGEST_REST)
        return until if until > self.now else None

    def _counts(self, plan: RemediationPlan) -> bool:
        """Whether it came to nothing. A stranger's plan that never ran says nothing of the runbook."""
        return plan.status.phase in _CAME_TO_NOTHING and (plan.spec.proposer == self.proposer or tried(plan))

    def _of(self, rung: int, runbook: str) -> Iterator[RemediationPlan]:
        """Plans of a rung: of its runbook, and by their name of its number, where the name tells one."""
        for plan in self.plans:
            number = rung_of(plan, self.finding)
            if plan.spec.runbook_ref.name == runbook and number in {rung, None}:
                yield plan


def tried(plan: RemediationPlan) -> bool:
    """Whether a Job of the plan was accepted, and the plan has ended without success."""
    ran = any(attempt.accepted_at is not None for attempt in plan.status.attempts)
    return ran and plan.status.phase in _CAME_TO_NOTHING


def since_detected(plan: RemediationPlan, finding: Finding) -> bool:
    """Whether the plan ended after the finding was raised; what is not known counts as after."""
    raised, times = finding.status.detected_at, tuple(_times(plan))
    return raised is None or not times or max(times) >= raised


def _times(plan: RemediationPlan) -> Iterator[datetime]:
    status = plan.status
    known = (
        plan.metadata.creation_timestamp,
        status.timestamps.decided,
        status.timestamps.acted,
        status.timestamps.verified,
        status.rejection.time if status.rejection else None,
    )
    return (time for time in known if time is not None)


def ended(plan: RemediationPlan) -> datetime | None:
    """When the plan ended: its condition Succeeded is Unknown until then. Made, at least, where that is missing."""
    found = conditions.find(plan.status.conditions, "Succeeded")
    return found.last_transition_time if found else plan.metadata.creation_timestamp


def rung_of(plan: RemediationPlan, finding: str) -> int | None:
    """The rung that the plan's name tells: `<finding>-<rung>-<number>`; None for a plan with a name of its own."""
    head, _, number = plan.metadata.name.removeprefix(f"{finding}-").partition("-")
    plain = plan.metadata.name.startswith(f"{finding}-") and head.isdecimal() and number.isdecimal()
    return int(head) if plain and head.isascii() and len(head) < 10 else None
