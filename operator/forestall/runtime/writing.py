"""Writes of forestall's own objects: one merge patch of the status, and none where nothing has changed."""

from __future__ import annotations

from typing import Any

from forestall.adapters.resources import custom
from forestall.api.base import Model, Resource
from forestall.ports import Json, Kube, KubeError
from forestall.runtime.store import Store, key_of


def difference(old: Any, new: Any) -> Any:
    """The merge patch (RFC 7386) from `old` to `new`, two JSON objects; an empty one where they are equal."""
    patch: Json = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := difference(before, value):
                patch[name] = inner
        elif value != before or name not in old:
            patch[name] = value
    return patch


def change(seen: Json, status: Model) -> Json:
    """The merge patch from a status as it was seen on the wire to `status`; an empty one where they say the same.

    Fields that a later version has added stay as they are, in lists those of the items that do not change.
    """
    known = (
        type(status).model_validate(seen).model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    )
    patch: Json = _with_unknown(difference(known, status.to_json()), known, seen)
    return patch


def _with_unknown(patch: Any, known: Any, seen: Any) -> Any:
    """The patch with those items of lists that stay the same as they were seen, not only as far as they are known."""
    if isinstance(patch, dict) and isinstance(known, dict):
        return {name: _with_unknown(value, known.get(name), seen.get(name)) for name, value in patch.items()}
    if isinstance(patch, list) and isinstance(known, list):
        same = [index < len(known) and item == known[index] for index, item in enumerate(patch)]
        return [seen[index] if same[index] else item for index, item in enumerate(patch)]
    return patch


async def write_status(kube: Kube, store: Store, resource: Resource, status: Model) -> bool:
    """Write what differs from the last seen status, if the object is still the one that was seen.

    Returns whether anything was written. Raises KubeError with reason Conflict where the object has changed since;
    one that is gone is forgotten.
    """
    patch = change(store.status(resource.key), status)
    if not patch:
        return False
    body = {"metadata": {"resourceVersion": resource.metadata.resource_version}, "status": patch}
    metadata = resource.metadata
    with store.echoes.writing(resource.key):
        try:
            answer = await kube.patch_status(custom(type(resource)), metadata.namespace or "", metadata.name, body)
        except KubeError as error:
            if error.status == 404:
                store.drop(resource.crd.kind, {"metadata": metadata.to_json()})
            raise
        store.put(resource.crd.kind, answer)
    return True


async def create_once(kube: Kube, store: Store, model: type[Resource], body: Json) -> bool:
    """Create an object with a deterministic name. Returns whether it is new; one that is there is taken over."""
    kind, namespace = custom(model), body["metadata"].get("namespace", "")
    with store.echoes.writing(key_of(kind.kind, body)):
        try:
            store.put(kind.kind, await kube.create(kind, namespace, body))
        except KubeError as error:
            if error.reason != "AlreadyExists":
                raise
            store.put(kind.kind, await kube.get(kind, namespace, body["metadata"]["name"]))
            return False
    return True
