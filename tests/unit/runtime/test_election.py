"""One replica leads: it stops before another starts, is replaced in time, and hands over when it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from forestall.adapters.memory import MemoryKube
from forestall.adapters.resources import LEASES
from forestall.ports import Json, KubeError, Resource
from forestall.runtime.election import ANSWER_SECONDS, RETRY_SECONDS, Election, Replica
from forestall.runtime.lease import DEADLINE_SECONDS, LEASE_SECONDS
from tests.unit.gates.scene import NOW
from tests.unit.runtime.instant import run

AWAY = KubeError(0, "Unreachable", "reset")


class LoopClock:
    """The time of the loop, so far from any other clock as one likes."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    def now(self) -> datetime:
        return NOW + self._offset + timedelta(seconds=asyncio.get_running_loop().time())


class Server(MemoryKube):
    """An API server that can fall silent, or answer renewals late."""

    away = False
    slow = 0.0

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        await self._answering()
        return await super().get(resource, namespace, name)

    async def merge_patch(self, resource: Resource, namespace: str, name: str, patch: Json, *, manager: str) -> Json:
        await self._answering()
        done = await super().merge_patch(resource, namespace, name, patch, manager=manager)
        await asyncio.sleep(self.slow)
        return done

    async def _answering(self) -> None:
        if self.away:
            raise AWAY


class Stage:
    """Two replicas and their API server; each replica's way there can be cut."""

    def __init__(self) -> None:
        self.kube = Server(LoopClock())
        self.began: list[tuple[str, float]] = []
        self.elections: dict[str, Election] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.loop = asyncio.get_running_loop()

    def start(self, name: str, kube: Server | None = None, offset: timedelta = timedelta(0)) -> Election:
        """A replica of that name begins, with a way to the API server and a wall clock of its own."""
        self.elections[name] = made = Election(
            kube or self.kube,
            LoopClock(offset),
            Replica("forestall", name),
            time=self.loop.time,
            elected=lambda: self.began.append((name, self.loop.time())),
        )
        self.tasks[name] = asyncio.create_task(made.run())
        return made

    def die(self, name: str) -> None:
        """As by kill -9."""
        self.tasks[name].cancel()

    async def until(self, holds: Callable[[], bool], seconds: float = 60) -> float:
        """Wait for a condition; returns the seconds that it took."""
        began = self.loop.time()
        while not holds():
            assert self.loop.time() < began + seconds, "it never came true"
            await asyncio.sleep(0.01)
        return self.loop.time() - began

    @property
    def leaders(self) -> list[str]:
        return [name for name, election in self.elections.items() if election.holding]

    async def holder(self) -> str:
        body = await self.kube.get(LEASES, "forestall", "forestall")
        return str(body["spec"].get("holderIdentity", ""))


def staged(story: Callable[[Stage], Awaitable[Any]]) -> None:
    async def whole() -> None:
        stage = Stage()
        try:
            await story(stage)
        finally:
            for task in stage.tasks.values():
                task.cancel()
            await asyncio.gather(*stage.tasks.values(), return_exceptions=True)

    run(whole())


def test_the_first_leads_at_once_and_the_second_waits_for_ever() -> None:
    async def story(stage: Stage) -> None:
        stage.start("a")
        await stage.until(lambda: stage.leaders == ["a"], 0.1)
        stage.start("b")
        await asyncio.sleep(3600)
        assert stage.leaders == ["a"]
        assert stage.began == [("a", 0.0)]
        assert (await stage.kube.get(LEASES, "forestall", "forestall"))["spec"]["leaseTransitions"] == 0

    staged(story)


@pytest.mark.parametrize("_", range(20))
def test_a_dead_leader_is_replaced_within_twenty_seconds_and_not_before_its_lease_is_over(_: int) -> None:
    async def story(stage: Stage) -> None:
        stage.start("a")
        await stage.until(lambda: stage.leaders == ["a"])
        follower = stage.start("b")
        await asyncio.sleep(30)
        stage.die("a")
        taken = await stage.until(lambda: follower.leading)
        assert LEASE_SECONDS - RETRY_SECONDS <= taken <= 20 - ANSWER_SECONDS + 0.1
        assert await stage.holder() == "b"

    staged(story)


def test_a_leader_that_is_cut_off_stops_before_another_starts() -> None:
    async def story(stage: Stage) -> None:
        cut = Server(LoopClock())
        cut.__dict__.update(stage.kube.__dict__)  # the same objects, by a way of its own
        old = stage.start("a", cut)
        await stage.until(lambda: old.leading)
        new = stage.start("b")
        await asyncio.sleep(30)
        cut.away = True
        stopped = await stage.until(lambda: not old.holding)
        assert DEADLINE_SECONDS - RETRY_SECONDS <= stopped <= DEADLINE_SECONDS + 0.1
        assert not new.holding
        later = await stage.until(lambda: new.leading)
        assert later >= LEASE_SECONDS - DEADLINE_SECONDS - RETRY_SECONDS
        assert not old.holding

    staged(story)


@pytest.mark.parametrize("hours", [-1000, 1000])
def test_replicas_whose_clocks_differ_take_nothing_from_each_other(hours: int) -> None:
    async def story(stage: Stage) -> None:
        stage.start("a", offset=timedelta(hours=hours))
        await stage.until(lambda: stage.leaders == ["a"])
        stage.start("b")
        await asyncio.sleep(3600)
        assert stage.began == [("a", 0.0)]
        stage.die("a")
        taken = await stage.until(lambda: "b" in stage.leaders)
        assert LEASE_SECONDS - RETRY_SECONDS <= taken <= 20

    staged(story)


