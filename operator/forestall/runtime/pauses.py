"""Reconciles a RemediationPause: says whether it is in force, and lets every plan that it concerns look."""

from __future__ import annotations

from datetime import timedelta

from forestall.api import conditions
from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationpause import RemediationPause, RemediationPauseStatus
from forestall.api.remediationplan import TERMINAL, Phase, RemediationPlan
from forestall.gates.pause import over
from forestall.runtime.context import Context
from forestall.runtime.writing import write_status

RUNNING: frozenset[Phase] = frozenset(("Executing", "RollingBack"))


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """Stop first, tell afterwards. Looks again when the pause ends by itself."""
    wake(context, key.namespace)
    pause = context.store.get(RemediationPause, key.namespace, key.name)
    if pause is None or pause.metadata.deletion_timestamp is not None:
        return None
    now, generation = context.clock.now(), pause.metadata.generation
    ended = over(pause, now)
    condition = conditions.make("Active", not ended, "Expired" if ended else "InForce", generation=generation, now=now)
    found = conditions.merge(pause.status.conditions, [condition])
    status = RemediationPauseStatus(observed_generation=generation, conditions=tuple(found))
    if await write_status(context.kube, context.store, pause, status):
        context.metrics.writes.labels("RemediationPause").inc()
    return pause.spec.until - now if pause.spec.until is not None and not ended else None


def wake(context: Context, namespace: str) -> None:
    """Let the plans and policies look that a pause in `namespace` concerns: those with a Job first."""
    scope = None if namespace == context.settings.namespace else namespace
    plans = [one for one in context.store.all(RemediationPlan, scope) if one.status.phase not in TERMINAL]
    for plan in sorted(plans, key=lambda one: one.status.phase not in RUNNING):
        context.queue.add(plan.key)
    for policy in context.store.all(InspectionPolicy, scope):
        context.queue.add(policy.key)
