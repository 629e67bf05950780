"""A watch goes on for ever, loses nothing, and tells each thing once, whatever the server does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from forestall.adapters.kubernetes.watching import CONNECTED, LONGEST_PAUSE, follow
from forestall.adapters.resources import PODS
from forestall.ports import Json, KubeError, Resource, WatchEvent
from tests.unit.runtime.instant import run

Line = Any
OPEN = {"type": CONNECTED}


def pod(name: str, version: int) -> Json:
    return {
        "kind": "Pod",
        "metadata": {"namespace": "shop", "name": name, "uid": f"uid-{name}", "resourceVersion": str(version)},
    }


def line(kind: str, item: Any) -> Line:
    return {"type": kind, "object": item}


def bookmark(version: int) -> Line:
    return line("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})


class Server:
    """Answers each list and each watch as the script says; once that is over, with silence."""

    def __init__(self, lists: Sequence[Any], streams: Sequence[Sequence[Line | Exception]]) -> None:
        self._lists, self._streams = list(lists), list(streams)
        self.listed_at: list[float] = []
        self.watched_from: list[str] = []

    async def list_version(self, resource: Resource, namespace: str, labels: str) -> tuple[Sequence[Json], str]:
        self.listed_at.append(asyncio.get_running_loop().time())
        answer = self._lists.pop(0) if len(self._lists) > 1 else self._lists[0]
        if isinstance(answer, Exception):
            raise answer
        items, version = answer
        return items, str(version)

    async def stream(
        self, resource: Resource, namespace: str, labels: str, version: str
    ) -> AsyncIterator[Mapping[str, Json | str]]:
        self.watched_from.append(version)
        if not self._streams:
            await asyncio.Event().wait()
        for one in self._streams.pop(0):
            if isinstance(one, Exception):
                raise one
            yield one


async def _heard(server: Server, seconds: float) -> list[WatchEvent]:
    told: list[WatchEvent] = []

    async def listen(take: Callable[[WatchEvent], None]) -> None:
        async for event in follow(server, PODS, "shop", ""):
            take(event)
        raise AssertionError("a watch has ended")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(listen(told.append), seconds)
    return told


def heard(server: Server, seconds: float = 60) -> list[tuple[str, str]]:
    """What came in so many seconds: (type, name)."""
    found = run(_heard(server, seconds))
    return [(event.type, event.object["metadata"]["name"] if event.object else "") for event in found]


SYNCED, ALIVE, INTERRUPTED = ("SYNCED", ""), ("ALIVE", ""), ("INTERRUPTED", "")


def test_it_lists_says_so_and_follows() -> None:
    server = Server(
        [([pod("a", 1)], 5)],
        [[OPEN, line("ADDED", pod("b", 6)), line("MODIFIED", pod("a", 7)), line("DELETED", pod("b", 8))]],
    )
    told = [("ADDED", "a"), SYNCED, ALIVE, ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    assert heard(server) == told


def test_an_ended_connection_goes_on_from_the_last_version() -> None:
    server = Server([([], 5)], [[OPEN, line("ADDED", pod("a", 6))], [OPEN, bookmark(9)]])
    heard(server)
    assert server.watched_from == ["5", "6", "9"]
    assert len(server.listed_at) == 1


def test_a_quiet_connection_is_replaced_and_keeps_its_place() -> None:
    server = Server([([], 5)], [[OPEN, bookmark(7), TimeoutError()], [OPEN, TimeoutError()]])
    assert heard(server) == [SYNCED, ALIVE, ALIVE, ALIVE]
    assert server.watched_from == ["5", "7", "7"]
    assert len(server.listed_at) == 1


ERRORS: Mapping[str, Line | Exception] = {
    "the version is too old": {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}},
    "the server has an error": {"type": "ERROR", "object": {"kind": "Status", "code": 500}},
    "an error without an object": {"type": "ERROR"},
}
"""What a server says that wants a watch to begin anew."""
FAILURES: Mapping[str, Line | Exception] = {
    "the connection drops": ConnectionResetError("reset"),
    "the server refuses": KubeError(429, "TooManyRequests", "slow down"),
    "the version is refused": KubeError(410, "Expired", "too old resource version"),
    "a line is no JSON": ValueError("Expecting value"),
    "a line is no object": ["ADDED"],
    "a line is nothing": None,
    "an object has no name": line("ADDED", {"metadata": {}}),
    "an object has no metadata": line("ADDED", {"kind": "Pod"}),
    "an object is none": line("ADDED", ["pod"]),
}


@pytest.mark.parametrize(
    ("fault", "says"),
    [*((error, []) for error in ERRORS.values()), *((failure, [INTERRUPTED]) for failure in FAILURES.values())],
    ids=[*ERRORS, *FAILURES],
)
def test_it_lists_again_and_tells_only_what_is_new_when(fault: Line | Exception, says: Sequence[Any]) -> None:
    lists = [
        ([pod("gone", 1), pod("same", 2), pod("new", 3)], 5),
        ([pod("same", 2), pod("new", 8), pod("fresh", 9)], 9),
    ]
    server = Server(lists, [[OPEN, fault]])
    told = [("ADDED", "gone"), ("ADDED", "same"), ("ADDED", "new"), SYNCED, ALIVE]
    assert heard(server) == [*told, *says, ("DELETED", "gone"), ("MODIFIED", "new"), ("ADDED", "fresh"), SYNCED]
    assert server.watched_from == ["5", "9"]


def test_lines_out_of_order_are_not_believed_but_listed_anew() -> None:
    changes = [OPEN, line("DELETED", pod("gone", 8)), line("MODIFIED", pod("gone", 6))]
    server = Server([([pod("gone", 1)], 5), ([pod("fresh", 9)], 9)], [changes])
    told = [("ADDED", "gone"), SYNCED, ALIVE, ("DELETED", "gone")]
    assert heard(server) == [*told, ("ADDED", "fresh"), SYNCED]


def test_a_line_that_comes_twice_changes_nothing_more() -> None:
    twice = [line("ADDED", pod("a", 6))] * 2
    server = Server([([], 5), ([pod("a", 6)], 9)], [[OPEN, *twice, ConnectionResetError()]])
    assert heard(server) == [SYNCED, ALIVE, ("ADDED", "a"), ("ADDED", "a"), INTERRUPTED, SYNCED]


def test_versions_that_are_no_numbers_are_not_compared() -> None:
    opaque = [line("ADDED", {"metadata": {"name": name, "resourceVersion": name}}) for name in ("z", "a")]
    assert heard(Server([([], 5)], [[OPEN, *opaque]]))[2:4] == [("ADDED", "z"), ("ADDED", "a")]


def test_what_a_relist_misses_is_told_as_deleted_also_if_it_came_by_the_watch() -> None:
    server = Server([([], 5), ([], 9)], [[OPEN, line("ADDED", pod("a", 6)), ConnectionResetError()]])
    assert heard(server) == [SYNCED, ALIVE, ("ADDED", "a"), INTERRUPTED, ("DELETED", "a"), SYNCED]


def test_what_was_told_as_deleted_is_not_told_twice() -> None:
    server = Server([([pod("a", 1)], 5), ([], 9)], [[OPEN, line("DELETED", pod("a", 6)), ConnectionResetError()]])
    assert [one for one in heard(server) if one[0] == "DELETED"] == [("DELETED", "a")]


def test_an_object_told_as_deleted_can_still_be_recognised() -> None:
    found = run(_heard(Server([([pod("a", 1)], 5), ([], 9)], [[OPEN, ConnectionResetError()]]), 60))
    [gone] = [event.object for event in found if event.type == "DELETED"]
    assert gone == pod("a", 1)


def test_pauses_grow_while_the_server_fails_and_never_end() -> None:
    server = Server([KubeError(503, "ServiceUnavailable", "")], [])
    assert set(heard(server, 600)) == {INTERRUPTED}
    pauses = [later - sooner for sooner, later in zip(server.listed_at, server.listed_at[1:], strict=False)]
    for pause, wanted in zip(pauses, [0.2, 0.4, 0.8, 1.6, *[LONGEST_PAUSE] * len(pauses)], strict=False):
        assert 0.8 * wanted <= pause <= 1.2 * wanted
    assert len(pauses) > 150


@pytest.mark.parametrize("stream", [[OPEN], [OPEN, ERRORS["the version is too old"]]], ids=["drops", "refuses"])
def test_a_server_that_lists_but_does_not_watch_is_not_stormed(stream: Sequence[Line]) -> None:
    server = Server([([], 5)], [stream] * 1000)
    heard(server, 600)
    assert max(len(server.listed_at), len(server.watched_from)) < 260


def test_the_end_of_an_outage_is_seen_within_the_longest_pause() -> None:
    server = Server([*[KubeError(503, "ServiceUnavailable", "")] * 40, ([pod("a", 1)], 5)], [])
    found = run(_timed(server, 300))
    tried = max(later - sooner for sooner, later in pairwise(server.listed_at))
    assert tried <= 1.2 * LONGEST_PAUSE < 5
    assert found == server.listed_at[-1]


async def _timed(server: Server, seconds: float) -> float:
    """When the first object was heard of."""
    async with asyncio.timeout(seconds):
        async for event in follow(server, PODS, "shop", ""):
            if event.type == "ADDED":
                return asyncio.get_running_loop().time()
    raise AssertionError("a watch has ended")


def test_news_makes_the_pauses_short_again() -> None:
    drops: list[Line | Exception] = [OPEN, ConnectionResetError()]
    server = Server([([], 5)], [drops, drops, drops, [OPEN, line("ADDED", pod("a", 6)), ConnectionResetError()]])
    heard(server)
    *_, sooner, later = server.listed_at
    assert later - sooner <= 0.24
