"""A deduplicating work queue of keys.

A key waits at most once, is never worked on twice at the same time, and comes back later and later while it
fails. Nothing is ever dropped: what arrives while a key is worked on makes it run once more.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_BACKOFF = 0.2
LONGEST_BACKOFF = 60.0


class WorkQueue(Generic[K]):
    """Keys to be worked on. Times are seconds of `time`, a monotonic clock."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._ready: deque[K] = deque()
        self._since: dict[K, float] = {}
        self._working: set[K] = set()
        self._again: set[K] = set()
        self._later: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        self._failures: dict[K, int] = {}
        self._count = 0
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()
        self._idle = asyncio.Event()

    @property
    def depth(self) -> int:
        """Keys that wait for a worker."""
        return len(self._ready)

    @property
    def age(self) -> float:
        """Seconds that the longest-waiting key has waited; 0 if none waits."""
        return self._time() - min(self._since.values()) if self._since else 0.0

    def add(self, key: K) -> None:
        """Make a key ready now, unless it is already."""
        if key in self._working:
            self._again.add(key)
        elif key not in self._since:
            self._since[key] = self._time()
            self._ready.append(key)
            self._wake.set()

    def add_after(self, key: K, delay: float) -> None:
        """Make a key ready after `delay` seconds, unless it will be sooner."""
        due = self._time() + delay
        if due < self._due.get(key, float("inf")):
            self._due[key] = due
            self._count += 1
            heapq.heappush(self._later, (due, self._count, key))
            self._wake.set()

    async def get(self) -> K:
        """The next key. It is being worked on until `done` or `failed`."""
        async with self._turn:  # of all workers that have nothing to do, a key wakes one
            self._promote()
            while not self._ready:
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._until_next()):
                        await self._wake.wait()
                self._promote()
            key = self._ready.popleft()
            del self._since[key]
            self._working.add(key)
            return key

    async def drained(self) -> None:
        """Wait until no key is being worked on."""
        while self._working:
            self._idle.clear()
            await self._idle.wait()

    def done(self, key: K) -> None:
        """The key was worked on with success."""
        self._failures.pop(key, None)
        self._release(key)

    def failed(self, key: K, longest: float = LONGEST_BACKOFF) -> float:
        """The key was worked on without success; it comes back after the seconds returned, at most `longest`."""
        count = self._failures[key] = self._failures.get(key, 0) + 1
        delay = float(min(FIRST_BACKOFF * 2 ** min(count - 1, 16), longest))
        self._again.discard(key)
        self._release(key)
        self.add_after(key, delay)
        return delay

    def _release(self, key: K) -> None:
        self._working.discard(key)
        self._idle.set()
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def _promote(self) -> None:
        """Move keys whose time has come to the ready ones."""
        now = self._time()
        while self._later and self._later[0][0] <= now:
            due, _, key = heapq.heappop(self._later)
            if self._due.get(key) == due:
                del self._due[key]
                self.add(key)

    def _until_next(self) -> float | None:
        return max(self._later[0][0] - self._time(), 0.0) if self._later else None
