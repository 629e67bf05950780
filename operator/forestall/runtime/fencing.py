"""`Kube` for a replica that may write only while it leads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from forestall.ports import Identity, Json, Kube, KubeError, Resource, WatchEvent

NOT_LEADING = "NotLeading"


class Fenced:
    """Reads always; refuses whatever changes something while `may` says no. Dry runs change nothing."""

    def __init__(self, kube: Kube, may: Callable[[], bool]) -> None:
        self._kube, self._may = kube, may

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """Read one object."""
        return await self._kube.get(resource, namespace, name)

    async def list(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> Sequence[Json]:
        """Read all objects of a kind."""
        return await self._kube.list(resource, namespace, labels=labels, fields=fields)

    async def names(self, resource: Resource) -> Sequence[tuple[str, str]]:
        """Namespaces and names of a kind."""
        return await self._kube.names(resource)

    async def count(self, resource: Resource) -> int:
        """How many objects of a kind there are."""
        return await self._kube.count(resource)

    def watch(self, resource: Resource, namespace: str = "", *, labels: str = "") -> AsyncIterator[WatchEvent]:
        """Follow a kind."""
        return self._kube.watch(resource, namespace, labels=labels)

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        """Create an object."""
        self._check(dry_run)
        return await self._kube.create(resource, namespace, body, dry_run=dry_run)

    async def patch_status(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        """Merge-patch the status subresource."""
        self._check()
        return await self._kube.patch_status(resource, namespace, name, patch)

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
        """Apply a JSON patch."""
        self._check(dry_run)
        return await self._kube.json_patch(resource, namespace, name, patch, manager=manager, dry_run=dry_run)

    async def merge_patch(self, resource: Resource, namespace: str, name: str, patch: Json, *, manager: str) -> Json:
        """Apply a merge patch."""
        self._check()
        return await self._kube.merge_patch(resource, namespace, name, patch, manager=manager)

    async def delete(self, resource: Resource, namespace: str, name: str, *, version: str = "") -> None:
        """Delete one object."""
        self._check()
        await self._kube.delete(resource, namespace, name, version=version)

    async def evict(self, namespace: str, pod: str, uid: str) -> None:
        """Have a pod deleted."""
        self._check()
        await self._kube.evict(namespace, pod, uid)

    async def can(self, who: Identity, verb: str, resource: Resource, namespace: str, name: str) -> bool:
        """Ask for somebody's rights."""
        return await self._kube.can(who, verb, resource, namespace, name)

    def _check(self, dry_run: bool = False) -> None:
        if not dry_run and not self._may():
            raise KubeError(0, NOT_LEADING, "another replica leads, or may have begun to")
