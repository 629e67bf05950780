"""Scans of networks by Indexed Jobs: begun, found again after a restart, followed, added up, removed when outdated.

Nothing of a scan is remembered that the cluster does not hold: its Job has a name that follows from the question, and
each shard's answer stands in a ConfigMap of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from forestall.adapters.resources import CONFIG_MAPS, JOBS, PODS, POLICIES
from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.scans import NOT_BEGUN, Reconciliation, Scan, Scans, Standing, wanted
from forestall.planning.job import MANAGED, finished
from forestall.planning.parcels import part_of, unpacked
from forestall.planning.scan_course import Course, course
from forestall.planning.scan_job import (
    SCAN,
    input_names,
    input_of,
    inputs,
    manifest,
    name_of,
    question_of,
    result_name,
    topology_of,
)
from forestall.ports import Json, KubeError, Resource
from forestall.runtime.context import Context
from forestall.twin.topology import Topology

MOST_TOLD = 3
"""Shards of which it is said why they are missing."""

log = structlog.get_logger(__name__)


async def pursue(context: Context, policy: InspectionPolicy, topology: Topology) -> Scans:
    """Have done what the policy wants examined of the topology and is too much for this process; remove every scan of
    the policy that is of no use for that. How far each one is.
    """
    most, image, key = context.settings.scan_limit, context.settings.action_image, policy.key
    is_asked = any(item.contingency for item in policy.spec.inspections)
    asked = await asyncio.to_thread(wanted, policy, topology, most) if is_asked else ()
    jobs = {scan: job for job in context.scanned.of(key) if (scan := question_of(job, image))}
    now, interval = context.clock.now(), policy.spec.schedule.interval
    courses = {scan: course(scan, jobs, now, interval) for scan in asked}
    useful = [scan for one in courses.values() for scan in one.scans]
    await _remove(context, key, keep={name_of(scan, key, image) for scan in useful})
    before = context.scanned.standing.get(key, {})
    found = {scan: await _standing(context, key, scan, topology, before.get(scan)) for scan in useful}
    if found or before:
        context.scanned.standing[key] = found
    return Scans(most, {scan: _latest(scan, one, found) for scan, one in courses.items()})


def _latest(asked: Scan, taken: Course, found: Mapping[Scan, Standing]) -> Standing:
    """The latest answer to a question, or as long as there is none, how far it is."""
    latest = next((scan for scan in taken.scans if found[scan].found), taken.scans[0])
    return replace(found[latest], as_of=None) if latest == asked else found[latest]


async def abandon(context: Context, policy: Key) -> None:
    """Remove the scans of a policy that is gone, if the API server, too, says so: after a start not all is heard of."""
    context.scanned.standing.pop(policy, None)
    if context.scanned.of(policy) and await _get(context, POLICIES, policy.namespace, policy.name) is None:
        await _remove(context, policy, keep=())


async def _remove(context: Context, policy: Key, *, keep: Collection[str]) -> None:
    names = {job["metadata"]["name"] for job in context.scanned.of(policy)}
    for name in sorted(names.difference(keep)):
        try:
            await context.kube.delete(JOBS, context.settings.action_namespace, name)
        except KubeError as error:
            if error.status != 404:
                raise
        context.scanned.jobs.pop(name, None)
        context.metrics.removed.labels(JOBS.kind).inc()
        log.info("scan removed", job=name, policy=str(policy))


async def _standing(context: Context, policy: Key, scan: Scan, topology: Topology, last: Standing | None) -> Standing:
    """How far the scan is, once it has been taken as far as it can be. One that has ended is added up once."""
    name = name_of(scan, policy, context.settings.action_image)
    if last is not None and (last.whole or (last.found is not None and name in context.scanned.jobs)):
        return last
    try:
        return await _taken_on(context, policy, scan, topology)
    except KubeError as error:
        if error.unanswered:
            raise
        return Standing(f"their scan by Jobs cannot go on: {error}")


async def _taken_on(context: Context, policy: Key, scan: Scan, topology: Topology) -> Standing:
    name = name_of(scan, policy, context.settings.action_image)
    job = await _get(context, JOBS, context.settings.action_namespace, name)
    if job is not None and finished(job) is not None:
        context.scanned.hear(job, gone=False)
        return await _added_up(context, scan, job)
    if job is not None and not job["spec"].get("suspend"):
        return _progress(scan, job)
    if scan.topology != topology.id:
        context.scanned.jobs.pop(name, None)
        return NOT_BEGUN
    data = await asyncio.to_thread(input_of, topology)
    if isinstance(data, str):
        return Standing(data)
    return await _begun(context, scan, job or await _created(context, policy, scan, parts=len(data)), data)


async def _created(context: Context, policy: Key, scan: Scan, *, parts: int) -> Json:
    """The scan's Job, suspended."""
    settings = context.settings
    body = manifest(
        scan,
        policy,
        image=settings.action_image,
        namespace=settings.action_namespace,
        parallelism=settings.scan_parallelism,
        parts=parts,
    )
    log.info("scan", job=body["metadata"]["name"], policy=str(policy), losses=scan.of, shards=len(scan.shards))
    job = await context.kube.create(JOBS, settings.action_namespace, body)
    context.scanned.hear(job, gone=False)
    return job


