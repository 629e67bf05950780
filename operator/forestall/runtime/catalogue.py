"""Reconciles a Runbook: says whether plans may use it, and under which digest."""

from __future__ import annotations

from datetime import timedelta

from forestall.actions.order import EFFECTS
from forestall.api import conditions
from forestall.api.base import Key
from forestall.api.runbook import Runbook, RunbookStatus
from forestall.planning.runbooks import digest
from forestall.runtime.context import Context
from forestall.runtime.writing import write_status


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """Judge the runbook and write what was found."""
    runbook = context.store.get(Runbook, key.namespace, key.name)
    if runbook is None:
        return None
    problem = problem_of(runbook)
    condition = conditions.make(
        "Ready",
        not problem,
        "UnknownAction" if problem else "Usable",
        problem,
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


def problem_of(runbook: Runbook) -> str:
    """Why the runbook cannot be used; empty if it can. Its actions must do what its effect says."""
    for index, action in enumerate(runbook.spec.actions):
        known = EFFECTS.get(action.argv[0])
        if known is None:
            return f"spec.actions[{index}].argv: unknown action {action.argv[0]}; known are {', '.join(EFFECTS)}"
        if known != runbook.spec.effect:
            return f"spec.effect: the effect of action {action.argv[0]} is {known}"
    return ""
