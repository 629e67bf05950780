"""Kopf, in a thread and a loop of its own: it watches forestall's kinds and reports what it sees.

On its way out Kopf cancels every task of its loop that is younger than itself; a loop of its own keeps the
twin's feeds and the workers out of its reach, and its work off the loop that decides.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import kopf

from forestall.api.base import GROUP
from forestall.handlers import approvals, findings, pauses, plans, policies, runbooks, twins
from forestall.handlers.intake import Seen

FINALIZER = f"{GROUP}/finalizer"
LONGEST_PAUSE = 3
"""Seconds between two attempts: an outage must not be outlasted by much."""
PAGE = 100
"""Objects of a list that are read at a time. Kopf keeps each of them, and a task for it, until it has rested."""
HANDFUL = 10
"""Events that are taken over at a time: each takes up to a millisecond of the loop that decides."""
FULL = 3 * PAGE
"""Events, each some 30 KB, that may wait to be taken over: a start tells of thousands faster than they can be."""
LONGEST_WAIT = 1.0
"""Seconds that Kopf is held up for one event at most."""
REST = 0.5
"""Seconds after which Kopf lets go of an object that it hears nothing more of."""


class Endless:
    """Pauses between attempts that never run out: an outage of any length is waited for."""

    def __iter__(self) -> Iterator[float]:
        yield from (0.5, 1, 2)
        while True:
            yield LONGEST_PAUSE


class NoDiffBase(kopf.DiffBaseStorage):
    """Kopf keeps no copy of any object: nothing here depends on what changed, only on what is."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        """Nothing is compared: what Kopf would build for it is a deep copy of every object that it hears of."""
        return kopf.BodyEssence({})

    def fetch(self, *, body: kopf.Body) -> None:
        """Nothing is stored."""

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Store nothing."""


class Credentials(kopf.ConnectionInfo):
    """Who Kopf is and whom it trusts: the same API servers as the rest of the operator, and kubectl, do."""

    def as_ssl_context(self) -> ssl.SSLContext:
        """As Kopf makes it, but authorities need no more extensions than before Python 3.13."""
        made = super().as_ssl_context()
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return made


def settings() -> kopf.OperatorSettings:
    """Kopf as a watch layer only: no peering, no scanning, no events, no state in annotations."""
    chosen = kopf.OperatorSettings()
    chosen.peering.standalone = True
    chosen.scanning.disabled = True
    chosen.posting.enabled = False
    chosen.persistence.finalizer = FINALIZER
    chosen.persistence.diffbase_storage = NoDiffBase()
    chosen.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=GROUP, v1=False)
    chosen.networking.error_backoffs = Endless()
    chosen.networking.request_timeout = 30
    chosen.watching.server_timeout = 300
    chosen.watching.client_timeout = 330
    chosen.watching.connect_timeout = 10
    chosen.watching.chunk_size = PAGE
    chosen.queueing.idle_timeout = REST
    return chosen


def registry(seen: Seen) -> kopf.OperatorRegistry:
    """A registry of our own with a handler for each kind, and the login for the cluster at hand."""
    made = kopf.OperatorRegistry()

    @kopf.on.login(registry=made, id="login")
    def login(**kwargs: Any) -> Credentials | None:
        inside = kopf.login_with_service_account(**kwargs)
        found = inside or kopf.login_with_kubeconfig(**kwargs)
        server = {"server": own_server()} if inside else {}
        return Credentials(**{**vars(found), **server}) if found else None

    for module in (policies, plans, findings, twins, runbooks, approvals, pauses):
        module.register(made, seen)
    return made


def own_server() -> str:
    """The API server of the cluster that this pod runs in, by address: a broken cluster DNS must not stop us."""
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


class Tray:
    """Hands over what one thread sees to the loop of another one, in its order, and wakes that once for a handful.

    A full tray holds the first thread up: Kopf then reads no further, and the API server keeps the rest.

    `wake` has a function called in that loop soon, from any thread.
    """

    def __init__(self, seen: Seen, wake: Callable[[Callable[[], None]], object]) -> None:
        self._seen, self._wake = seen, wake
        self._items: deque[tuple[str, str | None, dict[str, Any]]] = deque()
        self._awake = False
        self._room = threading.Event()

    def put(self, kind: str, event: str | None, body: dict[str, Any]) -> None:
        """Leave an event, from another thread than the loop's."""
        self._room.clear()
        if len(self._items) >= FULL:  # looked at after the clearing: what makes room later is not missed
            self._room.wait(LONGEST_WAIT)
        self._items.append((kind, event, body))
        if not self._awake:
            self._awake = True
            self._wake(self._take)

    def _take(self) -> None:
        """Take what is there, a handful at a time: between two the loop goes on."""
        try:
            for _ in range(min(HANDFUL, len(self._items))):
                self._seen(*self._items.popleft())
        finally:
            self._room.set()
            self._awake = False  # before the look: what is put after it wakes the loop again
            if self._items:
                self._awake = True
                self._wake(self._take)


async def run(seen: Seen, stop: threading.Event, ready: threading.Event) -> None:
    """One life of Kopf: returns when `stop` is set, raises when Kopf ends by itself. `seen` runs in this loop."""
    tray = Tray(seen, asyncio.get_running_loop().call_soon_threadsafe)
    await asyncio.to_thread(_life, tray.put, stop, ready)


def _life(seen: Seen, stop: threading.Event, ready: threading.Event) -> None:
    asyncio.run(
        kopf.operator(registry=registry(seen), settings=settings(), clusterwide=True, stop_flag=stop, ready_flag=ready)
    )
