"""Reconciles a Runbook: says whether plans may use it, and under which digest."""

from __future__ import annotations

from datetime import timedelta

from forestall.api import conditions
from forestall.api.base import Key
from forestall.api.runbook import Runbook, RunbookStatus
from forestall.planning.runbooks import digest, problem
from forestall.runtime.context import Context
from forestall.runtime.writing import write_status


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """Judge the runbook and write what was found."""
    runbook = context.store.get(Runbook, key.namespace, key.name)
    if runbook is None:
        return None
    wrong = problem(runbook)
    condition = conditions.make(
        "Ready",
        not wrong,
        "UnknownAction" if wrong else "Usable",
        wrong,
        generation=runbook.metadata.generation,
        now=context.clock.now(),
    )
    status = RunbookStatus(
        observed_generation=runbook.metadata.generation,
        conditions=tuple(conditions.merge(runbook.status.conditions, [condition])),
        digest=digest(runbook),
    )
    if await write_status(context.kube, context.store, runbook, status):
        context.metrics.writes.labels("Runbook").inc()
    return None
