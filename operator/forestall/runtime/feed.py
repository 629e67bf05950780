"""The feed: list and watch of what the twin is made of, straight into the Live view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from forestall.adapters.resources import TWIN_KINDS
from forestall.ports import Kube, Resource, WatchEvent
from forestall.twin.live import Live


class Feed:
    """Keeps one Live view in step with the cluster. `changed` is called after each change that may matter, with the
    namespace of what has changed; empty: all of them may have.
    """

    def __init__(
        self,
        kube: Kube,
        live: Live,
        *,
        namespaces: Collection[str],
        changed: Callable[[str], None],
        time: Callable[[], float],
    ) -> None:
        self._kube, self._live, self._changed, self._time = kube, live, changed, time
        self._namespaces = frozenset(namespaces)
        self._synced: set[Resource] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._heard_at = self._whole_at = time()

    @property
    def awaited(self) -> tuple[str, ...]:
        """The kinds whose objects are not followed at present: not listed yet, or their watch is interrupted."""
        return tuple(kind.plural for kind in TWIN_KINDS if kind not in self._synced)

    @property
    def silence(self) -> float:
        """Seconds since the API server was last heard of."""
        return self._time() - self._heard_at

    @property
    def age(self) -> float:
        """Seconds for which changes may have been missed: since all kinds were followed and one of them was heard."""
        return self._time() - (self._whole_at if self.awaited else self._heard_at)

    def start(self) -> None:
        """Begin to follow."""
        self._tasks = [asyncio.create_task(self._follow(kind), name=f"feed-{kind.plural}") for kind in TWIN_KINDS]

    async def stop(self) -> None:
        """Stop following."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self, resource: Resource) -> None:
        async for event in self._kube.watch(resource):
            self._listen(resource, event)
            namespace = (event.object.get("metadata") or {}).get("namespace", "")
            if not event.object or (namespace and self._namespaces and namespace not in self._namespaces):
                continue
            if event.type == "DELETED":
                self._live.remove(resource.kind, namespace, event.object["metadata"]["name"])
            else:
                self._live.apply(resource.kind, event.object)
            if self._live.dirty:
                self._changed(namespace)

    def _listen(self, resource: Resource, event: WatchEvent) -> None:
        """Note which kinds are followed, and until when all of them were."""
        if event.type == "INTERRUPTED":
            self._synced.discard(resource)
            return
        self._heard_at = self._time()
        if event.type == "SYNCED":
            self._synced.add(resource)
            self._changed("")
        if not self.awaited:
            self._whole_at = self._heard_at
