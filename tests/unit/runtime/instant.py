"""An event loop on which waiting takes no time: its clock jumps to the next timer when there is nothing else to do."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
STUCK_SECONDS = 60.0


class _Jumping(selectors.SelectSelector):
    """A selector that moves the clock instead of waiting for a timer. For sockets and threads it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(STUCK_SECONDS if timeout is None else 0)
        if timeout is None and not ready:
            raise AssertionError("every task waits for something that never comes")
        if timeout and not ready:
            self.now += max(timeout, 1e-9)  # no less, or rounding would make the clock stand still
        return ready


class InstantLoop(asyncio.SelectorEventLoop):
    """Starts at 0 seconds."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    async def shutdown_default_executor(self, *_: object) -> None:
        """Wait for the threads without the time limit that there is from Python 3.12 on: by this clock it is over."""
        await super().shutdown_default_executor()


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in no time."""
    with asyncio.Runner(loop_factory=InstantLoop) as runner:
        return runner.run(test)


async def settle(turns: int = 50) -> None:
    """Let every task that can go on go on; no time passes."""
    for _ in range(turns):
        await asyncio.sleep(0)
