"""What is heard of an object while it is being written waits for the answer; nothing else does, and nothing is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from forestall.api.base import Key
from forestall.ports import KubeError
from forestall.runtime.echoes import Echoes
from tests.unit.runtime.instant import run

KEY, OTHER = Key("Finding", "shop", "web"), Key("Finding", "shop", "db")


def test_what_is_heard_during_a_write_is_told_after_it_in_order() -> None:
    async def story() -> None:
        echoes, told = Echoes(), list[int]()
        with echoes.writing(KEY):
            assert echoes.holds(KEY, lambda: told.append(1))
            assert echoes.holds(KEY, lambda: told.append(2))
            await asyncio.sleep(1)
            assert told == []
        await asyncio.sleep(0)
        assert told == [1, 2]

    run(story())


def test_nothing_is_held_of_other_objects_nor_without_a_write() -> None:
    async def story() -> None:
        echoes = Echoes()
        with echoes.writing(KEY):
            assert not echoes.holds(OTHER, lambda: None)
        assert not echoes.holds(KEY, lambda: None)

    run(story())


def test_of_two_writes_the_last_one_lets_go() -> None:
    async def story() -> None:
        echoes, told = Echoes(), list[int]()
        with echoes.writing(KEY):
            with echoes.writing(KEY):
                echoes.holds(KEY, lambda: told.append(1))
            await asyncio.sleep(0)
            assert told == []
        await asyncio.sleep(0)
        assert told == [1]

    run(story())


def test_a_write_that_fails_lets_go_too() -> None:
    async def story() -> None:
        echoes, told = Echoes(), list[int]()
        with suppress(KubeError), echoes.writing(KEY):
            echoes.holds(KEY, lambda: told.append(1))
            raise KubeError(409, "Conflict", "somebody else was faster")
        await asyncio.sleep(0)
        assert told == [1]

    run(story())
