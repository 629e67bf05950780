"""What the core needs of the world outside. Adapters implement it; tests use the fakes of `adapters.memory`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, Protocol

Json = dict[str, Any]


class Resource(NamedTuple):
    """A kind as the API server serves it. `group` is empty for the core group."""

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """`group/version`, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


class KubeError(Exception):
    """The API server refused or did not answer.

    `status` is the HTTP status, 0 where there was no answer; `reason` the machine-readable one of a Status
    object, for example AlreadyExists, Conflict, Forbidden, Invalid; `message` the server's own words.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message

    @property
    def unanswered(self) -> bool:
        """Whether the server did not answer, or only that it is not well: that says nothing about what was asked."""
        return self.status in {0, 429} or self.status >= 500


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One line of a watch.

    Without an object: SYNCED marks the end of a list, ALIVE that the server was heard, and INTERRUPTED that changes
    are being missed until the next SYNCED.
    """

    type: Literal["ADDED", "MODIFIED", "DELETED", "SYNCED", "ALIVE", "INTERRUPTED"]
    object: Json


class Identity(NamedTuple):
    """Somebody as the API server knows them."""

    user: str
    groups: Sequence[str] = ()


class Kube(Protocol):
    """The Kubernetes API, as plain JSON objects. Every verb raises KubeError."""

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """Read one object, uncached."""

    async def list(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> Sequence[Json]:
        """Read all objects of a kind, or those that the selectors choose; an empty namespace means all namespaces."""

    async def names(self, resource: Resource) -> Sequence[tuple[str, str]]:
        """Namespace and name of every object of a kind; little else of them is sent."""

    async def count(self, resource: Resource) -> int:
        """How many objects of a kind there are; little is sent."""

    def watch(self, resource: Resource, namespace: str = "", *, labels: str = "") -> AsyncIterator[WatchEvent]:
        """List, then follow for ever: each object ADDED, one SYNCED, then changes; reconnects and relists by itself.

        After a relist, objects that are gone are reported DELETED, so that the sum of events is always the truth.
        """

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        """Create; raises with reason AlreadyExists where the name is taken."""

    async def patch_status(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        """Merge-patch the status subresource. A resourceVersion in `patch` is a precondition (Conflict)."""

    async def json_patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Sequence[Json],
        *,
        manager: str,
        dry_run: bool = False,
    ) -> Json:
        """Apply a JSON patch (RFC 6902) as field manager `manager`."""

    async def merge_patch(self, resource: Resource, namespace: str, name: str, patch: Json, *, manager: str) -> Json:
        """Apply a merge patch (RFC 7386) as field manager `manager`."""

    async def delete(self, resource: Resource, namespace: str, name: str, *, version: str = "") -> None:
        """Delete one object, and what it owns. With a resourceVersion only if it is still that one (Conflict)."""

    async def evict(self, namespace: str, pod: str, uid: str) -> None:
        """Have that very pod deleted in its own time; 429 where its disruption budgets do not allow it now."""

    async def can(self, who: Identity, verb: str, resource: Resource, namespace: str, name: str) -> bool:
        """Whether somebody may do `verb` with one object, as the API server answers now."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series of an instant query: its labels and its value, rounded to 1e-4."""

    labels: Mapping[str, str]
    value: Decimal


@dataclass(frozen=True, slots=True)
class Measurement:
    """The answer to one query. `error` is empty where there is an answer; no samples is an answer too."""

    query: str
    at: datetime
    samples: tuple[Sample, ...] = ()
    error: str = ""


class Metrics(Protocol):
    """A Prometheus server."""

    async def query(self, queries: Sequence[str], *, namespace: str = "") -> Mapping[str, Measurement]:
        """Answer instant queries, each under its own text; with a namespace, from that namespace's series only.

        Never raises: what cannot be had is a Measurement with `error`.
        """

    def close(self) -> None:
        """Let go of what it holds. What has been asked is still answered, and nothing that is asked later."""


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """The present time, in UTC."""


class Notifier(Protocol):
    """Tells people that something awaits them or has ended."""

    async def event(self, involved: Json, *, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        """Record a Kubernetes Event about an object, with the annotations that its metadata is given here.

        Never raises: an event is news, not the record.
        """


class LedgerError(Exception):
    """The ledger cannot be written or read; the message says which one, and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact for the ledger: a transition of one finding or plan, or of one attempt at one step of a plan.

    An entry is one and the same by `uid`, `step`, `attempt`, `transition` and `at`, however often it is offered.
    """

    uid: str
    """UID of the finding or plan."""
    step: int
    """Index of the step, from 0; -1 for what is about no step."""
    attempt: int
    """Number of the try, from 1; 0 for what is about no attempt."""
    transition: str
    at: datetime
    body: Json
    """All else that is known: text, whole numbers, booleans, None, lists and objects of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry in its place: its number from 1, the hash of the row before, and its own over all of this."""

    seq: int
    previous: str
    hash: str
    entry: Entry


class Ledger(Protocol):
    """The record of what was done, append-only. Every verb raises LedgerError."""

    async def append(self, entries: Sequence[Entry]) -> int:
        """Write those entries that are not there yet, all or none. Returns how many were written."""

    async def told(self, uids: Collection[str], transition: str) -> frozenset[str]:
        """Those of these findings and plans of which it has that transition."""

    async def rows(self, after: int) -> Sequence[Row]:
        """The next rows behind number `after`, in order, a bounded number at a time; none at the end."""
