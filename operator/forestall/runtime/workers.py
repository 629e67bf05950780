"""Workers: take a key, reconcile it, put it back in time. A failure is logged once and tried again for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from forestall.api.base import Key
from forestall.ports import KubeError
from forestall.runtime.fencing import NOT_LEADING
from forestall.runtime.queue import LONGEST_BACKOFF, WorkQueue
from forestall.runtime.telemetry import Metrics

Reconcile = Callable[[Key], Awaitable[timedelta | None]]
"""Brings one object to where it should be; returns when to look again without being told."""

OUTAGE_BACKOFF = 3.0
"""Longest pause while the API server does not answer: it must not outlast the outage by much."""

log = structlog.get_logger(__name__)


async def work(queue: WorkQueue[Key], reconcilers: Mapping[str, Reconcile], metrics: Metrics) -> None:
    """Reconcile keys for ever."""
    loop = asyncio.get_running_loop()
    while True:
        key = await queue.get()
        started, result = loop.time(), "ok"
        try:
            again = await reconcilers[key.kind](key)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # one object's failure must not stop the others
            result = "error"
            outage = isinstance(error, KubeError) and error.unanswered
            _log(key, error, queue.failed(key, OUTAGE_BACKOFF if outage else LONGEST_BACKOFF))
        else:
            queue.done(key)
            if again is not None:
                queue.add_after(key, again.total_seconds())
        finally:
            metrics.reconcile.labels(key.kind, result).observe(loop.time() - started)


def _log(key: Key, error: Exception, delay: float) -> None:
    """Expected refusals in one line, anything else with its traceback."""
    expected = isinstance(error, KubeError)
    ordinary = isinstance(error, KubeError) and error.reason in {"Conflict", NOT_LEADING}
    write = log.debug if ordinary else log.warning
    write("try again", key=str(key), error=str(error), seconds=round(delay, 1), exc_info=not expected)
