"""The operator, with a shorter breath than in life, and with a death at a moment of one's choice."""

import argparse
import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, NamedTuple, cast

from forestall.adapters.kubernetes.client import connect
from forestall.adapters.resources import JOBS, PLANS
from forestall.ports import Json, Kube, Resource
from forestall.runtime import settings, wiring
from forestall.runtime.telemetry import configure_logs


class Moment(NamedTuple):
    """Before or after the answer to a write: of a plan's status that says `phase`, or, without one, of a Job.

    With `undo`: of the intent to undo the plan, or of the Job that undoes it.
    """

    phase: str
    after: bool
    undo: bool = False


MOMENTS: Mapping[str, Moment] = {
    "before-intent": Moment("Executing", after=False),
    "after-intent": Moment("Executing", after=True),
    "after-job": Moment("", after=True),
    "before-outcome": Moment("Soaking", after=False),
    "after-undo-intent": Moment("RollingBack", after=True, undo=True),
    "after-undo-job": Moment("", after=True, undo=True),
}


class Mortal:
    """A Kube whose process dies at the moment, as by the kernel's hand."""

    def __init__(self, kube: Kube, moment: Moment) -> None:
        self._kube, self._moment = kube, moment

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._kube, verb)

    async def patch_status(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        """Perhaps the last call."""
        last = resource == PLANS and self._says(patch["status"])
        self._die(last and not self._moment.after)
        answer = await self._kube.patch_status(resource, namespace, name, patch)
        self._die(last)
        return answer

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        """Perhaps the last call."""
        undoes = "-undo-" in body["metadata"].get("name", "")
        last = resource == JOBS and not self._moment.phase and undoes == self._moment.undo
        answer = await self._kube.create(resource, namespace, body, dry_run=dry_run)
        self._die(last)
        return answer

    def _says(self, status: Json) -> bool:
        """Whether a status is the one of the moment."""
        if self._moment.undo:
            intents = (one for one in status.get("attempts", ()) if one["rollback"] and "outcome" not in one)
            return bool(self._moment.phase) and any(intents)
        return bool(status.get("phase") == self._moment.phase)

    def _die(self, now: bool) -> None:
        if now:
            os.kill(os.getpid(), signal.SIGKILL)


async def run(moment: Moment | None, probe: float, retention: float) -> None:
    """Run until SIGTERM, or until the moment."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    chosen = replace(
        settings.read(), probe_interval=timedelta(seconds=probe), retention_pause=timedelta(seconds=retention)
    )
    configure_logs(chosen.log_level)
    async with await connect() as kube:
        seen = cast("Kube", Mortal(kube, moment)) if moment else kube
        await wiring.serve(wiring.build(chosen, seen), stop)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--die", choices=sorted(MOMENTS))
    parser.add_argument("--probe-seconds", type=float, default=60.0)
    parser.add_argument("--retention-seconds", type=float, default=60.0)
    options = parser.parse_args()
    asyncio.run(run(MOMENTS.get(options.die), options.probe_seconds, options.retention_seconds))
