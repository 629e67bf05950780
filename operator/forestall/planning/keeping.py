"""Which findings and plans nobody needs any more: their account stands in the ledger, and nothing follows from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from forestall.api.finding import Finding
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.api.retention import Retention
from forestall.closure.items import HOLD_OFF
from forestall.planning.record import ended, since_detected, tried

_AT_REST: Final = frozenset(("Cleared", "Closed"))
_NEVER: Final = datetime.max.replace(tzinfo=UTC)

Plans = Mapping[str, Sequence[RemediationPlan]]
"""Plans by the name of their finding."""


@dataclass(frozen=True, slots=True)
class Surplus:
    """What may go now. The plans of a finding go before the finding itself."""

    findings: tuple[Finding, ...]
    """Findings at rest that are old or too many."""
    plans: tuple[RemediationPlan, ...]
    """Ended plans: beyond what their finding keeps, left behind by a finding that is gone, or of `findings`."""
    again: datetime | None
    """When time alone lets more go; None: it never does."""


def surplus(findings: Sequence[Finding], plans: Iterable[RemediationPlan], limits: Retention, now: datetime) -> Surplus:
    """What may go of one policy's findings, and of the plans that name the policy."""
    of: dict[str, list[RemediationPlan]] = defaultdict(list)
    for plan in plans:
        of[plan.spec.finding_ref.name].append(plan)
    by_name = {one.metadata.name: one for one in findings}
    days = _days(findings, of, limits)
    going = {name for name, day in days.items() if day <= now}
    orphans = {name: _end_of_all(of[name], limits) for name in of if name not in by_name}
    left_behind = [name for name, day in orphans.items() if day <= now]
    spare = (plan for name, one in by_name.items() if name not in going for plan in _spare(one, of[name], limits))
    later = [day for day in (*days.values(), *orphans.values()) if now < day < _NEVER]
    return Surplus(
        findings=tuple(by_name[name] for name in sorted(going)),
        plans=(*spare, *(plan for name in (*left_behind, *sorted(going)) for plan in of[name])),
        again=min(later, default=None),
    )


def _days(findings: Iterable[Finding], of: Plans, limits: Retention) -> dict[str, datetime]:
    """When each finding at rest may go, by its name: at its age; beyond the number that is kept, after the hold-off."""
    resting = {one.metadata.name: since for one in findings if (since := _at_rest(one, of)) is not None}
    latest = sorted(resting, key=lambda name: (resting[name], name), reverse=True)
    age = max(limits.age, HOLD_OFF)
    return {name: resting[name] + (age if place < limits.findings else HOLD_OFF) for place, name in enumerate(latest)}


def _at_rest(finding: Finding, of: Plans) -> datetime | None:
    """Since when nothing has happened to the finding; None where something may."""
    status = finding.status
    under_way = any(plan.status.phase not in TERMINAL for plan in of.get(finding.metadata.name, ()))
    if status.state not in _AT_REST or not status.transitions or under_way or status.alerts:
        return None
    return status.transitions[-1].time


def _end_of_all(plans: Iterable[RemediationPlan], limits: Retention) -> datetime:
    """When plans without a finding may go."""
    ends = [_end(plan) if plan.status.phase in TERMINAL else _NEVER for plan in plans]
    return max(ends) + max(limits.age, HOLD_OFF) if _NEVER not in ends else _NEVER


def _spare(finding: Finding, plans: Iterable[RemediationPlan], limits: Retention) -> Iterator[RemediationPlan]:
    """Ended plans of a finding that stays, beyond the latest of each runbook."""
    by_runbook: dict[str, list[RemediationPlan]] = defaultdict(list)
    for plan in plans:
        if plan.status.phase in TERMINAL and not _matters(plan, finding):
            by_runbook[plan.spec.runbook_ref.name].append(plan)
    for found in by_runbook.values():
        yield from sorted(found, key=lambda plan: (_end(plan), plan.metadata.name))[: -limits.plans]


def _matters(plan: RemediationPlan, finding: Finding) -> bool:
    """Whether the answer to the finding's present showing rests on what became of the plan."""
    status = plan.status
    with_a_person = status.assignee is not None and status.assignee.kind == "Human"
    tells = tried(plan) or with_a_person or status.phase in {"Succeeded", "Rejected"}
    return tells and since_detected(plan, finding)


def _end(plan: RemediationPlan) -> datetime:
    return ended(plan) or _NEVER
