"""Removes suspended Jobs that nobody resumes: their plan has ended, as by a take-over, or is gone.

Kubernetes itself removes the Jobs that end. A suspended one never does; it stays for as long after its suspension as
one that ended would, for people to look at.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from forestall.adapters.resources import JOBS, PLANS
from forestall.api.base import Key
from forestall.api.remediationplan import TERMINAL
from forestall.planning.job import PLAN, PLAN_UID, TTL_SECONDS
from forestall.ports import Json, KubeError
from forestall.runtime.context import Context

STAYS = timedelta(seconds=TTL_SECONDS)

log = structlog.get_logger(__name__)


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """Remove the Job if it is one of these; returns when to look again, None for one that is not suspended."""
    job = await _job(context, key)
    if job is None or not job["spec"].get("suspend"):
        return None
    left = _since(job) + STAYS - context.clock.now()
    if left > timedelta(0):
        return left
    if await _awaited(context, job):
        return STAYS
    version = job["metadata"]["resourceVersion"]
    await context.kube.delete(JOBS, key.namespace, key.name, version=version)
    context.metrics.removed.labels(JOBS.kind).inc()
    log.info("removed", item=str(key), plan=_plan(job))
    return None


async def _job(context: Context, key: Key) -> Json | None:
    try:
        return await context.kube.get(JOBS, key.namespace, key.name)
    except KubeError as error:
        if error.status != 404:
            raise
        return None


def _since(job: Json) -> datetime:
    """When the Job was suspended; its creation, as long as its controller has not said so."""
    conditions = (job.get("status") or {}).get("conditions") or ()
    told = (one["lastTransitionTime"] for one in conditions if one["type"] == "Suspended" and one["status"] == "True")
    return datetime.fromisoformat(next(told, job["metadata"]["creationTimestamp"]))


async def _awaited(context: Context, job: Json) -> bool:
    """Whether the Job's plan has not ended, as the API server has it now."""
    namespace, _, name = _plan(job).partition("/")
    try:
        plan = await context.kube.get(PLANS, namespace, name)
    except KubeError as error:
        if error.status != 404:
            raise
        return False
    same = plan["metadata"]["uid"] == (job["metadata"].get("labels") or {}).get(PLAN_UID)
    return same and (plan.get("status") or {}).get("phase") not in TERMINAL


def _plan(job: Json) -> str:
    """The Job's plan, as namespace/name."""
    return str((job["metadata"].get("annotations") or {}).get(PLAN, ""))
