"""Kopf, kept alive: an operator that ends is started again, later and later, for as long as the process lives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import structlog

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 3.0
"""Short, as Kopf ends at what an API server says in a bad hour (410, a corrupt line), and takes seconds to end."""
STEADY_SECONDS = 60.0

log = structlog.get_logger(__name__)


async def supervise(run: Callable[[], Awaitable[None]], stop: asyncio.Event, time: Callable[[], float]) -> None:
    """Run `run` again and again until `stop` is set. A run of a minute makes the next pause short again."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        started = time()
        try:
            await run()
        except Exception:
            log.exception("the watch layer ended")
        if stop.is_set():
            return
        pause = FIRST_PAUSE if time() - started > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE)
        wait = pause * random.uniform(0.8, 1.2)  # noqa: S311  # jitter, not a secret
        log.warning("the watch layer starts again", seconds=round(wait, 1))
        try:
            await asyncio.wait_for(stop.wait(), wait)
        except TimeoutError:
            continue
