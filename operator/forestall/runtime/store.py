"""The last seen state of forestall's own objects, fed by watches and by the answers to our own writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from typing import TypeVar, cast

from pydantic import ValidationError

from forestall.api.base import TO_KEEP, Key, Resource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationpause import RemediationPause
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.api.runbook import Runbook
from forestall.planning.gist import gist
from forestall.ports import Json, KubeError
from forestall.runtime.echoes import Echoes

R = TypeVar("R", bound=Resource)
S = TypeVar("S", bound=Hashable)
V = TypeVar("V")
MODELS: Mapping[str, type[Resource]] = {
    model.crd.kind: model
    for model in (
        InspectionPolicy,
        NetworkTwin,
        Finding,
        Runbook,
        RemediationPlan,
        RemediationApproval,
        RemediationPause,
    )
}


MOST_GONE = 10_000


class Store:
    """Objects by kind, namespace and name, plans also by their finding.

    Never goes back in time: an older resourceVersion is not news.

    Of a plan that has ended, what nothing follows from any more is left out.

    Nor does a deleted object come back: the answer to a write of ours may arrive after the news of the deletion.

    `notice` is told of every object that is new or has changed, and of one that is gone as it was at its end.
    """

    def __init__(self, notice: Callable[[Resource], None] = lambda _: None) -> None:
        self._notice = notice
        self._objects: dict[str, dict[str, dict[str, Resource]]] = {kind: {} for kind in MODELS}
        self._raw_status: dict[Key, bytes] = {}
        self._plans: dict[tuple[str, str], dict[str, RemediationPlan]] = {}
        self._gone: dict[str, None] = {}
        self.echoes = Echoes()
        """What is being written."""
        self.unreadable: dict[Key, str] = {}
        """Objects that do not decode, with the reason; they are treated as absent."""

    def put(self, kind: str, body: Json) -> Key:
        """Take over what the API server said; unreadable objects are remembered as such."""
        metadata, key = body.get("metadata") or {}, key_of(kind, body)
        known = self._known(key)
        if metadata.get("uid") in self._gone or (known is not None and _older(metadata, known)):
            return key
        try:
            model = MODELS[kind].model_validate(body, context=TO_KEEP)
            self._forget(key)
            self._keep(key, model, body)
            self._notice(model)
        except ValidationError as error:
            self._forget(key)
            self.unreadable[key] = "; ".join(f"{_path(item['loc'])}: {item['msg']}" for item in error.errors()[:5])
        return key

    def holds(self, kind: str, body: Json) -> bool:
        """Whether this very version of the object is already known."""
        metadata = body.get("metadata") or {}
        known = self._known(key_of(kind, body))
        version = metadata.get("resourceVersion")
        return known is not None and known.metadata.resource_version == version

    def knows(self, key: Key) -> bool:
        """Whether the object was heard of, readable or not, and is there."""
        return self._known(key) is not None or key in self.unreadable

    def drop(self, kind: str, body: Json) -> Key:
        """The object is gone. Another one that has taken its name stays."""
        metadata, key = body["metadata"], key_of(kind, body)
        known, uid = self._known(key), metadata.get("uid")
        self._bury(uid)
        with suppress(ValidationError):
            self._notice(MODELS[kind].model_validate(body))
        if known is not None and uid and known.metadata.uid != uid:
            return key
        self._forget(key)
        return key

    def lose(self, key: Key, uid: str) -> None:
        """The object is gone, and nobody told of it or of its end. Another one that has taken its name stays."""
        known = self._known(key)
        self._bury(uid)
        if known is None or known.metadata.uid == uid:
            self._forget(key)

    def number(self, kind: str) -> int:
        """How many there are of a kind, as far as they were heard of, readable or not."""
        readable = sum(map(len, self._objects[kind].values()))
        return readable + sum(key.kind == kind for key in self.unreadable)

    def heard_of(self, kind: str) -> Mapping[Key, Resource | None]:
        """All that is there of a kind, as far as it was heard of; None stands for what cannot be read."""
        unreadable = dict.fromkeys(key for key in self.unreadable if key.kind == kind)
        return {**unreadable, **{item.key: item for item in self.all(MODELS[kind])}}

    def _known(self, key: Key) -> Resource | None:
        return self._objects[key.kind].get(key.namespace, {}).get(key.name)

    def _keep(self, key: Key, model: Resource, body: Json) -> None:
        if isinstance(model, RemediationPlan):
            model = self._plan(key, model, body)
            self._plans.setdefault((key.namespace, model.spec.finding_ref.name), {})[key.name] = model
        else:
            self._raw_status[key] = _text(body)
        self._objects[key.kind].setdefault(key.namespace, {})[key.name] = model

    def _plan(self, key: Key, plan: RemediationPlan, body: Json) -> RemediationPlan:
        """The plan as it is kept: of thousands that have ended, none is ever written again."""
        if plan.status.phase not in TERMINAL:
            self._raw_status[key] = _text(body)
            return plan
        return RemediationPlan.model_validate(gist(body), context=TO_KEEP)

    def _forget(self, key: Key) -> None:
        known = _taken(self._objects[key.kind], key.namespace, key.name)
        self._raw_status.pop(key, None)
        self.unreadable.pop(key, None)
        if isinstance(known, RemediationPlan):
            _taken(self._plans, (key.namespace, known.spec.finding_ref.name), key.name)

    def _bury(self, uid: str | None) -> None:
        """Remember the latest of those that are gone."""
        if uid:
            self._gone[uid] = None
        if len(self._gone) > MOST_GONE:
            del self._gone[next(iter(self._gone))]

    def get(self, model: type[R], namespace: str, name: str) -> R | None:
        """One object, or None."""
        return cast("R | None", self._known(Key(model.crd.kind, namespace, name)))

    def all(self, model: type[R], namespace: str | None = None) -> Iterator[R]:
        """All objects of a kind, of one namespace if given. Copies are walked: other threads read along."""
        places = self._objects[model.crd.kind]
        for place in list(places) if namespace is None else (namespace,):
            yield from cast("list[R]", list(places.get(place, {}).values()))

    def plans_of(self, finding: Finding) -> list[RemediationPlan]:
        """The finding's plans, oldest first."""
        found = self._plans.get((finding.metadata.namespace or "", finding.metadata.name), {})
        return sorted(found.values(), key=lambda one: (str(one.metadata.creation_timestamp), one.metadata.name))

    def status(self, key: Key) -> Json:
        """The status as it was last seen on the wire: what a patch is computed against.

        Raises KubeError with reason Conflict for a plan that has ended, as the API server would: it stays as it ended.
        """
        text = self._raw_status.get(key)
        if text is None and self._known(key) is not None:
            raise KubeError(409, "Conflict", f"{key} has ended")
        found: Json = json.loads(text) if text else {}
        return found


def key_of(kind: str, body: Json) -> Key:
    """Where an object stands, by its metadata."""
    metadata = body.get("metadata") or {}
    return Key(kind, metadata.get("namespace", ""), metadata.get("name", ""))


def _text(body: Json) -> bytes:
    """The status as text, a tenth of the size of what it is read into."""
    return json.dumps(body.get("status") or {}, separators=(",", ":")).encode()


def _taken(shelves: dict[S, dict[str, V]], place: S, name: str) -> V | None:
    """Take what is called so off its shelf, and an empty shelf away; None where there is nothing called so."""
    shelf = shelves.get(place, {})
    found = shelf.pop(name, None)
    if not shelf:
        shelves.pop(place, None)
    return found


def _older(metadata: Json, known: Resource) -> bool:
    """Whether `metadata` is from before `known`, of the same object."""
    if metadata.get("uid") != known.metadata.uid:
        return False
    ours, theirs = known.metadata.resource_version, str(metadata.get("resourceVersion", ""))
    return ours.isdigit() and theirs.isdigit() and int(theirs) < int(ours)


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
