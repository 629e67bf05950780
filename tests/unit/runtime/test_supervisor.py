"""The watch layer is started again for as long as the process lives."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from forestall.runtime.supervisor import LONGEST_PAUSE, supervise
from tests.unit.runtime.instant import run


def lives(*lasting: float, fails: bool = True) -> list[float]:
    """When each life began, if they last as long as given; the stop comes with the last one's end."""
    begun: list[float] = []

    async def supervised() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        async def live() -> None:
            begun.append(loop.time())
            await asyncio.sleep(lasting[len(begun) - 1])
            if len(begun) == len(lasting):
                stop.set()
            if fails:
                raise RuntimeError("ended")

        await supervise(live, stop, loop.time)

    run(supervised())
    return begun


@pytest.mark.parametrize("fails", [True, False])
def test_a_life_that_ends_is_followed_by_another(fails: bool) -> None:
    assert len(lives(1, 1, 1, fails=fails)) == 3


def test_pauses_grow_up_to_a_limit() -> None:
    begun = lives(*[0] * 8, fails=False)
    pauses = [later - sooner for sooner, later in pairwise(begun)]
    for pause, wanted in zip(pauses, [1, 2, *[LONGEST_PAUSE] * 5], strict=True):
        assert 0.8 * wanted <= pause <= 1.2 * wanted + 1e-6


def test_a_life_of_a_minute_makes_the_next_pause_short_again() -> None:
    begun = lives(0, 0, 0, 0, 61, 0, fails=False)
    assert begun[5] - begun[4] - 61 <= 0.6 + 1e-6


def test_the_stop_ends_it_in_a_pause_too() -> None:
    async def supervised() -> float:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        async def live() -> None:
            raise RuntimeError("ended")

        loop.call_later(0.1, stop.set)
        await asyncio.wait_for(supervise(live, stop, loop.time), 60)
        return loop.time()

    assert run(supervised()) == pytest.approx(0.1)


def test_a_process_that_is_to_stop_starts_nothing() -> None:
    async def supervised() -> None:
        stop = asyncio.Event()
        stop.set()

        async def live() -> None:
            raise AssertionError("started although it is to stop")

        await supervise(live, stop, asyncio.get_running_loop().time)

    run(supervised())