def test_an_answer_that_comes_late_grants_no_more_than_was_asked_for() -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        stage.die("a")  # only the looks of this test
        await leader.look()
        stage.kube.slow = ANSWER_SECONDS - 0.1
        asked = stage.loop.time()
        await leader.look()
        assert stage.loop.time() - asked == pytest.approx(ANSWER_SECONDS - 0.1)
        await stage.until(lambda: not leader.holding)
        assert stage.loop.time() - asked == pytest.approx(DEADLINE_SECONDS, abs=0.1)

    staged(story)


def test_an_outage_ends_the_lead_and_its_end_begins_it_again_within_seconds() -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        await stage.until(lambda: leader.leading)
        stage.kube.away = True
        await asyncio.sleep(120)
        assert not leader.holding
        stage.kube.away = False
        assert await stage.until(lambda: leader.leading) <= RETRY_SECONDS + 0.1
        assert [name for name, _ in stage.began] == ["a", "a"]

    staged(story)


def test_it_knows_for_how_long_the_api_server_has_not_answered() -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        await asyncio.sleep(600)
        assert leader.silence <= RETRY_SECONDS
        stage.kube.away = True
        await asyncio.sleep(120)
        assert 120 <= leader.silence <= 120 + RETRY_SECONDS

    staged(story)


def test_after_an_outage_one_of_two_leads() -> None:
    async def story(stage: Stage) -> None:
        stage.start("a")
        stage.start("b")
        await stage.until(lambda: len(stage.leaders) == 1)
        await asyncio.sleep(10)
        stage.kube.away = True
        await asyncio.sleep(120)
        assert stage.leaders == []
        stage.kube.away = False
        assert await stage.until(lambda: len(stage.leaders) == 1) <= RETRY_SECONDS + 0.1
        await asyncio.sleep(60)
        assert len(stage.leaders) == 1

    staged(story)


def test_a_leader_that_resigns_begins_nothing_finishes_what_it_has_begun_and_is_followed_within_two_seconds() -> None:
    async def story(stage: Stage) -> None:
        old, new = stage.start("a"), stage.start("b")
        await stage.until(lambda: old.leading)
        await asyncio.sleep(30)
        old.resign()
        assert (old.leading, old.holding) == (False, True)
        await old.release()
        assert not old.holding
        assert await stage.holder() == ""
        assert await stage.until(lambda: new.leading) <= RETRY_SECONDS + 0.1
        await asyncio.sleep(60)
        assert stage.leaders == ["b"]

    staged(story)


def test_one_that_does_not_lead_gives_nothing_back() -> None:
    async def story(stage: Stage) -> None:
        stage.start("a")
        await stage.until(lambda: stage.leaders == ["a"])
        follower = stage.start("b")
        await asyncio.sleep(5)
        await follower.release()
        assert await stage.holder() == "a"

    staged(story)


def test_a_release_waits_for_a_renewal_under_way_so_that_nothing_undoes_it() -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        await stage.until(lambda: leader.leading)
        stage.kube.slow = 1.0
        await asyncio.sleep(RETRY_SECONDS)  # a renewal is under way
        await leader.release()
        stage.kube.slow = 0.0
        await asyncio.sleep(30)
        assert await stage.holder() == ""

    staged(story)


def test_a_leader_that_starts_again_under_its_name_goes_on_at_once() -> None:
    async def story(stage: Stage) -> None:
        stage.start("a")
        await stage.until(lambda: stage.leaders == ["a"])
        stage.die("a")
        again = stage.start("a")
        assert await stage.until(lambda: again.leading) < 0.1

    staged(story)


@pytest.mark.parametrize("strange", [{"metadata": {"labels": {"team": "x"}}}, {"spec": {"holderIdentity": None}}])
def test_a_lease_that_strangers_change_is_renewed_all_the_same(strange: Json) -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        await stage.until(lambda: leader.leading)
        for _ in range(20):
            await stage.kube.merge_patch(LEASES, "forestall", "forestall", strange, manager="stranger")
            await asyncio.sleep(DEADLINE_SECONDS / 2)
            assert leader.leading
        assert len(stage.began) == 1

    staged(story)


def test_a_lease_that_a_stranger_takes_ends_the_lead() -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        await stage.until(lambda: leader.leading)
        taken = {"spec": {"holderIdentity": "stranger"}}
        await stage.kube.merge_patch(LEASES, "forestall", "forestall", taken, manager="stranger")
        assert await stage.until(lambda: not leader.holding) <= 2 * RETRY_SECONDS + 0.1
        assert await stage.until(lambda: leader.leading) <= LEASE_SECONDS + 0.1

    staged(story)


def test_a_lease_that_is_deleted_is_made_anew() -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        await stage.until(lambda: leader.leading)
        stage.kube.remove(LEASES, "forestall", "forestall")
        await asyncio.sleep(DEADLINE_SECONDS - RETRY_SECONDS)
        assert leader.leading
        assert await stage.holder() == "a"

    staged(story)


def test_a_server_that_never_answers_does_not_hold_the_replica_up() -> None:
    async def story(stage: Stage) -> None:
        leader = stage.start("a")
        await stage.until(lambda: leader.leading)
        stage.kube.slow = 10_000.0
        await stage.until(lambda: not leader.holding)
        stage.kube.slow = 0.0
        assert await stage.until(lambda: leader.leading) <= ANSWER_SECONDS + RETRY_SECONDS + 0.1

    staged(story)
