"""`python -m forestall.runtime.uninstall`: what has to be done before the operator goes, run by the chart's hook.

A running action is stopped by the operator itself, through a pause; then the operator is stopped, so that it lets no
Job go on, and its finalizers are taken off, so that every object can be deleted when it is gone. Every step can be
repeated: the hook may be run again.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from forestall.adapters.kubernetes.client import connect
from forestall.adapters.resources import DEPLOYMENTS, JOBS, LEASES, PAUSES, PLANS, PODS
from forestall.api.remediationplan import HOLD
from forestall.planning.job import MANAGED
from forestall.planning.scan_job import SCAN
from forestall.ports import Json, Kube, KubeError
from forestall.runtime.lease import NAME as LEASE
from forestall.runtime.settings import InvalidSettingError, Settings, read
from forestall.runtime.telemetry import configure_logs

PAUSE = "forestall-uninstall"
DEPLOYMENT = "forestall"
TRIES = 5
"""How often a plan that changes meanwhile is read again."""
SUSPENDED_WITHIN = 20.0
"""Seconds that the operator is given to suspend what runs."""
STOPPED_WITHIN = 60.0
"""Seconds that its Pods are given to end."""
INTERVAL = 0.5

T = TypeVar("T")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Departure:
    """The operator's end. `time` is a monotonic clock in seconds."""

    kube: Kube
    settings: Settings
    time: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def prepare(self) -> None:
        """Stop what runs, then the operator, and leave nothing that needs it. Raises KubeError."""
        await self._pause()
        await self._until(self._nothing_runs, SUSPENDED_WITHIN, "running Jobs to be suspended")
        await self._stop_operator()
        await self._until(self._stopped, STOPPED_WITHIN, "the operator's Pods to end")
        for job in await self._running():
            await self._delete_job(job)
        for plan in await self.kube.list(PLANS):
            await self._release(plan)
        await _unless(404, self.kube.delete(LEASES, self.settings.namespace, LEASE))
        await _unless(404, self.kube.delete(PAUSES, self.settings.namespace, PAUSE))

    async def _pause(self) -> None:
        spec = {"level": "Stop", "reason": "forestall is being uninstalled", "who": self.settings.user}
        metadata = {"name": PAUSE, "namespace": self.settings.namespace}
        body = {"apiVersion": PAUSES.api_version, "kind": PAUSES.kind, "metadata": metadata, "spec": spec}
        await _unless(409, self.kube.create(PAUSES, self.settings.namespace, body))

    async def _until(self, holds: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
        """Wait for so long at most: an operator that does not answer must not bar the way out."""
        deadline = self.time() + seconds
        while not await holds():
            if self.time() >= deadline:
                log.warning("waited in vain", what=what, seconds=seconds)
                return
            await self.sleep(INTERVAL)

    async def _running(self) -> Sequence[Json]:
        """Jobs that have not ended and are not suspended."""
        jobs = await self.kube.list(JOBS, self.settings.action_namespace, labels=f"{MANAGED}=true")
        return [job for job in jobs if not job["spec"].get("suspend") and not _ended(job)]

    async def _nothing_runs(self) -> bool:
        """Whether no action runs. Scans change nothing: nobody suspends them."""
        return all(SCAN in job["metadata"]["labels"] for job in await self._running())

    async def _stop_operator(self) -> None:
        """Scale the Deployment to zero; one that is gone has stopped."""
        patch: Json = {"spec": {"replicas": 0}}
        place = (DEPLOYMENTS, self.settings.namespace, DEPLOYMENT)
        await _unless(404, self.kube.merge_patch(*place, patch, manager=PAUSE))

    async def _stopped(self) -> bool:
        """Whether no Pod of the operator is left: a Deployment does not count those that are still ending."""
        namespace = self.settings.namespace
        found = await _unless(404, self.kube.get(DEPLOYMENTS, namespace, DEPLOYMENT))
        if found is None:
            return True
        labels = ",".join(f"{name}={value}" for name, value in found["spec"]["selector"]["matchLabels"].items())
        return not await self.kube.list(PODS, namespace, labels=labels)

    async def _delete_job(self, job: Json) -> None:
        log.warning("this Job still runs: it is deleted", job=job["metadata"]["name"])
        await _unless(404, self.kube.delete(JOBS, job["metadata"]["namespace"], job["metadata"]["name"]))

    async def _release(self, plan: Json | None) -> None:
        """Take our finalizer off a plan, also if somebody changes or deletes it meanwhile."""
        for _ in range(TRIES):
            if plan is None or HOLD not in plan["metadata"].get("finalizers", ()):
                return
            metadata, place = plan["metadata"], (PLANS, plan["metadata"]["namespace"], plan["metadata"]["name"])
            kept = [name for name in metadata["finalizers"] if name != HOLD]
            patch: Json = {"metadata": {"resourceVersion": metadata["resourceVersion"], "finalizers": kept}}
            await _unless(409, _unless(404, self.kube.merge_patch(*place, patch, manager=PAUSE)))
            plan = await _unless(404, self.kube.get(*place))
        raise KubeError(409, "Conflict", f"{place[1]}/{place[2]} changes again and again")


async def _unless(status: int, request: Awaitable[T]) -> T | None:
    """The answer; None for a refusal with that status."""
    try:
        return await request
    except KubeError as error:
        if error.status != status:
            raise
        return None


def _ended(job: Json) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or ()
    return any(one["type"] in {"Complete", "Failed"} and one["status"] == "True" for one in conditions)


def main() -> None:
    """Prepare the operator's end; a step that fails fails the hook."""
    try:
        settings = read()
    except InvalidSettingError as error:
        sys.exit(f"forestall: {error}")
    configure_logs(settings.log_level)
    asyncio.run(_prepare(settings))


async def _prepare(settings: Settings) -> None:
    async with await connect() as kube:
        await Departure(kube, settings).prepare()


if __name__ == "__main__":
    main()
