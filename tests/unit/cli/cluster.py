"""An API server in memory, as far as the commands use one."""

import copy
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, Self

from forestall.adapters.resources import PAUSES, WHO_AM_I
from forestall.ports import Identity, Json, KubeError, Resource, WatchEvent

ME = "ann@example.org"


class Cluster:
    """Holds objects and `rights`; keeps the patches it was sent and how it was reached; `refusal` refuses a write."""

    def __init__(self, objects: Iterable[Json] = ()) -> None:
        self.objects = {_key(one): one for one in copy.deepcopy(list(objects))}
        self.patches: list[tuple[str, Json]] = []
        self.refusal: KubeError | None = None
        self.connected: tuple[str | None, str | None] | None = None
        self.rights: set[tuple[str, str, str, str]] = set()
        self.unlisted: set[tuple[str, str]] = set()
        """Kinds that may not be listed, each with the namespace in which; empty for the whole cluster."""

    async def connect(self, kubeconfig: str | None, context: str | None) -> Self:
        self.connected = (kubeconfig, context)
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        found = self.objects.get((resource.kind, namespace, name))
        if found is None:
            raise KubeError(404, "NotFound", f'{resource.plural}.{resource.group} "{name}" not found')
        return copy.deepcopy(found)

    async def evict(self, namespace: str, pod: str, uid: str) -> None:
        self._never()

    async def list(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> Sequence[Json]:
        if (resource.kind, namespace) in self.unlisted:
            raise KubeError(403, "Forbidden", f'User "{ME}" cannot list resource "{resource.plural}"')
        return [
            copy.deepcopy(one)
            for (kind, where, _), one in self.objects.items()
            if kind == resource.kind and namespace in {"", where} and _bears(one, labels)
        ]

    async def names(self, resource: Resource) -> Sequence[tuple[str, str]]:
        self._never()

    async def count(self, resource: Resource) -> int:
        self._never()

    def watch(self, resource: Resource, namespace: str = "", *, labels: str = "") -> AsyncIterator[WatchEvent]:
        self._never()

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        if resource == WHO_AM_I and body == {"apiVersion": WHO_AM_I.api_version, "kind": WHO_AM_I.kind}:
            return {"status": {"userInfo": {"username": ME}}}
        if resource != PAUSES:
            self._never()
        if self.refusal is not None:
            raise self.refusal
        made = {**body, "metadata": {"namespace": namespace, "name": f"{body['metadata']['generateName']}x"}}
        self.objects[_key(made)] = made
        return copy.deepcopy(made)

    async def delete(self, resource: Resource, namespace: str, name: str, *, version: str = "") -> None:
        del self.objects[resource.kind, namespace, name]

    async def merge_patch(self, resource: Resource, namespace: str, name: str, patch: Json, *, manager: str) -> Json:
        if self.refusal is not None:
            raise self.refusal
        found = await self.get(resource, namespace, name)
        if patch["metadata"]["resourceVersion"] != found["metadata"]["resourceVersion"]:
            raise KubeError(409, "Conflict", "the object has been modified")
        self.patches.append((manager, patch["metadata"]["annotations"]))
        return found

    async def patch_status(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        self._never()

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
        self._never()

    async def can(self, who: Identity, verb: str, resource: Resource, namespace: str, name: str) -> bool:
        return (who.user, verb, resource.kind, namespace) in self.rights

    def _never(self) -> NoReturn:
        raise AssertionError("no command of the plugin does this")


def _bears(item: Mapping[str, Any], labels: str) -> bool:
    wanted = {tuple(label.split("=", 1)) for label in labels.split(",") if label}
    return wanted <= (item["metadata"].get("labels") or {}).items()


def _key(item: Mapping[str, Any]) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]
