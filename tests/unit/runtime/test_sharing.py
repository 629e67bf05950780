"""One question for many, and never an answer from before it was wished for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from forestall.runtime.sharing import Shared
from tests.unit.runtime.instant import run


class Oracle:
    """Answers with the number of the question, once it is allowed to."""

    def __init__(self) -> None:
        self.asked = 0
        self.speaks = asyncio.Event()

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await self.speaks.wait()
        if number == 13:
            raise LookupError("no answer")
        return number


async def started(*tasks: asyncio.Task[int]) -> None:
    """Let them all come as far as they can."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


def told(story: Callable[[Oracle, Shared[int]], Awaitable[None]]) -> None:
    async def whole() -> None:
        oracle = Oracle()
        await story(oracle, Shared(oracle))

    run(whole())


def test_those_who_come_together_get_one_answer() -> None:
    async def story(oracle: Oracle, shared: Shared[int]) -> None:
        oracle.speaks.set()
        assert await asyncio.gather(*(shared.answer() for _ in range(10))) == [1] * 10
        assert await shared.answer() == 2

    told(story)


def test_who_comes_while_the_question_is_being_put_gets_a_later_answer() -> None:
    async def story(oracle: Oracle, shared: Shared[int]) -> None:
        first = asyncio.create_task(shared.answer())
        await started(first)
        late = [asyncio.create_task(shared.answer()) for _ in range(3)]
        await started(first, *late)
        assert oracle.asked == 1  # one at a time
        oracle.speaks.set()
        assert await asyncio.gather(first, *late) == [1, 2, 2, 2]

    told(story)


def test_a_failure_is_for_those_who_asked_and_for_nobody_else() -> None:
    async def story(oracle: Oracle, shared: Shared[int]) -> None:
        oracle.asked = 12
        oracle.speaks.set()
        for answer in await asyncio.gather(shared.answer(), shared.answer(), return_exceptions=True):
            assert isinstance(answer, LookupError)
        assert await shared.answer() == 14

    told(story)


def test_one_who_goes_takes_nothing_from_the_others() -> None:
    async def story(oracle: Oracle, shared: Shared[int]) -> None:
        goes, stays = (asyncio.create_task(shared.answer()) for _ in range(2))
        await started(goes, stays)
        goes.cancel()
        with pytest.raises(asyncio.CancelledError):
            await goes
        oracle.speaks.set()
        assert await stays == 1

    told(story)
