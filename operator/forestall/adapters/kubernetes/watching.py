"""A watch that never ends: list, follow, and start over whenever the server says so or goes away.

What a relist no longer holds is reported as DELETED, so that whoever adds up the events always has the truth.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol, cast

import structlog

from forestall.ports import Json, Resource, WatchEvent

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 3.0
"""With its jitter, and the list that follows, short enough to have recovered five seconds after an outage."""
CONNECTED = "CONNECTED"
"""Type of the line that a source gives first, once the server has answered."""
Change = Literal["ADDED", "MODIFIED", "DELETED"]
Identity = tuple[str, str]
"""Namespace and name."""

log = structlog.get_logger(__name__)


class Source(Protocol):
    """What a watch needs of a client."""

    async def list_version(self, resource: Resource, namespace: str, labels: str) -> tuple[Sequence[Json], str]:
        """All objects and the resourceVersion to watch from."""

    def stream(
        self, resource: Resource, namespace: str, labels: str, version: str
    ) -> AsyncIterator[Mapping[str, Json | str]]:
        """The lines of one watch connection, after one of type CONNECTED."""


class _Seen(NamedTuple):
    """Enough of an object to report it deleted: the rest would keep every object in memory twice."""

    uid: str
    version: str


class _RelistError(Exception):
    """The watch cannot go on from where it was."""


async def follow(source: Source, resource: Resource, namespace: str, labels: str) -> AsyncIterator[WatchEvent]:
    """Every object, SYNCED, then every change, for ever; pauses grow from 0.2 to 3 s while nothing new is heard.

    INTERRUPTED is told where the server fails, not where it only wants the watch to begin anew.
    """
    known: dict[Identity, _Seen] = {}
    pause = FIRST_PAUSE
    while True:
        try:
            items, version = await source.list_version(resource, namespace, labels)
            for event in _differences(resource, known, items):
                yield event
            yield WatchEvent("SYNCED", {})
            async for event in _changes(source, resource, namespace, labels, version):
                if event.object:
                    _remember(known, event)
                    pause = FIRST_PAUSE
                yield event
        except Exception as error:  # whatever a server or a proxy sends, a watch goes on
            log.warning("watch interrupted", kind=resource.kind, error=repr(error), retry_seconds=round(pause, 1))
            if not isinstance(error, _RelistError):
                yield WatchEvent("INTERRUPTED", {})
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311  # jitter, not a secret
            pause = min(pause * 2, LONGEST_PAUSE)


async def _changes(
    source: Source, resource: Resource, namespace: str, labels: str, version: str
) -> AsyncIterator[WatchEvent]:
    """Changes from `version` on, over as many connections as it takes.

    A connection on which nothing was heard for long is replaced: it may be dead, or the cluster merely quiet. One
    that ends without a word would end so again at once: that is an interruption.
    """
    while True:
        heard = False
        try:
            async for line in source.stream(resource, namespace, labels, version):
                kind, item = line.get("type"), cast("Json", line.get("object") or {})
                if kind == "ERROR":
                    raise _RelistError(json.dumps(item)[:200])
                version = _onwards(version, item)
                quiet = kind in {"BOOKMARK", CONNECTED}
                heard = heard or kind != CONNECTED
                yield WatchEvent("ALIVE", {}) if quiet else WatchEvent(cast("Change", kind), item)
        except TimeoutError:
            continue
        if not heard:
            raise _RelistError("the connection ended without a word")


def _onwards(version: str, item: Json) -> str:
    """The version of a line after `version`. Versions only grow: one that does not came out of order or got lost."""
    told = str(item.get("metadata", {}).get("resourceVersion") or version)
    if told.isdigit() and version.isdigit() and int(told) < int(version):
        raise _RelistError(f"version {told} came after {version}")
    return told


def _identity(item: Mapping[str, Any]) -> Identity:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _differences(resource: Resource, known: dict[Identity, _Seen], items: Sequence[Json]) -> list[WatchEvent]:
    """What changed between what is known and a fresh list. `known` becomes the list."""
    fresh = {_identity(item): item for item in items}
    gone = sorted(known.keys() - fresh.keys())
    events = [WatchEvent("DELETED", _stub(resource, *identity, known[identity])) for identity in gone]
    for identity, item in fresh.items():
        if identity not in known:
            events.append(WatchEvent("ADDED", item))
        elif known[identity].version != item["metadata"]["resourceVersion"]:
            events.append(WatchEvent("MODIFIED", item))
    known.clear()
    known.update((identity, _seen(item)) for identity, item in fresh.items())
    return events


def _remember(known: dict[Identity, _Seen], event: WatchEvent) -> None:
    if event.type == "DELETED":
        known.pop(_identity(event.object), None)
    else:
        known[_identity(event.object)] = _seen(event.object)


def _seen(item: Json) -> _Seen:
    return _Seen(item["metadata"].get("uid", ""), item["metadata"].get("resourceVersion", ""))


def _stub(resource: Resource, namespace: str, name: str, seen: _Seen) -> Json:
    """As much of an object that is gone as was kept."""
    kept = {"namespace": namespace, "name": name, "uid": seen.uid, "resourceVersion": seen.version}
    return {"kind": resource.kind, "metadata": {field: value for field, value in kept.items() if value}}
