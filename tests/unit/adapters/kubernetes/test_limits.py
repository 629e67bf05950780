"""A client asks so much and no more; what is beyond waits its turn, and nothing is refused or lost."""

from __future__ import annotations

import asyncio

import pytest

from forestall.adapters.kubernetes.limits import AT_ONCE, BURST, RATE, Limits
from tests.unit.runtime.instant import run, settle


def limits() -> Limits:
    return Limits(asyncio.get_running_loop().time)


async def asked(limit: Limits, count: int) -> list[float]:
    """When each of so many requests was made, one after the other."""
    loop, times = asyncio.get_running_loop(), []
    for _ in range(count):
        async with limit:
            times.append(loop.time())
    return times


def test_a_burst_passes_at_once_and_the_rest_at_the_rate() -> None:
    times = run(_asked(BURST + 100))
    assert times[BURST - 1] == 0.0
    assert times[-1] == pytest.approx(100 / RATE)


async def _asked(count: int) -> list[float]:
    return await asked(limits(), count)


def test_a_rest_saves_up_no_more_than_a_burst() -> None:
    async def story() -> None:
        limit = limits()
        await asked(limit, BURST)
        await asyncio.sleep(3600)
        began = asyncio.get_running_loop().time()
        times = await asked(limit, BURST + 1)
        assert times[BURST - 1] == pytest.approx(began)
        assert times[-1] == pytest.approx(began + 1 / RATE)

    run(story())


def test_so_many_are_answered_at_a_time_and_the_others_wait_in_their_order() -> None:
    async def story() -> None:
        limit, inside, done = limits(), [], asyncio.Event()

        async def request(number: int) -> None:
            async with limit:
                inside.append(number)
                await done.wait()

        tasks = [asyncio.create_task(request(number)) for number in range(AT_ONCE + 5)]
        await settle()
        assert inside == list(range(AT_ONCE))
        done.set()
        await asyncio.gather(*tasks)
        assert inside == list(range(AT_ONCE + 5))

    run(story())


def test_a_request_that_is_given_up_while_it_waits_leaves_its_place() -> None:
    async def story() -> None:
        limit = limits()
        await asked(limit, BURST)
        tasks = [asyncio.create_task(asked(limit, 1)) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(await asked(limit, AT_ONCE + 1)) == AT_ONCE + 1

    run(story())
