"""Topology sources of one twin: list and watch of their ConfigMaps, read in a thread, into the Live view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Literal

from forestall.adapters.resources import CONFIG_MAPS, NAMESPACES
from forestall.api.networktwin import SourceStatus, TopologySource
from forestall.ports import Clock, Kube, WatchEvent
from forestall.runtime.documents import Change, Documents, Reading
from forestall.twin.live import Live
from forestall.twin.sources import MARKED, selector

Heard = Literal["Nothing", "All", "Interrupted"]
Where = tuple[str, str]
"""A source and a namespace; empty: the namespaces themselves."""


class Topologies:
    """Keeps the networks of one Live view in step with documents. `changed` is called after each change of them."""

    def __init__(
        self,
        kube: Kube,
        live: Live,
        sources: Mapping[str, TopologySource],
        *,
        changed: Callable[[], None],
        clock: Clock,
        time: Callable[[], float],
    ) -> None:
        self._kube, self._live, self._sources = kube, live, sources
        self._changed, self._clock, self._time = changed, clock, time
        self._documents, self._reading = Documents(sources), Reading()
        self._heard: dict[Where, Heard] = {}
        self._heard_at: dict[str, float] = dict.fromkeys(sources, time())
        self._changes: dict[tuple[str, str, str], Change] = {}
        self._news = asyncio.Event()
        self._tasks: dict[Where, asyncio.Task[None]] = {}
        self._reader: asyncio.Task[None] | None = None
        self.settled = not sources
        """Whether all documents have been read once, as far as they may be."""

    def start(self) -> None:
        """Begin to follow."""
        if not self._sources:
            return
        self._reader = asyncio.create_task(self._read(), name="topologies")
        for name, source in self._sources.items():
            if source.namespaces:
                for namespace in source.namespaces:
                    self._begin(name, namespace)
            else:
                self._heard[name, ""] = "Nothing"
                self._tasks[name, ""] = asyncio.create_task(self._follow_namespaces(name), name=f"topologies-{name}")

    async def stop(self) -> None:
        """Stop following."""
        tasks = [*self._tasks.values(), *([self._reader] if self._reader else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    @property
    def ages(self) -> Mapping[str, float]:
        """By source: seconds since all its ConfigMaps were followed and one of its watches was heard."""
        now = self._time()
        return {name: now - at for name, at in self._heard_at.items()}

    @property
    def problem(self) -> str:
        """What keeps documents from being read, and the remedy; empty where nothing does."""
        return "; ".join(filter(None, map(self._problem, self._sources)))

    def status(self, name: str) -> SourceStatus:
        """How a source does."""
        problem, found = self._problem(name), self._reading.accounts.get(name)
        told = SourceStatus(name=name, fresh=not problem, message=problem[:1024])
        if found is None:
            return told
        facts = {
            "message": (problem or found.remarks)[:1024],
            "documents": found.documents,
            "coverage": found.coverage,
            "completeness": found.completeness,
            "as_of": found.as_of,
        }
        return told.model_copy(update=facts)

    def _problem(self, name: str) -> str:
        lost = sorted(place for (source, place), heard in self._heard.items() if source == name and heard != "All")
        if lost:
            return _unheard(name, lost)
        found = self._reading.accounts.get(name)
        if found is None or not (found.documents or found.problem):
            return f"source {name} has no document: give ConfigMaps of its namespaces the label {MARKED}"
        return found.problem

    async def _follow_namespaces(self, source: str) -> None:
        """Follow the ConfigMaps of each namespace that is marked for it."""
        async for event in self._kube.watch(NAMESPACES, labels=MARKED):
            self._listen((source, ""), event)
            if not event.object:
                continue
            namespace = event.object["metadata"]["name"]
            if event.type == "DELETED":
                await self._end(source, namespace)
            elif (source, namespace) not in self._tasks:
                self._begin(source, namespace)

    def _begin(self, source: str, namespace: str) -> None:
        self._heard[source, namespace] = "Nothing"
        self._tasks[source, namespace] = asyncio.create_task(
            self._follow(source, namespace), name=f"topologies-{source}-{namespace}"
        )

    async def _end(self, source: str, namespace: str) -> None:
        """The namespace is marked no longer: what it held is no longer described."""
        task = self._tasks.pop((source, namespace), None)
        if task is None:
            return
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        self._heard.pop((source, namespace))
        held = {place[:3] for place in self._reading.places if place[:2] == (source, namespace)}
        pending = {key for key in self._changes if key[:2] == (source, namespace)}
        for key in held | pending:
            self._put(Change(*key, {}))

    async def _follow(self, source: str, namespace: str) -> None:
        labels = selector(self._sources[source])
        async for event in self._kube.watch(CONFIG_MAPS, namespace, labels=labels):
            if event.object:
                self._put(_change(source, namespace, event))
            self._listen((source, namespace), event)

    def _put(self, change: Change) -> None:
        self._changes[change[:3]] = change
        self._news.set()

    def _listen(self, where: Where, event: WatchEvent) -> None:
        """Note who is followed, and until when."""
        source = where[0]
        if event.type == "SYNCED":
            self._heard[where] = "All"
        elif event.type == "INTERRUPTED":
            self._heard[where] = "Interrupted"
        if all(heard == "All" for (name, _), heard in self._heard.items() if name == source):
            self._heard_at[source] = self._time()
        self._news.set()

    async def _read(self) -> None:
        """Read what has come, all of it at once: the first time once everybody was heard, or could not be."""
        while True:
            await self._news.wait()
            self._news.clear()
            if "Nothing" in self._heard.values():
                continue
            changes, self._changes = self._changes, {}
            if changes:
                now = self._clock.now()
                self._reading = await asyncio.to_thread(self._documents.take, list(changes.values()), now)
                self._live.declare(self._reading.topology)
            if changes or not self.settled:
                self.settled = True
                self._changed()


def _change(source: str, namespace: str, event: WatchEvent) -> Change:
    data = {} if event.type == "DELETED" else event.object.get("data") or {}
    return Change(source, namespace, event.object["metadata"]["name"], data)


def _unheard(source: str, namespaces: Sequence[str]) -> str:
    if namespaces == [""]:
        return f"source {source}: which namespaces are labelled {MARKED} is not heard of"
    places = ", ".join(filter(None, namespaces))
    return (
        f"source {source}: ConfigMaps of {places} are not heard of, what was last read stays in force: "
        "list the namespaces in the chart's value topology.namespaces"
    )
