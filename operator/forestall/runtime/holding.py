"""The finalizer of a plan while it executes: its running Job is suspended before the plan is gone.

It stands from right before the first Job until no Job of the plan runs any more, and never on a plan that waits.
"""

from __future__ import annotations

from collections.abc import Sequence

from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import HOLD, Phase, RemediationPlan
from forestall.execution.moves import current
from forestall.ports import KubeError
from forestall.runtime import jobs
from forestall.runtime.context import Context

HOLDING: frozenset[Phase] = frozenset(("Executing", "RollingBack"))
"""Phases in which a Job may run."""


async def keep(context: Context, plan: RemediationPlan) -> None:
    """Put the finalizer on; nothing is written where it stands. Raises KubeError where the plan has changed since."""
    if HOLD not in plan.metadata.finalizers:
        await _write(context, plan, [*plan.metadata.finalizers, HOLD])


async def release(context: Context, plan: RemediationPlan) -> None:
    """Take the finalizer off; nothing is written where there is none."""
    if HOLD in plan.metadata.finalizers:
        await _write(context, plan, [name for name in plan.metadata.finalizers if name != HOLD])


async def let_go(context: Context, plan: RemediationPlan) -> None:
    """Let a plan go that is being deleted: its Job is suspended first."""
    attempt = current(plan.status)
    if HOLD in plan.metadata.finalizers and attempt is not None:
        namespace = context.settings.action_namespace
        job = await jobs.read(context.kube, plan, attempt, namespace)
        if job.state == "Active":
            await jobs.suspend(context.kube, namespace, job, stop=True)
    await release(context, plan)


async def _write(context: Context, plan: RemediationPlan, finalizers: Sequence[str]) -> None:
    metadata = plan.metadata
    patch = {"metadata": {"resourceVersion": metadata.resource_version, "finalizers": list(finalizers)}}
    with context.store.echoes.writing(plan.key):
        try:
            answer = await context.kube.merge_patch(
                PLANS, metadata.namespace or "", metadata.name, patch, manager="forestall"
            )
        except KubeError as error:
            if error.status != 404:
                raise
            return
        if finalizers or not metadata.deletion_timestamp:
            context.store.put(PLANS.kind, answer)
