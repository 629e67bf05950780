"""How much one client asks of an API server: it has other clients, and they must be heard, too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

RATE = 400.0
"""Requests a second, on average. An event loop that does all the work of a change has no time for many more."""
BURST = 800
"""Requests that may be made without waiting after a time of rest."""
AT_ONCE = 32
"""Requests that wait for their answer at the same time. A watch that is open does not count."""


class Limits:
    """Lets requests through one by one, in their order, and never refuses any: `async with limits: ask()`.

    `time` is a monotonic clock in seconds.
    """

    def __init__(self, time: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._time, self._sleep = time, sleep
        self._places = asyncio.Semaphore(AT_ONCE)
        self._due = float("-inf")

    async def __aenter__(self) -> None:
        await self._places.acquire()
        try:
            await self._turn()
        except BaseException:
            self._places.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._places.release()

    async def _turn(self) -> None:
        """Wait until the average allows one more: each takes a moment of 1/RATE, and a rest saves up BURST of them."""
        now = self._time()
        self._due = max(self._due, now - BURST / RATE) + 1 / RATE
        if self._due > now:
            await self._sleep(self._due - now)
