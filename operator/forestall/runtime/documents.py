"""Topology documents: which of them are in force, and what is wrong with the others. Nothing here waits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

import structlog

from forestall.api.base import Key
from forestall.api.networktwin import TopologySource
from forestall.twin import fidelity, sources
from forestall.twin.defects import Defect
from forestall.twin.formats import Loaded, UnreadableTopologyError
from forestall.twin.joining import NO_NETWORKS
from forestall.twin.topology import Topology

MOST_DOCUMENTS: Final = 256
"""Documents of one twin."""
MOST_ELEMENTS: Final = 200_000
"""Nodes, links, groups and demands of one twin."""
MOST_TOLD: Final = 3
"""Problems that a status tells of one source."""

log = structlog.get_logger(__name__)


class Place(NamedTuple):
    """Where a document stands: which source of the twin selects it, and the key of a ConfigMap."""

    source: str
    namespace: str
    name: str
    key: str

    def __str__(self) -> str:
        return f"ConfigMap {self.namespace}/{self.name}, key {self.key}"


class Change(NamedTuple):
    """A ConfigMap as it is now; without data it is gone."""

    source: str
    namespace: str
    name: str
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a document, as it was read."""

    topology: Topology
    at: datetime
    defects: Sequence[Defect] = ()
    """Attributes that are left out of it."""


@dataclass(frozen=True, slots=True)
class Account:
    """How the documents of one source do."""

    documents: int
    """In force."""
    problem: str
    """What keeps the present content of some out of force; empty where nothing does."""
    remarks: str
    """Attributes that are left out of those in force."""
    coverage: Decimal | None
    completeness: Decimal | None
    as_of: datetime | None
    """When the oldest one was read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What all documents come to."""

    topology: Topology = NO_NETWORKS
    """All that is in force."""
    accounts: Mapping[str, Account] = field(default_factory=dict)
    """By source."""
    places: frozenset[Place] = frozenset()
    """All documents that there are."""


class Documents:
    """The documents of one twin. Of each, the last content that could be read is in force.

    Not for two threads at once.
    """

    def __init__(self, sources: Mapping[str, TopologySource]) -> None:
        self._sources = sources
        self._in_force: dict[Place, Document] = {}
        self._problems: dict[Place, str] = {}
        """Why a document's present content is not in force."""
        self._described: dict[Place, int] = {}
        """Elements that the latest content tells of, at least."""
        self._digests: dict[Place, bytes] = {}
        self._waiting: dict[Place, Document] = {}
        """Contents that could be read, and that others contradict."""

    def take(self, changes: Sequence[Change], now: datetime) -> Reading:
        """Take over ConfigMaps as they are now. Reading takes time: not for an event loop."""
        for change in sorted(changes):
            texts = self._texts(change)
            for place in [one for one in self._digests if one[:3] == change[:3] and one not in texts]:
                self._forget(place)
            for place, text in texts.items():
                self._read(place, text, now)
        self._settle()
        whole = _whole([one.topology for _, one in sorted(self._in_force.items())])
        # The id is known from here on: it takes long, and who asks next is the event loop.
        log.info("topology", id=whole.id, documents=len(self._in_force), problems=len(self._problems))
        accounts = {source: self._account(source, whole) for source in self._sources}
        return Reading(whole, accounts, frozenset(self._digests))

    def _account(self, source: str, whole: Topology) -> Account:
        own = {place: one for place, one in self._in_force.items() if place.source == source}
        problems = {place: why for place, why in sorted(self._problems.items()) if place.source == source}
        parts = [one.topology for one in own.values()]
        defects = [f"{place}: {_told(defect)}" for place, one in sorted(own.items()) for defect in one.defects]
        lost = sum(self._described[place] for place in problems if place not in own)
        return Account(
            documents=len(own),
            problem="; ".join(f"{place}: {why}; {_instead(own.get(place))}" for place, why in _first(problems)),
            remarks="; ".join(defects[:MOST_TOLD]),
            coverage=fidelity.coverage(sum(map(size, parts)), lost),
            completeness=fidelity.completeness(parts, whole, unusable=len(defects)),
            as_of=min((one.at for one in own.values()), default=None),
        )

    def _texts(self, change: Change) -> Mapping[Place, str]:
        found = sources.texts(self._sources[change.source], change.data)
        return {Place(*change[:3], key): text for key, text in found.items()}

    def _forget(self, place: Place) -> None:
        del self._digests[place]
        for known in (self._in_force, self._problems, self._waiting, self._described):
            known.pop(place, None)

    def _read(self, place: Place, text: str, now: datetime) -> None:
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
        if self._digests.get(place) == digest:
            return
        self._digests[place] = digest
        self._waiting.pop(place, None)
        loaded = self._loaded(place, text)
        if isinstance(loaded, str):
            self._described[place], self._problems[place] = 1, loaded
            return
        fatal = [_told(defect) for defect in loaded.defects if defect.fatal]
        self._described[place] = size(loaded.topology) + len(fatal)
        if fatal:
            self._problems[place] = "; ".join(fatal[:MOST_TOLD])
            return
        self._waiting[place] = Document(loaded.topology, now, loaded.defects)

    def _loaded(self, place: Place, text: str) -> Loaded | str:
        """The document, or why nothing can be made of it."""
        try:
            return sources.read(self._sources[place.source], place.source, text)
        except UnreadableTopologyError as error:
            return str(error)
        except Exception as error:  # whatever a document makes a reader stumble over, the others are read
            log.exception("document", place=str(place))
            return f"it cannot be read: {type(error).__name__}"

    def _settle(self) -> None:
        """Put in force what waits: all of it if that is of one mind, else what nothing in force contradicts."""
        together = {**self._in_force, **self._waiting}
        if not _contradictions(together):
            for place in self._waiting:
                self._problems.pop(place, None)
            self._in_force, self._waiting = together, {}
            return
        for place in sorted(self._waiting):
            others = {known: one for known, one in self._in_force.items() if known != place}
            found = _contradictions({**others, place: self._waiting[place]})
            if found:
                self._problems[place] = found
                continue
            self._in_force[place] = self._waiting.pop(place)
            self._problems.pop(place, None)


