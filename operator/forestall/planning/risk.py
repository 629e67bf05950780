"""The risk class of a plan: whether a person with the right `approve` may let it run, or `approve-high` is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy, RiskLimits
from forestall.api.remediationplan import RiskClass
from forestall.api.runbook import RunbookSpec
from forestall.planning.hashing import decimal_text
from forestall.planning.targets import affected
from forestall.twin.views import Snapshot

_MOST_REASONS = 16  # as many as a plan's status takes


def classify(
    policy: InspectionPolicy, snapshot: Snapshot, runbook: RunbookSpec, target: Key, *, metrics_ok: bool
) -> tuple[RiskClass, tuple[str, ...]]:
    """The class, and why it is High; Low has no reasons. What is not known counts as High."""
    limits, hit = policy.spec.risk_limits, affected(snapshot, target)
    reasons = (
        *_lasting(runbook),
        *_shared(target),
        *_wide(limits, hit),
        *_busy(limits, snapshot, hit, metrics_ok),
    )
    return ("High" if reasons else "Low"), reasons[:_MOST_REASONS]


def _lasting(runbook: RunbookSpec) -> Iterator[str]:
    if runbook.irreversible:
        yield "the runbook cannot be undone"
    if runbook.effect == "Vouched":
        yield "the twin does not know what the runbook changes"


def _shared(target: Key) -> Iterator[str]:
    if not target.namespace:
        yield f"{target} belongs to no namespace: others depend on it"


def _wide(limits: RiskLimits, affected: Sequence[Key]) -> Iterator[str]:
    if len(affected) > limits.max_affected_services:
        yield f"{len(affected)} services are affected, more than {limits.max_affected_services}"


def _busy(limits: RiskLimits, snapshot: Snapshot, affected: Sequence[Key], metrics_ok: bool) -> Iterator[str]:
    if limits.max_live_load is None:
        return
    if not metrics_ok:
        yield "the live load is not known: the metrics cannot be read"
        return
    limit = Decimal(str(limits.max_live_load))
    loads = ((service, snapshot.loads.get(service)) for service in sorted(affected))
    yield from (reason for service, load in loads if (reason := _load(service, load, limit)))


def _load(service: Key, load: Decimal | None, limit: Decimal) -> str:
    if load is None or not load.is_finite():
        return f"the live load of {service} is not measured"
    return f"the live load of {service} is {decimal_text(load)}, above {decimal_text(limit)}" if load > limit else ""
