"""Which of several replicas acts: the one that holds the Lease `forestall`, as long as it can renew it.

Nothing rests on this alone. Every write has a precondition or a name that is taken once, so that two replicas that
both believe to lead do nothing twice; the Lease keeps them out of each other's way.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import NamedTuple

import structlog

from forestall.adapters.resources import LEASES
from forestall.ports import Clock, Kube, KubeError
from forestall.runtime.lease import DEADLINE_SECONDS, NAME, Seen, first, released, seen, taken

RETRY_SECONDS = 2.0
"""Longest pause between two looks at the Lease."""
ANSWER_SECONDS = 3.0
"""How long one look may take: two must fit between two renewals."""

log = structlog.get_logger(__name__)


class Replica(NamedTuple):
    """Who stands for election, and where the Lease is."""

    namespace: str
    identity: str
    """Unlike that of every other replica."""


class Election:
    """Takes the Lease whenever it is free, renews it, and gives it back. `time` is a monotonic clock, in seconds.

    `elected` is called each time that this replica begins to lead.
    """

    def __init__(
        self,
        kube: Kube,
        clock: Clock,
        replica: Replica,
        *,
        time: Callable[[], float],
        elected: Callable[[], None],
    ) -> None:
        self._kube, self._clock, self._replica, self._time = kube, clock, replica, time
        self._elected = elected
        self._seen: Seen | None = None
        self._until, self._heard = float("-inf"), time()
        self._resigned = False
        self._problem = ""
        self._one_at_a_time = asyncio.Lock()

    @property
    def leading(self) -> bool:
        """Whether this replica may begin something."""
        return self.holding and not self._resigned

    @property
    def holding(self) -> bool:
        """Whether this replica may write: nobody else can have begun to lead."""
        return self._time() < self._until

    @property
    def silence(self) -> float:
        """Seconds since the API server last answered."""
        return self._time() - self._heard

    async def run(self) -> None:
        """Stand for election for ever."""
        while True:
            await self.look()
            await asyncio.sleep(self._pause())

    async def look(self) -> None:
        """Renew the Lease, or take it if it is free. Never raises: without an answer, what was granted runs out."""
        async with self._one_at_a_time:
            if not self._resigned:
                await self._look(self._time())

    def resign(self) -> None:
        """Begin nothing more. What has begun may be finished until `release`."""
        self._resigned = True

    async def release(self) -> None:
        """Write nothing more, and give the Lease back. Never raises: one that is not given back runs out."""
        self.resign()
        async with self._one_at_a_time:
            held, self._until = self.holding, float("-inf")
            if held and self._seen is not None:
                await self._give_back(self._seen)

    async def _look(self, now: float) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                held = await self._take(now)
        except (KubeError, TimeoutError) as error:
            self._failed(error)
            return
        # Granted for a time that begins with the question: nobody here knows when the answer was given.
        led, self._until = self.leading, now + DEADLINE_SECONDS if held else float("-inf")
        self._heard, self._problem = self._time(), ""
        if self.leading != led:
            log.info("leads" if self.leading else "leads no longer", replica=self._replica.identity)
        if self.leading and not led:
            self._elected()

    async def _take(self, now: float) -> bool:
        """Whether this replica has the Lease. Raises KubeError where nobody knows."""
        if self._seen is None or not self.holding:
            self._seen = await self._read(now)
        wall, (namespace, identity) = self._clock.now(), self._replica
        if self._seen is None:
            self._seen = seen(None, await self._kube.create(LEASES, namespace, first(namespace, identity, wall)), now)
        elif self._seen.free(identity, now):
            patch = taken(self._seen, identity, wall)
            answer = await self._kube.merge_patch(LEASES, namespace, NAME, patch, manager="forestall")
            self._seen = seen(None, answer, now)
        return self._seen.holder == identity

    async def _read(self, now: float) -> Seen | None:
        """The Lease as it is; None: there is none."""
        try:
            body = await self._kube.get(LEASES, self._replica.namespace, NAME)
        except KubeError as error:
            if error.status != 404:
                raise
            return None
        return seen(self._seen, body, now)

    async def _give_back(self, held: Seen) -> None:
        patch = released(held, self._clock.now())
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._kube.merge_patch(LEASES, self._replica.namespace, NAME, patch, manager="forestall")
        except (KubeError, TimeoutError) as error:
            log.warning("the Lease could not be given back: it runs out", error=str(error))

    def _failed(self, error: Exception) -> None:
        """Tell of each new problem once. A Lease that is gone or was changed by others is read anew."""
        if isinstance(error, KubeError) and error.status in {404, 409}:
            self._seen = None
        problem = str(error) or type(error).__name__
        if problem != self._problem:
            log.warning("the Lease could not be looked at", leading=self.leading, error=problem)
        self._problem = problem

    def _pause(self) -> float:
        """Seconds until the next look: no later than when the Lease runs out, and not all replicas at once."""
        wait = RETRY_SECONDS * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret
        left = self._seen.expires - self._time() if self._seen else 0.0
        return min(wait, left) if left > 0 else wait
