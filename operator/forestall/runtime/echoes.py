"""Tells the echo of a write of ours from news: what is heard of an object that is being written waits for the answer.

A watch is often faster than the answer. Looked at at once, the echo would pass for a change that somebody else made.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forestall.api.base import Key


class Echoes:
    """Which objects are being written, and what was heard of them meanwhile."""

    def __init__(self) -> None:
        self._writers: Counter[Key] = Counter()
        self._held: dict[Key, list[Callable[[], None]]] = {}

    @contextmanager
    def writing(self, key: Key) -> Iterator[None]:
        """The object is being written, until the answer is known. What was held is told afterwards, in its order."""
        self._writers[key] += 1
        try:
            yield
        finally:
            self._writers[key] -= 1
            if not self._writers[key]:
                del self._writers[key]
                for tell in self._held.pop(key, ()):
                    asyncio.get_running_loop().call_soon(tell)

    def holds(self, key: Key, tell: Callable[[], None]) -> bool:
        """Whether the object is being written now; `tell` is then called once it is not any more."""
        if key not in self._writers:
            return False
        self._held.setdefault(key, []).append(tell)
        return True
