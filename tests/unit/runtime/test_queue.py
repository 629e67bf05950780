"""The work queue: a key waits once, is worked on by one worker, and comes back in time; nothing is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest

from forestall.runtime.queue import FIRST_BACKOFF, LONGEST_BACKOFF, WorkQueue
from tests.unit.runtime.instant import run, settle

Queue = WorkQueue[str]


def with_queue(use: Callable[[Queue], Awaitable[None]]) -> None:
    async def both() -> None:
        await asyncio.wait_for(use(WorkQueue(now)), 10_000)

    run(both())


def now() -> float:
    return asyncio.get_running_loop().time()


async def worked(queue: Queue, key: str = "a") -> None:
    assert await queue.get() == key
    queue.done(key)


async def empty(queue: Queue, seconds: float) -> bool:
    """Whether no key comes within so many seconds."""
    try:
        await asyncio.wait_for(queue.get(), seconds)
    except TimeoutError:
        return True
    return False


def test_keys_come_in_the_order_in_which_they_were_added() -> None:
    async def use(queue: Queue) -> None:
        for key in "bac":
            queue.add(key)
        assert [await queue.get() for _ in range(3)] == ["b", "a", "c"]

    with_queue(use)


def test_a_key_waits_at_most_once() -> None:
    async def use(queue: Queue) -> None:
        for _ in range(3):
            queue.add("a")
        assert queue.depth == 1
        await worked(queue)
        assert await empty(queue, 100)

    with_queue(use)


def test_a_key_added_while_it_is_worked_on_runs_once_more_and_not_at_the_same_time() -> None:
    async def use(queue: Queue) -> None:
        queue.add("a")
        await queue.get()
        queue.add("a")
        queue.add("a")
        assert await empty(queue, 100)
        queue.done("a")
        await worked(queue)
        assert await empty(queue, 100)

    with_queue(use)


def test_no_key_is_ever_worked_on_twice_at_the_same_time() -> None:
    async def use(queue: Queue) -> None:
        working: set[str] = set()
        done: list[str] = []

        async def worker() -> None:
            while True:
                key = await queue.get()
                assert key not in working
                working.add(key)
                await asyncio.sleep(0.3)
                working.remove(key)
                done.append(key)
                if len(done) % 3:
                    queue.done(key)
                else:
                    queue.failed(key)

        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(worker()) for _ in range(4)]
            for number in range(60):
                queue.add("abc"[number % 3])
                queue.add_after("abc"[number % 2], 0.2)
                await asyncio.sleep(0.1)
            for one in workers:
                one.cancel()
        assert {*done} == {*"abc"}

    with_queue(use)


class Counting(asyncio.Event):
    """An event that counts how often somebody was woken by it."""

    def __init__(self) -> None:
        super().__init__()
        self.woken = 0

    async def wait(self) -> Literal[True]:
        answer = await super().wait()
        self.woken += 1
        return answer


def test_a_key_wakes_one_worker_of_many_that_have_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    event = Counting()
    monkeypatch.setattr(asyncio, "Event", lambda: event)

    async def use(queue: Queue) -> None:
        workers = [asyncio.create_task(queue.get()) for _ in range(8)]
        await settle()
        for key in ("a", "b", "c"):
            queue.add(key)
            await settle()
        assert [worker.result() for worker in workers if worker.done()] == ["a", "b", "c"]
        assert event.woken == 3
        for worker in workers:
            worker.cancel()

    with_queue(use)


def test_a_delayed_key_comes_when_its_time_has_come() -> None:
    async def use(queue: Queue) -> None:
        queue.add_after("a", 5)
        assert queue.depth == 0
        await worked(queue)
        assert now() == 5

    with_queue(use)


def test_the_earlier_of_two_times_counts_and_the_key_comes_once() -> None:
    for delays in ((5, 2), (2, 5), (2, 2)):

        async def use(queue: Queue, delays: tuple[int, int] = delays) -> None:
            for delay in delays:
                queue.add_after("a", delay)
            await worked(queue)
            assert now() == 2
            assert await empty(queue, 100)

        with_queue(use)


def test_a_worker_that_waits_for_a_later_key_takes_an_earlier_one() -> None:
    async def use(queue: Queue) -> None:
        queue.add_after("late", 50)
        waiting = asyncio.create_task(queue.get())
        await settle()
        queue.add_after("soon", 1)
        assert (await waiting, now()) == ("soon", 1)

    with_queue(use)


def test_a_key_that_is_due_while_it_waits_or_is_worked_on_is_not_lost() -> None:
    async def use(queue: Queue) -> None:
        queue.add_after("a", 1)
        queue.add("a")
        await queue.get()
        assert await empty(queue, 10)
        queue.done("a")
        await worked(queue)

    with_queue(use)


def test_a_failing_key_comes_back_later_and_later_up_to_a_limit() -> None:
    async def use(queue: Queue) -> None:
        queue.add("a")
        delays: list[float] = []
        for _ in range(20):
            before = now()
            await queue.get()
            assert abs(now() - before - (delays[-1] if delays else 0)) < 1e-6
            delays.append(queue.failed("a"))
        assert delays[:4] == [FIRST_BACKOFF * 2**power for power in range(4)]
        assert delays[-1] == LONGEST_BACKOFF
        assert delays == sorted(delays)

    with_queue(use)


def test_a_failure_can_have_a_lower_limit() -> None:
    async def use(queue: Queue) -> None:
        queue.add("a")
        delays = []
        for _ in range(9):
            await queue.get()
            delays.append(queue.failed("a", 5.0))
        assert (delays[0], max(delays)) == (FIRST_BACKOFF, 5.0)

    with_queue(use)


def test_a_success_makes_the_next_failure_a_first_one() -> None:
    async def use(queue: Queue) -> None:
        queue.add("a")
        for _ in range(5):
            await queue.get()
            queue.failed("a")
        await worked(queue)
        queue.add("a")
        await queue.get()
        assert queue.failed("a") == FIRST_BACKOFF

    with_queue(use)


def test_news_of_a_failing_key_does_not_wait_for_its_backoff() -> None:
    async def use(queue: Queue) -> None:
        queue.add("a")
        await queue.get()
        queue.failed("a")
        queue.add("a")
        await worked(queue)
        assert now() == 0

    with_queue(use)


def test_one_failing_key_does_not_hold_up_another() -> None:
    async def use(queue: Queue) -> None:
        queue.add("a")
        await queue.get()
        queue.failed("a")
        queue.add("b")
        await worked(queue, "b")
        assert now() == 0

    with_queue(use)


def test_its_age_is_that_of_the_key_that_waits_longest() -> None:
    async def use(queue: Queue) -> None:
        assert queue.age == 0
        queue.add("a")
        await asyncio.sleep(3)
        queue.add("b")
        await asyncio.sleep(1)
        assert queue.age == 4
        await queue.get()
        assert queue.age == 1

    with_queue(use)


def test_it_is_drained_once_nothing_is_worked_on() -> None:
    async def use(queue: Queue) -> None:
        await queue.drained()
        queue.add("a")
        queue.add("b")
        await queue.get()
        await queue.get()
        draining = asyncio.create_task(queue.drained())
        for key in "ab":
            await settle()
            assert not draining.done()
            queue.done(key)
        await draining

    with_queue(use)


def test_keys_that_wait_do_not_keep_it_from_being_drained() -> None:
    async def use(queue: Queue) -> None:
        queue.add("a")
        queue.add_after("b", 5)
        await queue.drained()
        assert now() == 0

    with_queue(use)


def test_a_worker_that_is_stopped_as_a_key_arrives_stops() -> None:
    async def use(queue: Queue) -> None:
        async def work_for_ever() -> None:
            while True:
                queue.done(await queue.get())

        queue.add_after("later", 9_000)
        for turns in range(6):
            worker = asyncio.create_task(work_for_ever())
            await settle()
            queue.add("a")
            for _ in range(turns):
                await asyncio.sleep(0)
            worker.cancel()
            await asyncio.wait([worker], timeout=60)
            assert worker.cancelled()

    with_queue(use)
