"""How many plans one identity may have proposed at a time: a flood of them would hide the one that matters."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from forestall.api.remediationplan import TERMINAL, RemediationPlan

_LAST = datetime.max.replace(tzinfo=UTC)


def too_many(plan: RemediationPlan, plans: Iterable[RemediationPlan], limit: int) -> str:
    """Why a plan that is not rendered yet may not stand beside what else its proposer has open; empty: it may.

    `plans` are those of every namespace. What is rendered already stays, and of the others the oldest come first.
    """
    proposer = plan.spec.proposer
    others = (one for one in plans if one.spec.proposer == proposer and one.status.phase not in TERMINAL)
    before = sum(1 for one in others if one.status.candidates or _order(one) < _order(plan))
    if before < limit:
        return ""
    return (
        f"{proposer} has {before} proposals that have not ended, and may have {limit}: "
        "let them end, or raise the chart's value proposals.limit"
    )


def _order(plan: RemediationPlan) -> tuple[datetime, str, str]:
    return plan.metadata.creation_timestamp or _LAST, plan.metadata.namespace or "", plan.metadata.name
