"""The ports in memory, for tests: an API server, a Prometheus, a clock and a notifier that do exactly as told.

`MemoryKube` keeps the rules that the operator leans on: versions that only grow, preconditions, names that are
taken once, a status that only its own subresource writes, dry runs that leave no trace, watches from history.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import jsonpatch
from jsonpointer import JsonPointerException

from forestall.api.base import format_time
from forestall.ports import Clock, Identity, Json, KubeError, Measurement, Resource, Sample, WatchEvent

Verb = Literal["get", "list", "create", "patch_status", "json_patch", "merge_patch", "delete", "evict", "can"]
Place = tuple[str, str, str]
"""Kind, namespace and name."""


class Call(NamedTuple):
    """One request, as it was made. `name` is empty for lists."""

    verb: Verb
    kind: str
    namespace: str
    name: str
    dry_run: bool = False
    manager: str = ""


@dataclass(frozen=True)
class _Refusal:
    verb: Verb
    kind: str
    error: KubeError
    after: bool


class MemoryKube:
    """`Kube` over a dictionary. `calls` keeps every request in its order."""

    def __init__(self, clock: Clock) -> None:
        self.calls: list[Call] = []
        self.allowed: set[tuple[str, str, str]] = set()
        """What `can` says yes to: (user or group, verb, name)."""
        self._clock = clock
        self._objects: dict[Place, Json] = {}
        self._version = 0
        self._history: list[tuple[str, WatchEvent]] = []
        self._news = asyncio.Event()
        self._refusals: list[_Refusal] = []

    def refuse(self, verb: Verb, resource: Resource, error: KubeError, *, times: int = 1, after: bool = False) -> None:
        """Answer the next `times` calls of a verb with an error; `after`: once the change has been made."""
        self._refusals += [_Refusal(verb, resource.kind, error, after)] * times

    def tell(self, resource: Resource, kind: Literal["SYNCED", "INTERRUPTED"]) -> None:
        """Tell those that watch a kind that they miss changes, or no longer do."""
        self._tell(resource.kind, WatchEvent(kind, {}))

    def put(self, resource: Resource, body: Json) -> Json:
        """Store an object whole, status and all, as those may who own it; returns it as stored."""
        metadata = body["metadata"]
        place = (resource.kind, metadata.get("namespace", ""), metadata["name"])
        return self._store(resource, place, body)

    def remove(self, resource: Resource, namespace: str, name: str) -> None:
        """Delete an object."""
        self._remove((resource.kind, namespace, name))

    def _remove(self, place: Place) -> None:
        gone = self._objects.pop(place)
        self._version += 1
        gone["metadata"]["resourceVersion"] = str(self._version)
        self._tell(gone["kind"], WatchEvent("DELETED", copy.deepcopy(gone)))

    def made(self, *verbs: Verb) -> list[Call]:
        """The calls of these verbs that were no dry runs."""
        return [call for call in self.calls if call.verb in verbs and not call.dry_run]

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """Read one object."""
        self._called(Call("get", resource.kind, namespace, name))
        return copy.deepcopy(self._found(resource, namespace, name))

    async def list(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> Sequence[Json]:
        """Read all objects of a kind, ordered by namespace and name."""
        self._called(Call("list", resource.kind, namespace, ""))
        return copy.deepcopy([item for item in self._matching(resource, namespace, labels) if _has(item, fields)])

    async def names(self, resource: Resource) -> Sequence[tuple[str, str]]:
        """Namespaces and names of a kind, ordered."""
        self._called(Call("list", resource.kind, "", ""))
        return [(namespace, name) for kind, namespace, name in sorted(self._objects) if kind == resource.kind]

    async def count(self, resource: Resource) -> int:
        """How many objects of a kind there are."""
        self._called(Call("list", resource.kind, "", ""))
        return sum(kind == resource.kind for kind, _, _ in self._objects)

    async def watch(self, resource: Resource, namespace: str = "", *, labels: str = "") -> AsyncIterator[WatchEvent]:
        """Each object, SYNCED, then every change for ever."""
        seen = len(self._history)
        for item in list(self._matching(resource, namespace, labels)):
            yield WatchEvent("ADDED", copy.deepcopy(item))
        yield WatchEvent("SYNCED", {})
        while True:
            while seen < len(self._history):
                kind, event = self._history[seen]
                seen += 1
                if kind == resource.kind and (not event.object or _selected(event.object, namespace, labels)):
                    yield copy.deepcopy(event)
            await self._news.wait()

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        """Create; AlreadyExists where the name is taken. A status is ignored, as the API server ignores it."""
        place = (resource.kind, namespace, body.get("metadata", {}).get("name", ""))
        done = self._called(Call("create", *place, dry_run))
        if place in self._objects:
            raise KubeError(409, "AlreadyExists", f'{resource.plural} "{place[2]}" already exists')
        fresh = {name: value for name, value in body.items() if name != "status"}
        fresh["metadata"] = {**fresh["metadata"], "namespace": namespace} if namespace else fresh["metadata"]
        return self._answer(fresh if dry_run else self._store(resource, place, fresh), done)

    async def patch_status(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        """Merge-patch the status and nothing else."""
        done = self._called(Call("patch_status", resource.kind, namespace, name))
        old = self._found(resource, namespace, name)
        _precondition(patch, old)
        new = {**old, "status": merged(old.get("status", {}), patch.get("status", {}))}
        return self._answer(self._store(resource, (resource.kind, namespace, name), new), done)

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
        """Apply a JSON patch to all but the status. A test that fails is Invalid."""
        done = self._called(Call("json_patch", resource.kind, namespace, name, dry_run, manager))
        old = self._found(resource, namespace, name)
        try:
            new = jsonpatch.apply_patch(copy.deepcopy(old), list(patch))
        except (jsonpatch.JsonPatchException, JsonPointerException) as error:
            raise KubeError(422, "Invalid", f"the server rejected our request: {error}") from error
        new = _keeping_status(new, old)
        return self._answer(
            new if dry_run else self._store(resource, (resource.kind, namespace, name), new),
            done,
        )

    async def merge_patch(self, resource: Resource, namespace: str, name: str, patch: Json, *, manager: str) -> Json:
        """Apply a merge patch to all but the status."""
        done = self._called(Call("merge_patch", resource.kind, namespace, name, manager=manager))
        old = self._found(resource, namespace, name)
        _precondition(patch, old)
        new = _keeping_status(merged(old, patch), old)
        return self._answer(self._store(resource, (resource.kind, namespace, name), new), done)

    async def delete(self, resource: Resource, namespace: str, name: str, *, version: str = "") -> None:
        """Delete one object; what it owns stays, as there is no garbage collector."""
        done = self._called(Call("delete", resource.kind, namespace, name))
        found = self._found(resource, namespace, name)
        _precondition({"metadata": {"resourceVersion": version}} if version else {}, found)
        self._remove((resource.kind, namespace, name))
        if done is not None:
            raise done

    async def evict(self, namespace: str, pod: str, uid: str) -> None:
        """Delete the pod at once; `refuse` stands for its disruption budgets."""
        done = self._called(Call("evict", "Pod", namespace, pod))
        found = self._objects.get(("Pod", namespace, pod))
        if found is None:
            raise KubeError(404, "NotFound", f'pods "{pod}" not found')
        if found["metadata"]["uid"] != uid:
            raise KubeError(409, "Conflict", f"the UID in the precondition ({uid}) is not that of {pod}")
        self._remove(("Pod", namespace, pod))
        if done is not None:
            raise done

    async def can(self, who: Identity, verb: str, resource: Resource, namespace: str, name: str) -> bool:
        """Whether `allowed` says so of the user or of one of the groups."""
        self._called(Call("can", resource.kind, namespace, name))
        return any((one, verb, name) in self.allowed for one in (who.user, *who.groups))

    def _called(self, call: Call) -> KubeError | None:
        """Note the call; raise what refuses it; return what is to be raised once the change has been made."""
        self.calls.append(call)
        for refusal in self._refusals:
            if (refusal.verb, refusal.kind) == (call.verb, call.kind):
                self._refusals.remove(refusal)
                if not refusal.after:
                    raise refusal.error
                return refusal.error
        return None

    def _answer(self, item: Json, lost: KubeError | None) -> Json:
        if lost is not None:
            raise lost
        return copy.deepcopy(item)

    def _found(self, resource: Resource, namespace: str, name: str) -> Json:
        try:
            return self._objects[resource.kind, namespace, name]
        except KeyError:
            raise KubeError(404, "NotFound", f'{resource.plural} "{name}" not found') from None

    def _matching(self, resource: Resource, namespace: str, labels: str) -> Iterator[Json]:
        for place in sorted(self._objects):
            if place[0] == resource.kind and _selected(self._objects[place], namespace, labels):
                yield self._objects[place]

    def _store(self, resource: Resource, place: Place, body: Json) -> Json:
        """Keep an object under a new version; one that is no different keeps the version that it has."""
        old = self._objects.get(place)
        new = {"apiVersion": resource.api_version, "kind": resource.kind, **copy.deepcopy(body)}
        if old is not None and _content(old) == _content(new):
            return old
        self._version += 1
        new["metadata"] = {**self._born(), **new["metadata"], **(_identity(old) if old else {})}
        new["metadata"]["generation"] = _generation(old, new)
        new["metadata"]["resourceVersion"] = str(self._version)
        self._objects[place] = new
        self._tell(new["kind"], WatchEvent("MODIFIED" if old else "ADDED", copy.deepcopy(new)))
        return new

    def _born(self) -> Json:
        return {
            "uid": f"{self._version:08x}-0000-4000-8000-000000000000",
            "creationTimestamp": format_time(self._clock.now()),
        }

    def _tell(self, kind: str, event: WatchEvent) -> None:
        self._history.append((kind, event))
        self._news.set()
        self._news = asyncio.Event()


class MemoryMetrics:
    """`Metrics` that answers from `answers`: samples by query, or an error as text. Anything else has no series."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answers: dict[str, tuple[Sample, ...] | str] = {}
        self.asked: list[tuple[tuple[str, ...], str]] = []
        """The queries of each call, and the namespace that they were kept to."""
        self.closed = False

    async def query(self, queries: Sequence[str], *, namespace: str = "") -> Mapping[str, Measurement]:
        """Answer each query."""
        self.asked.append((tuple(queries), namespace))
        return {query: self._measured(query) for query in queries}

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _measured(self, query: str) -> Measurement:
        answer = self.answers.get(query, ())
        if isinstance(answer, str):
            return Measurement(query, self._clock.now(), error=answer)
        return Measurement(query, self._clock.now(), samples=answer)


