"""`Kube` over `kubernetes.aio`: its configuration, TLS, credentials and connection pool; plain JSON for objects.

The generated model classes are left aside: they cost several times the CPU of a dictionary and hide fields
that they do not know.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from kubernetes.aio import client as library
from kubernetes.aio import config

from forestall.adapters.kubernetes.kubeconfig import current_context, read
from forestall.adapters.kubernetes.limits import Limits
from forestall.adapters.kubernetes.watching import CONNECTED, follow
from forestall.ports import Identity, Json, KubeError, Resource, WatchEvent

JSON = "application/json"
METADATA_ONLY = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
PLAIN: Mapping[str, str] = {"Accept": JSON, "Content-Type": JSON}
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)
WATCH_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=10, sock_read=70)
PAGE = 500
MOST_REPEATS = 3
"""How often a request is repeated that the server has put off."""
LONGEST_WAIT = 10.0
"""Seconds that the server can make a request wait each time: what it says may be nonsense."""
PODS = Resource("", "v1", "pods", "Pod")
ACCESS_REVIEW = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview")


async def connect(kubeconfig: str | None = None, context: str | None = None) -> KubeClient:
    """A client for the cluster that `kubeconfig` names; else KUBECONFIG's; else the one this pod runs in.

    `context` is one of the kubeconfig's; by default its current one.

    Raises KubeError with reason InvalidKubeconfig.
    """
    settings = library.Configuration()
    try:
        await _configure(settings, kubeconfig or os.environ.get("KUBECONFIG"), context)
    except Exception as error:  # a file, or the login helper that it names, fails in a score of ways
        raise KubeError(0, "InvalidKubeconfig", f"{type(error).__name__}: {error}") from error
    # As kubectl does: many authorities, such as those of older EKS clusters, lack what Python asks for from 3.13 on.
    settings.disable_strict_ssl_verification = True
    settings.connection_pool_maxsize = 0  # no end: each watch keeps a connection, and `Limits` counts the rest
    # Found once: left to the session, it would look into the environment, and into .netrc, for each request.
    settings.proxy = settings.proxy or _proxy_to(settings.host)
    settings.client_session_kwargs = {"trust_env": False}
    return KubeClient(library.ApiClient(settings))


async def _configure(settings: library.Configuration, source: str | None, context: str | None) -> None:
    if not source and not context and "KUBERNETES_SERVICE_HOST" in os.environ:
        config.load_incluster_config(client_configuration=settings)
        return
    # The library lets the last of several files name the context; kubectl, and so people, the first.
    chosen = context or current_context(read(source)) or None
    await config.load_kube_config(config_file=source, context=chosen, client_configuration=settings)


def _proxy_to(server: str) -> str | None:
    """The proxy that the environment names for a server (HTTPS_PROXY, NO_PROXY and the like); None: none."""
    address = urlsplit(server)
    return None if proxy_bypass(address.netloc) else getproxies().get(address.scheme)


def path_of(resource: Resource, namespace: str, name: str = "", subresource: str = "") -> str:
    """The URL path of an object or a collection. Every part is quoted: no name can leave its place.

    Raises KubeError for the two names that quoting leaves as they are and that servers resolve.
    """
    if {namespace, name} & {".", ".."}:
        raise KubeError(400, "BadRequest", "a name may not be . or ..")
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    parts = [*(["namespaces", namespace] if namespace else []), resource.plural, name, subresource]
    return root + "".join(f"/{quote(part, safe='')}" for part in parts if part)


def error_of(status: int, body: bytes) -> KubeError:
    """The Status object of a refusal as an exception; a body that is none is quoted, cut short."""
    try:
        answer = json.loads(body)
        return KubeError(status, str(answer.get("reason") or status), str(answer.get("message") or ""))
    except (ValueError, AttributeError):
        return KubeError(status, str(status), body[:200].decode(errors="replace"))


class KubeClient:
    """One connection pool to one API server. What the server puts off (Retry-After) is repeated when it says."""

    def __init__(self, api: library.ApiClient, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._api, self._sleep = api, sleep
        self._limits = Limits(time.monotonic, sleep)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()

    async def __aenter__(self) -> KubeClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """Read one object, uncached."""
        return await self._json("GET", path_of(resource, namespace, name))

    async def list(
        self, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> Sequence[Json]:
        """Read all objects of a kind, page by page."""
        return (await self.list_version(resource, namespace, labels, fields))[0]

    async def list_version(
        self, resource: Resource, namespace: str, labels: str, fields: str = ""
    ) -> tuple[Sequence[Json], str]:
        """All objects of a kind and the resourceVersion to watch from."""
        query, items, version = {"labelSelector": labels, "fieldSelector": fields}, list[Json](), ""
        typed = {"kind": resource.kind, "apiVersion": resource.api_version}  # items of a list leave these out
        async for page in self._pages(path_of(resource, namespace), query):
            items += [{**typed, **item} for item in page.get("items") or ()]
            version = page["metadata"]["resourceVersion"]
        return items, version

    async def names(self, resource: Resource) -> Sequence[tuple[str, str]]:
        """Namespace and name of every object of a kind; of the rest, its metadata alone is sent, page by page."""
        found = list[tuple[str, str]]()
        async for page in self._pages(path_of(resource, ""), {}, accept=METADATA_ONLY):
            each = (item["metadata"] for item in page.get("items") or ())
            found += [(metadata.get("namespace", ""), metadata["name"]) for metadata in each]
        return found

    async def count(self, resource: Resource) -> int:
        """How many objects of a kind there are; the metadata of one is sent, of all where the server does not count."""
        page = await self._json("GET", path_of(resource, ""), {"limit": "1"}, accept=METADATA_ONLY)
        more = page["metadata"].get("remainingItemCount", 0)
        if page["metadata"].get("continue") and not more:
            return len(await self.names(resource))
        return len(page.get("items") or ()) + int(more)

    async def _pages(self, path: str, selectors: Mapping[str, str], *, accept: str = JSON) -> AsyncIterator[Json]:
        """A list, one page after the other."""
        query = {"limit": str(PAGE), **selectors}
        while True:
            page = await self._json("GET", path, query, accept=accept)
            yield page
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                return

    def watch(self, resource: Resource, namespace: str = "", *, labels: str = "") -> AsyncIterator[WatchEvent]:
        """List, then follow for ever."""
        return follow(self, resource, namespace, labels)

    async def stream(
        self, resource: Resource, namespace: str, labels: str, version: str
    ) -> AsyncIterator[Mapping[str, Json | str]]:
        """The lines of one watch connection after CONNECTED, until the server ends it."""
        query = {"watch": "true", "allowWatchBookmarks": "true", "resourceVersion": version, "labelSelector": labels}
        query["timeoutSeconds"] = "300"
        answer = await self._send("GET", path_of(resource, namespace), query, limits=WATCH_TIMEOUT)
        try:
            yield {"type": CONNECTED}
            async for line in answer.content:
                yield json.loads(line)
        finally:
            answer.close()

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        """Create an object."""
        return await self._json("POST", path_of(resource, namespace), _dry(dry_run), body)

    async def patch_status(self, resource: Resource, namespace: str, name: str, patch: Json) -> Json:
        """Merge-patch the status subresource."""
        path = path_of(resource, namespace, name, "status")
        return await self._json("PATCH", path, {"fieldManager": "forestall"}, patch, MERGE_PATCH)

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
        query = {"fieldManager": manager, **_dry(dry_run)}
        return await self._json("PATCH", path_of(resource, namespace, name), query, list(patch), JSON_PATCH)

    async def merge_patch(self, resource: Resource, namespace: str, name: str, patch: Json, *, manager: str) -> Json:
        """Apply a merge patch."""
        query = {"fieldManager": manager}
        return await self._json("PATCH", path_of(resource, namespace, name), query, patch, MERGE_PATCH)

    async def delete(self, resource: Resource, namespace: str, name: str, *, version: str = "") -> None:
        """Delete one object. What it owns goes too: by default the Pods of a Job would stay."""
        body: Json = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        only = {"preconditions": {"resourceVersion": version}} if version else {}
        await self._json("DELETE", path_of(resource, namespace, name), body={**body, **only})

    async def evict(self, namespace: str, pod: str, uid: str) -> None:
        """Ask for the pod's eviction. Budgets that do not allow it say 429, too: that is an answer."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}},
        }
        await self._json("POST", path_of(PODS, namespace, pod, "eviction"), body=body, repeats=0)

    async def can(self, who: Identity, verb: str, resource: Resource, namespace: str, name: str) -> bool:
        """Ask the API server's authorizer about somebody else."""
        what = {"group": resource.group, "resource": resource.plural, "namespace": namespace, "name": name}
        spec = {"user": who.user, "groups": list(who.groups), "resourceAttributes": {**what, "verb": verb}}
        body = {"apiVersion": ACCESS_REVIEW.api_version, "kind": ACCESS_REVIEW.kind, "spec": spec}
        answer = await self._json("POST", path_of(ACCESS_REVIEW, ""), body=body)
        return answer["status"]["allowed"] is True

    async def _json(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | Sequence[Json] | None = None,
        content_type: str = JSON,
        *,
        accept: str = JSON,
        repeats: int = MOST_REPEATS,
    ) -> Json:
        types = {"Accept": accept, "Content-Type": content_type}
        answer = await self._send(method, path, query, body=body, types=types, repeats=repeats)
        text = await _body(answer)
        try:
            result: Json = json.loads(text)
        except ValueError as error:
            raise KubeError(answer.status, "Unreadable", f"the answer is no JSON: {text[:200]!r}") from error
        return result

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: Json | Sequence[Json] | None = None,
        types: Mapping[str, str] = PLAIN,
        limits: aiohttp.ClientTimeout = REQUEST_TIMEOUT,
        repeats: int = MOST_REPEATS,
    ) -> aiohttp.ClientResponse:
        """The answer; its body is still to be read. Raises KubeError for a refusal."""
        ask = partial(self._ask, method, path, query, body=body, types=types, limits=limits)
        answer = await ask()
        while repeats and (wait := _put_off(answer)) is not None:
            repeats -= 1
            answer.release()
            await self._sleep(wait)
            answer = await ask()
        if answer.status >= 400:
            raise error_of(answer.status, await _body(answer))
        return answer

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        *,
        body: Json | Sequence[Json] | None,
        types: Mapping[str, str],
        limits: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        headers = {**types, "User-Agent": "forestall"}
        await self._api.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        text = urlencode({key: value for key, value in (query or {}).items() if value})
        url = f"{self._api.configuration.host}{path}{'?' if text else ''}{text}"
        try:
            async with self._limits:
                wrapped = await self._api.rest_client.request(
                    method, url, headers=headers, body=body, _request_timeout=limits
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreachable(error) from error
        answer: aiohttp.ClientResponse = wrapped.response
        return answer


def _put_off(answer: aiohttp.ClientResponse) -> float | None:
    """Seconds after which the server wants the request again; None: it has answered it.

    A request that is put off was not carried out: any may be repeated.
    """
    told = answer.headers.get("Retry-After", "")
    if answer.status not in {429, 503} or not (told.isascii() and told.isdigit()):
        return None
    return min(float(told), LONGEST_WAIT)


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises KubeError where the connection breaks off."""
    try:
        return await answer.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> KubeError:
    return KubeError(0, "Unreachable", f"{type(error).__name__}: {error}")
