"""`python -m forestall.runtime.main`: the operator's process."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys

import structlog

from forestall.adapters.kubernetes.client import connect
from forestall.runtime import wiring
from forestall.runtime.settings import InvalidSettingError, Settings, read
from forestall.runtime.telemetry import configure_logs

YOUNG = 10_000
"""Objects that may be made before Python looks for cycles among them. Its own 700 are less than one list has, and each
look of a later generation goes through all findings and plans."""

log = structlog.get_logger(__name__)


def run() -> None:
    """Run the operator until SIGTERM or SIGINT."""
    try:
        settings = read()
    except InvalidSettingError as error:
        sys.exit(f"forestall: {error}")
    configure_logs(settings.log_level)
    collect_seldom()
    asyncio.run(operate(settings))


def collect_seldom() -> None:
    """Look for cycles less often, and never among what the imports have made."""
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])


async def operate(settings: Settings) -> None:
    """Connect, run, and leave in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with await connect() as kube:
        await wiring.serve(wiring.build(settings, kube), stop)
    log.info("ended")


if __name__ == "__main__":
    run()