class FixedClock:
    """`Clock` that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """The present time."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


class News(NamedTuple):
    """One event, as it was to be recorded."""

    name: str
    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
    annotations: Mapping[str, str] = MappingProxyType({})


class MemoryNotifier:
    """`Notifier` that keeps what it was told."""

    def __init__(self) -> None:
        self.news: list[News] = []

    async def event(self, involved: Json, *, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        """Keep an event."""
        metadata = involved["metadata"]
        self.news.append(News(metadata["name"], kind, reason, message, metadata.get("annotations", {})))


def merged(target: Any, patch: Any) -> Any:
    """The result of a merge patch (RFC 7386)."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _keeping_status(new: Json, old: Json) -> Json:
    kept = {name: value for name, value in new.items() if name != "status"}
    return kept | ({"status": old["status"]} if "status" in old else {})


def _precondition(patch: Json, old: Json) -> None:
    wanted = patch.get("metadata", {}).get("resourceVersion")
    if wanted not in {None, old["metadata"]["resourceVersion"]}:
        raise KubeError(
            409, "Conflict", "the object has been modified; please apply your changes to the latest version"
        )


def _identity(old: Json) -> Json:
    return {name: old["metadata"][name] for name in ("uid", "creationTimestamp")}


def _generation(old: Json | None, new: Json) -> int:
    if old is None:
        return int(new["metadata"].get("generation", 1))
    return int(old["metadata"]["generation"]) + (old.get("spec") != new.get("spec"))


def _content(item: Json) -> Json:
    """An object without what the server itself keeps count of."""
    counted = {"resourceVersion", "generation", "uid", "creationTimestamp"}
    return {**item, "metadata": _without(item["metadata"], counted)}


def _without(item: Mapping[str, Any], names: Collection[str]) -> Json:
    return {name: value for name, value in item.items() if name not in names}


def _selected(item: Json, namespace: str, labels: str) -> bool:
    """Whether an object is of the namespace and has each of the labels `name=value,…`."""
    metadata = item["metadata"]
    wanted = dict(pair.split("=", 1) for pair in labels.split(",") if pair)
    return namespace in {"", metadata.get("namespace", "")} and wanted.items() <= (metadata.get("labels") or {}).items()


def _has(item: Json, fields: str) -> bool:
    """Whether each of the fields `path=value,path!=value,…` says so."""
    return all(_says(item, one) for one in fields.split(",") if one)


def _says(item: Json, requirement: str) -> bool:
    path, _, value = requirement.partition("=")
    return (_text_at(item, path.removesuffix("!")) == value) != path.endswith("!")


def _text_at(item: Any, path: str) -> str:
    for name in path.split("."):
        item = item.get(name, "") if isinstance(item, Mapping) else ""
    return str(item)
