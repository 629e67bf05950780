"""What differs between two captures of a namespace: by object and field, without what the cluster keeps by itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Json = Mapping[str, Any]
Path = tuple[str, ...]

KEPT = ("name", "namespace", "labels", "annotations", "finalizers", "ownerReferences")
"""Metadata that somebody has set; the rest is the API server's."""

CLUSTER_OWN = frozenset(
    (
        "deployment.kubernetes.io/revision",
        "kubectl.kubernetes.io/last-applied-configuration",
        "kubectl.kubernetes.io/restartedAt",
    )
)
"""Annotations that follow from a rollout, from how an object was applied, and from the judge's own restart."""

CORDON_TAINT = "node.kubernetes.io/unschedulable"
"""The taint that the control plane derives from a node's `spec.unschedulable`."""

PART = re.compile(r"[^.\[\]]+|\[[^\]]+\]")


class Ref(NamedTuple):
    """Where an object stands; the namespace is empty for a node."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Objects = Mapping[Ref, Json]
"""Objects as the API server serves them."""


@dataclass(frozen=True)
class Difference:
    """A field, or with an empty path a whole object, that is not the same in both captures."""

    ref: Ref
    path: Path
    before: object
    after: object

    def within(self, ref: Ref, path: Path) -> bool:
        """Whether it lies in that part of that object."""
        return self.ref == ref and self.path[: len(path)] == path

    def __str__(self) -> str:
        return f"{self.ref} {'.'.join(self.path)}: {self.before!r} became {self.after!r}"


def ref_of(body: Json) -> Ref:
    """Return where an object stands."""
    return Ref(body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"])


def differences(before: Objects, after: Objects) -> list[Difference]:
    """Return what differs, object by object."""
    return [
        Difference(ref, path, old, new)
        for ref in sorted({*before, *after})
        for path, old, new in _compared(_essence(before.get(ref)), _essence(after.get(ref)), ())
    ]


def path_of(text: str) -> Path:
    """Return the path of a field that is written like `spec.template` or `metadata.annotations[example.com/a]`."""
    return tuple(part.strip("[]") for part in PART.findall(text))


def _essence(body: Json | None) -> object:
    """The object without its status, and without what the cluster keeps of its own accord."""
    if body is None:
        return None
    metadata = {name: value for name, value in body["metadata"].items() if name in KEPT}
    rest = {name: value for name, value in body.items() if name not in ("status", "metadata")}
    return _without_own({**rest, "metadata": metadata})


def _without_own(value: object) -> object:
    if isinstance(value, Mapping):
        kept = {name: _without_own(item) for name, item in value.items() if name not in CLUSTER_OWN}
        return {name: item for name, item in kept.items() if item not in ({}, [], None)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_own(item) for item in value if not _derived(item)]
    return value


def _derived(item: object) -> bool:
    return isinstance(item, Mapping) and item.get("key") == CORDON_TAINT and "effect" in item


def _compared(before: object, after: object, path: Path) -> Iterator[tuple[Path, object, object]]:
    if before == after:
        return
    old, new = _parts(before), _parts(after)
    if old is None or new is None:
        yield path, before, after
        return
    for name in sorted({*old, *new}):
        yield from _compared(old.get(name), new.get(name), (*path, name))


def _parts(value: object) -> Mapping[str, object] | None:
    """The fields of an object, or the items of a list by their names; None for what has no parts."""
    if isinstance(value, Mapping):
        return value
    named = isinstance(value, list) and all(isinstance(item, Mapping) and "name" in item for item in value)
    return {str(item["name"]): item for item in value} if named and isinstance(value, list) else None