async def _begun(context: Context, scan: Scan, job: Json, data: Sequence[bytes]) -> Standing:
    """Give the Job its input and let it run, unless another scan runs."""
    namespace, name, uid = context.settings.action_namespace, job["metadata"]["name"], job["metadata"]["uid"]
    async with context.scanned.turn:
        for body in await context.kube.list(CONFIG_MAPS, namespace, labels=f"{SCAN}={name}"):
            if not _belongs(body, uid):
                return Standing("their scan by Jobs waits until what is left of an earlier one is gone")
        if other := await _running(context):
            return Standing(f"their scan by Jobs waits for that of Job {other}")
        for body in inputs(name, uid, data):
            await _create_once(context, namespace, body)
        run = {"spec": {"suspend": False}}
        job = await context.kube.merge_patch(JOBS, namespace, name, run, manager="forestall")
        context.scanned.hear(job, gone=False)
    return _progress(scan, job)


async def _running(context: Context) -> str:
    """Name of a scan's Job that runs; empty while none does."""
    jobs = await context.kube.list(JOBS, context.settings.action_namespace, labels=f"{MANAGED}=true")
    running = (
        job["metadata"]["name"]
        for job in jobs
        if SCAN in job["metadata"]["labels"] and not job["spec"].get("suspend") and finished(job) is None
    )
    return next(running, "")


async def _create_once(context: Context, namespace: str, body: Json) -> None:
    try:
        await context.kube.create(CONFIG_MAPS, namespace, body)
    except KubeError as error:
        if error.reason != "AlreadyExists":
            raise


def _progress(scan: Scan, job: Json) -> Standing:
    status = job.get("status") or {}
    failed = f", shards {status['failedIndexes']} failed" if status.get("failedIndexes") else ""
    done = status.get("succeeded", 0)
    return Standing(f"{done} of {len(scan.shards)} shards of their scan are done{failed}")


async def _added_up(context: Context, scan: Scan, job: Json) -> Standing:
    """What the shards of a Job that has ended come to. What one says is believed as far as it can be checked."""
    try:
        total = await asyncio.to_thread(Reconciliation, await _given(context, job), scan)
    except ValueError as error:
        return Standing(f"their scan cannot be added up: {error}")
    problems: dict[int, str] = {}
    for shard in range(len(scan.shards)):
        if problem := await _taken(context, total, shard, job):
            problems[shard] = problem
    found = await asyncio.to_thread(lambda: total.found)
    log.info("scan added up", job=job["metadata"]["name"], verdict=found.verdict, missing=len(problems))
    told = await _told(context, scan, job, problems) if problems else ""
    return Standing(told, found, as_of=datetime.fromisoformat(job["metadata"]["creationTimestamp"]))


async def _given(context: Context, job: Json) -> Topology:
    """The topology that a Job was given."""
    namespace = context.settings.action_namespace
    bodies = [await context.kube.get(CONFIG_MAPS, namespace, name) for name in input_names(job)]
    return await asyncio.to_thread(lambda: topology_of([part_of(body) for body in bodies]))


async def _taken(context: Context, total: Reconciliation, shard: int, job: Json) -> str:
    """Take over what a shard says; why that cannot be, or nothing."""
    name = result_name(job["metadata"]["name"], shard)
    body = await _get(context, CONFIG_MAPS, context.settings.action_namespace, name)
    if body is None:
        return "it has no result"
    if not _belongs(body, job["metadata"]["uid"]):
        return "its result is another Job's"
    try:
        await asyncio.to_thread(_take, total, shard, body)
    except (ValueError, RecursionError, MemoryError) as error:
        return f"its result is refused: {error}"
    return ""


def _take(total: Reconciliation, shard: int, body: Json) -> None:
    total.take(shard, json.loads(unpacked([part_of(body)])))


async def _told(context: Context, scan: Scan, job: Json, problems: Mapping[int, str]) -> str:
    """Which shards are missing, and why; with the last words of those that have no result."""
    namespace, name = context.settings.action_namespace, job["metadata"]["name"]
    pods = await context.kube.list(PODS, namespace, labels=f"batch.kubernetes.io/job-name={name}")
    words = {index: text for pod in pods for index, text in _last_words(pod)}
    reasons = [
        f"shard {shard}: {problem}" + (f" ({words[shard]})" if shard in words else "")
        for shard, problem in list(problems.items())[:MOST_TOLD]
    ]
    again = f"delete Job {name} to have it tried again"
    return f"{len(problems)} of {len(scan.shards)} shards of their scan are missing; {'; '.join(reasons)}; {again}"


def _last_words(pod: Json) -> Collection[tuple[int, str]]:
    """The index of a pod that failed, and what it said."""
    index = str((pod["metadata"].get("annotations") or {}).get("batch.kubernetes.io/job-completion-index", ""))
    ends = [
        status["state"]["terminated"]
        for status in (pod.get("status") or {}).get("containerStatuses") or ()
        if "terminated" in (status.get("state") or {})
    ]
    if not index.isdigit() or not ends or not ends[-1].get("exitCode"):
        return ()
    return [(int(index), f"exit code {ends[-1]['exitCode']}: {ends[-1].get('message') or ends[-1].get('reason', '')}")]


def _belongs(body: Json, uid: str) -> bool:
    """Whether a ConfigMap is of the Job of that UID."""
    return any(owner.get("uid") == uid for owner in body["metadata"].get("ownerReferences") or ())


async def _get(context: Context, resource: Resource, namespace: str, name: str) -> Json | None:
    try:
        return await context.kube.get(resource, namespace, name)
    except KubeError as error:
        if error.status != 404:
            raise
        return None
