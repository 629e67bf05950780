"""How long services do not answer: one request to each every 200 ms, from inside the cluster's network."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

CADENCE = 0.2
"""Seconds between two requests to one service."""

PATIENCE = 0.5
"""Seconds after which a request has failed."""

STEADY = 25
"""Requests in a row that must succeed before a service counts as back: five seconds."""

Address = tuple[str, int]


@dataclass(frozen=True)
class Probe:
    """One request: when it was made and when it ended, in seconds of the monotonic clock."""

    asked: float
    ended: float
    ok: bool


class Prober:
    """Asks HTTP services at `targets` for `/` by turns, in a thread of its own that enters `inside` first.

    As a context manager it asks as long as the block lasts.
    """

    def __init__(self, targets: Mapping[str, Address], inside: Callable[[], AbstractContextManager[None]]) -> None:
        self._targets = dict(targets)
        self._inside = inside
        self._probes: dict[str, list[Probe]] = {name: [] for name in targets}
        self._enough = threading.Event()
        self._failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="prober")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._enough.set()
        self._thread.join()

    def probes(self, name: str) -> Sequence[Probe]:
        """Return the requests to one service so far, as they were made. Raises what ended the prober, if it did."""
        if self._failure:
            raise RuntimeError("the prober has ended") from self._failure[0]
        return sorted(self._probes[name], key=lambda probe: probe.asked)

    def _run(self) -> None:
        try:
            # Sockets belong to the network of the thread that makes them: the loop must live in this one.
            with self._inside():
                asyncio.run(self._ask_on())
        except BaseException as error:  # told to whoever reads the results
            self._failure.append(error)

    async def _ask_on(self) -> None:
        following = time.monotonic()
        async with asyncio.TaskGroup() as requests:
            while not self._enough.is_set():
                for name, address in self._targets.items():
                    requests.create_task(self._ask(name, address))
                following += CADENCE
                await asyncio.sleep(following - time.monotonic())

    async def _ask(self, name: str, address: Address) -> None:
        asked = time.monotonic()
        ok = await answers(address)
        self._probes[name].append(Probe(asked, time.monotonic(), ok))


async def answers(address: Address) -> bool:
    """Return whether the service answers 200 in time, on a connection of its own."""
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(*address)
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except OSError:
        return False


def longest_gap(probes: Sequence[Probe]) -> float:
    """Return the longest time in seconds between two successive answers. Raises ValueError for fewer than two."""
    ended = sorted(probe.ended for probe in probes if probe.ok)
    if len(ended) < 2:
        raise ValueError(f"{len(ended)} answers: a gap wants two")
    return max(after - before for before, after in pairwise(ended))


def failed_share(probes: Sequence[Probe]) -> float:
    """Return the share of requests that failed, from 0 to 1. Raises ValueError for none at all."""
    if not probes:
        raise ValueError("no request was made")
    return sum(not probe.ok for probe in probes) / len(probes)


def steady(probes: Sequence[Probe], since: float = 0.0) -> bool:
    """Return whether the last requests made after `since` were all answered, and were enough to go by."""
    last = [probe for probe in probes if probe.asked >= since][-STEADY:]
    return len(last) == STEADY and all(probe.ok for probe in last)