def _first(problems: Mapping[Place, str]) -> Sequence[tuple[Place, str]]:
    return list(problems.items())[:MOST_TOLD]


def _instead(document: Document | None) -> str:
    """What holds while a document's content is not in force."""
    if document is None:
        return "nothing of it is in force"
    return f"its content of {document.at.isoformat(timespec='seconds')} stays in force"


def _told(defect: Defect) -> str:
    """A defect in words."""
    return f"{defect.path}: {defect.message}" if defect.path else defect.message


def size(topology: Topology) -> int:
    """Number of its elements."""
    return sum(map(len, (topology.nodes, topology.links, topology.groups, topology.gates, topology.demands)))


def _contradictions(documents: Mapping[Place, Document]) -> str:
    """The first thing that keeps documents from being one topology; empty where nothing does."""
    if len(documents) > MOST_DOCUMENTS:
        return f"a twin takes at most {MOST_DOCUMENTS} documents: put several into one, or select fewer"
    if sum(size(one.topology) for one in documents.values()) > MOST_ELEMENTS:
        return f"a twin takes at most {MOST_ELEMENTS} elements: leave out what no goal needs"
    owners: dict[Key, Place] = {}
    for place, document in documents.items():
        for key in _keys(document.topology):
            if key in owners:
                return f"{key} stands in {owners[key]}, too: leave it out of one of them"
            owners[key] = place
    return ""


def _keys(topology: Topology) -> Iterator[Key]:
    yield from (Key("Network", "", name) for name in topology.networks)
    for part in (topology.nodes, topology.links, topology.groups, topology.demands):
        yield from part


def _whole(parts: Sequence[Topology]) -> Topology:
    """All parts, none of which has an element of another."""
    return Topology.of(
        networks=(one for part in parts for one in part.networks.values()),
        nodes=(one for part in parts for one in part.nodes.values()),
        links=(one for part in parts for one in part.links.values()),
        groups=(one for part in parts for one in part.groups.values()),
        gates=(one for part in parts for one in part.gates),
        demands=(one for part in parts for one in part.demands.values()),
    )
