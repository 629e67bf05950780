"""A question that many ask at the same time, put once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Puts a question for whoever wants the answer. No answer is older than the wish for it.

    Who comes while the question is being put waits for the next time, together with all others who came meanwhile.
    """

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._running: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def answer(self) -> T:
        """The answer. Raises what the question raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._put(self._running))
        return await asyncio.shield(self._next)  # who is cancelled takes nothing from the others

    async def _put(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        return await self._ask()
