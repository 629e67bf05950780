"""Action Jobs: created once, read back, suspended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from forestall.adapters.resources import JOBS, PODS
from forestall.api.remediationplan import Attempt, RemediationPlan
from forestall.api.runbook import Runbook
from forestall.gates.facts import JobState
from forestall.planning import job
from forestall.ports import Json, Kube, KubeError


async def create(
    kube: Kube, plan: RemediationPlan, attempt: Attempt, *, runbook: Runbook, namespace: str, trace: str
) -> None:
    """Create the attempt's Job. One that is there already is left to be judged by `read`."""
    body = job.manifest(plan, attempt, runbook=runbook.spec, namespace=namespace, trace=trace)
    try:
        await kube.create(JOBS, namespace, body)
    except KubeError as error:
        if error.reason != "AlreadyExists":
            raise


async def suspend(kube: Kube, namespace: str, job: JobState, *, stop: bool) -> None:
    """Stop a running Job, or let it go on. Raises KubeError with reason Conflict where it has changed since."""
    patch = {"metadata": {"resourceVersion": job.version}, "spec": {"suspend": stop}}
    await kube.merge_patch(JOBS, namespace, job.name, patch, manager="forestall")


async def read(kube: Kube, plan: RemediationPlan, attempt: Attempt, namespace: str) -> JobState:
    """The attempt's Job as it is now, uncached."""
    try:
        found = await kube.get(JOBS, namespace, attempt.job_name)
    except KubeError as error:
        if error.status != 404:
            raise
        return JobState(attempt.job_name, "Absent")
    if not _ours(found, plan, attempt):
        return JobState(attempt.job_name, "Foreign")
    end = job.finished(found)
    if end is None:
        suspended = found["spec"].get("suspend")
        running = JobState(attempt.job_name, "Active", _version(found), created_at=_created(found))
        return replace(running, state="Suspended") if suspended else running
    container = await _terminated(kube, namespace, attempt.job_name)
    return _ended(found, end, container)


def _ours(found: Json, plan: RemediationPlan, attempt: Attempt) -> bool:
    """Whether a Job of that name is the one this plan means: same plan, step, attempt and content."""
    labels, annotations = found["metadata"].get("labels") or {}, found["metadata"].get("annotations") or {}
    wanted = job.identity(plan, attempt)
    return wanted.items() <= labels.items() and annotations.get(job.PLAN_DIGEST) == plan.status.plan_digest


def _ended(found: Json, finished: Json, container: Mapping[str, object]) -> JobState:
    told = _told(str(container.get("message") or ""))
    exit_code = container.get("exitCode")
    return JobState(
        name=found["metadata"]["name"],
        state="Complete" if finished["type"] == "Complete" else "Failed",
        version=_version(found),
        created_at=_created(found),
        finished_at=datetime.fromisoformat(str(container.get("finishedAt") or finished["lastTransitionTime"])),
        exit_code=exit_code if isinstance(exit_code, int) else None,
        timed_out=finished.get("reason") == "DeadlineExceeded",
        message=str(told.get("message") or finished.get("message") or ""),
        target_hash=str(told.get("targetHash") or ""),
    )


async def _terminated(kube: Kube, namespace: str, name: str) -> Mapping[str, object]:
    """How the action's container ended, from the Job's latest pod; empty where no pod is left."""
    pods = await kube.list(PODS, namespace, labels=f"batch.kubernetes.io/job-name={name}")
    statuses = [
        status["state"]["terminated"]
        for pod in sorted(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp")))
        for status in (pod.get("status") or {}).get("containerStatuses") or ()
        if "terminated" in (status.get("state") or {})
    ]
    return statuses[-1] if statuses else {}


def _told(message: str) -> Mapping[str, object]:
    """The action's own words. A message that is no JSON object of ours is taken as plain text."""
    try:
        told = json.loads(message)
    except ValueError:
        return {"message": message}
    return told if isinstance(told, dict) else {"message": message}


def _version(found: Json) -> str:
    return str(found["metadata"]["resourceVersion"])


def _created(found: Json) -> datetime:
    return datetime.fromisoformat(found["metadata"]["creationTimestamp"])
