"""What a replica does first when it begins to lead: it looks at everything, as nobody may have for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from forestall.adapters.resources import JOBS
from forestall.api.base import Key
from forestall.planning import job
from forestall.runtime import intake
from forestall.runtime.context import Context

SUCCESSION: Final = Key("Succession", "", "")
"""The key that stands for everything."""


def begin(context: Context) -> None:
    """This replica leads from now on. What it inspected when it led before is no evidence any more."""
    context.passes.clear()
    context.revisions.clear()
    context.queue.add(SUCCESSION)


async def succeed(context: Context, _: Key) -> timedelta | None:
    """Queue every object that this replica knows, and what depends on each action Job there is."""
    intake.everything(context)
    namespace = context.settings.action_namespace
    for body in await context.kube.list(JOBS, namespace, labels=f"{job.MANAGED}=true"):
        intake.job_changed(context, body)
    return None
