"""The client, against a server that says what it is told to: requests are exact, every failure is a KubeError."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pytest
from aiohttp import web
from kubernetes.aio import client as library

from forestall.adapters.kubernetes.client import LONGEST_WAIT, PAGE, KubeClient, error_of, path_of
from forestall.adapters.resources import DEPLOYMENTS, NODES, PLANS, PODS
from forestall.ports import Json, KubeError
from tests.unit.adapters.kubernetes.server import Answer, serving

T = TypeVar("T")


def client_of(url: str, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> KubeClient:
    settings = library.Configuration()
    settings.host = url
    return KubeClient(library.ApiClient(settings), sleep)


def with_server(answer: Answer, use: Callable[[KubeClient], Awaitable[T]]) -> T:
    async def both() -> T:
        async with serving(answer) as url, client_of(url) as kube:
            return await asyncio.wait_for(use(kube), 60)

    return asyncio.run(both())


class Requests:
    """Answers with JSON, one after the other, the last one for ever; keeps the requests."""

    def __init__(self, *answers: Json) -> None:
        self._answers = list(answers)
        self.seen: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.types: list[str] = []
        self.accepted: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        self.seen.append(
            (
                request.method,
                request.raw_path.partition("?")[0],
                dict(request.query),
                json.loads(text) if text else None,
            )
        )
        self.types.append(request.content_type)
        self.accepted.append(request.headers["Accept"])
        return web.json_response(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])


def items(*names: str, version: int = 9, more: str = "") -> Json:
    return {
        "metadata": {"resourceVersion": str(version), "continue": more},
        "items": [{"metadata": {"name": one}} for one in names],
    }


PATHS = {
    "/api/v1/nodes": (NODES, "", "", ""),
    "/api/v1/nodes/worker-1": (NODES, "", "worker-1", ""),
    "/api/v1/namespaces/shop/pods/cart": (PODS, "shop", "cart", ""),
    "/apis/apps/v1/namespaces/shop/deployments": (DEPLOYMENTS, "shop", "", ""),
    "/apis/forestall.dev/v1alpha1/namespaces/shop/remediationplans/p/status": (PLANS, "shop", "p", "status"),
    "/api/v1/namespaces/shop/pods/..%2F..%2Fsecrets": (PODS, "shop", "../../secrets", ""),
    "/api/v1/namespaces/a%2Fpods%2Fb/pods/c%3Fwatch%3D1%23": (PODS, "a/pods/b", "c?watch=1#", ""),
    "/api/v1/namespaces/shop/pods/%D0%BA%0D%0Ax": (PODS, "shop", "к\r\nx", ""),
}


@pytest.mark.parametrize(("path", "of"), PATHS.items(), ids=PATHS.keys())
def test_no_name_leaves_its_place_in_a_path(path: str, of: Any) -> None:
    assert path_of(*of) == path


ERRORS = {
    "a Status": (
        b'{"kind":"Status","reason":"Conflict","message":"modified"}',
        ("Conflict", "modified"),
    ),
    "a Status without a reason": (b'{"message":"no"}', ("409", "no")),
    "an empty object": (b"{}", ("409", "")),
    "a list": (b"[1]", ("409", "[1]")),
    "null": (b"null", ("409", "null")),
    "a page of a proxy": (b"<html>" + b"x" * 500, ("409", "<html>" + "x" * 194)),
    "no text": (b"\xff\xfe", ("409", "\ufffd\ufffd")),
    "nothing": (b"", ("409", "")),
}


@pytest.mark.parametrize(("body", "told"), ERRORS.values(), ids=ERRORS.keys())
def test_a_refusal_is_told_from(body: bytes, told: tuple[str, str]) -> None:
    error = error_of(409, body)
    assert (error.status, error.reason, error.message) == (409, *told)


def test_each_verb_is_one_exact_request() -> None:
    server = Requests({})

    async def use(kube: KubeClient) -> None:
        await kube.get(PODS, "shop", "cart")
        await kube.create(PLANS, "shop", {"a": 1})
        await kube.create(PLANS, "shop", {"a": 1}, dry_run=True)
        await kube.patch_status(PLANS, "shop", "p", {"status": {}})
        await kube.json_patch(DEPLOYMENTS, "shop", "cart", [{"op": "test"}], manager="me")
        await kube.json_patch(DEPLOYMENTS, "shop", "cart", [], manager="me", dry_run=True)
        await kube.merge_patch(PLANS, "shop", "p", {"spec": {}}, manager="me")
        await kube.delete(PLANS, "shop", "p")
        await kube.delete(PLANS, "shop", "p", version="7")

    with_server(server.answer, use)
    plans, deployment = (
        "/apis/forestall.dev/v1alpha1/namespaces/shop/remediationplans",
        "/apis/apps/v1/namespaces/shop/deployments/cart",
    )
    with_all_it_owns = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    assert server.seen == [
        ("GET", "/api/v1/namespaces/shop/pods/cart", {}, None),
        ("POST", plans, {}, {"a": 1}),
        ("POST", plans, {"dryRun": "All"}, {"a": 1}),
        ("PATCH", f"{plans}/p/status", {"fieldManager": "forestall"}, {"status": {}}),
        ("PATCH", deployment, {"fieldManager": "me"}, [{"op": "test"}]),
        ("PATCH", deployment, {"fieldManager": "me", "dryRun": "All"}, []),
        ("PATCH", f"{plans}/p", {"fieldManager": "me"}, {"spec": {}}),
        ("DELETE", f"{plans}/p", {}, with_all_it_owns),
        ("DELETE", f"{plans}/p", {}, {**with_all_it_owns, "preconditions": {"resourceVersion": "7"}}),
    ]
    merge, patch, plain = "application/merge-patch+json", "application/json-patch+json", "application/json"
    assert server.types[1:] == [plain, plain, merge, patch, patch, merge, plain, plain]


def test_a_list_is_read_page_by_page_and_its_items_say_what_they_are() -> None:
    server = Requests(items("a", more="next"), items("b"))
    found = with_server(server.answer, lambda kube: kube.list(PODS, "shop", labels="app=cart"))
    assert [(one["kind"], one["apiVersion"], one["metadata"]["name"]) for one in found] == [
        ("Pod", "v1", "a"),
        ("Pod", "v1", "b"),
    ]
    first = {"limit": str(PAGE), "labelSelector": "app=cart"}
    assert [query for _, _, query, _ in server.seen] == [first, {**first, "continue": "next"}]


def test_names_are_read_page_by_page_and_without_what_bears_them() -> None:
    server = Requests(items("a", more="next"), items("b"))
    assert with_server(server.answer, lambda kube: kube.names(PODS)) == [("", "a"), ("", "b")]
    assert [path for _, path, _, _ in server.seen] == ["/api/v1/pods"] * 2
    assert all("PartialObjectMetadataList" in one for one in server.accepted)


def test_a_number_is_what_the_server_counts_beyond_the_one_that_it_sends() -> None:
    many = items("a", more="next")
    many["metadata"]["remainingItemCount"] = 41
    for answer, number in ((items(), 0), (items("a"), 1), (many, 42)):
        server = Requests(answer)
        assert with_server(server.answer, lambda kube: kube.count(PODS)) == number
        assert [query for _, _, query, _ in server.seen] == [{"limit": "1"}]


def test_where_the_server_does_not_count_names_are_counted() -> None:
    server = Requests(items("a", more="next"), items("a", more="next"), items("b"))
    assert with_server(server.answer, lambda kube: kube.count(PODS)) == 2


@pytest.mark.parametrize("names", [(), ("a",)])
def test_a_version_to_watch_from_is_that_of_the_list_itself(names: tuple[str, ...]) -> None:
    server = Requests(items(*names, version=7), items("late", version=8))
    found, version = with_server(server.answer, lambda kube: kube.list_version(PODS, "shop", ""))
    assert ([one["metadata"]["name"] for one in found], version) == (list(names), "7")


def test_a_list_may_have_no_items_at_all() -> None:
    assert (
        with_server(
            Requests({"metadata": {"resourceVersion": "1"}, "items": None}).answer, lambda kube: kube.list(PODS)
        )
        == []
    )


async def refuse(_: web.Request) -> web.StreamResponse:
    return web.json_response({"reason": "AlreadyExists", "message": "taken"}, status=409)


class Busy:
    """Puts off the first requests as told, then answers."""

    def __init__(self, *told: tuple[int, str]) -> None:
        self._told = list(told)
        self.asked = 0
        self.slept: list[float] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        await request.read()
        if not self._told:
            return web.json_response({})
        status, after = self._told.pop(0)
        headers = {"Retry-After": after} if after else {}
        return web.json_response({"reason": "TooManyRequests"}, status=status, headers=headers)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def tried(self, use: Callable[[KubeClient], Awaitable[object]]) -> int:
        """The status of the refusal; 200 for none."""

        async def both() -> int:
            async with serving(self.answer) as url, client_of(url, self.sleep) as kube:
                try:
                    await asyncio.wait_for(use(kube), 60)
                except KubeError as error:
                    return error.status
                return 200

        return asyncio.run(both())


@pytest.mark.parametrize(
    ("told", "status", "slept"),
    [
        ([(429, "1")], 200, [1]),
        ([(503, "2"), (429, "1")], 200, [2, 1]),
        ([(429, "0")] * 3, 200, [0] * 3),
        ([(429, "1")] * 4, 429, [1] * 3),
        ([(429, "86400")], 200, [LONGEST_WAIT]),
        ([(429, "")], 429, []),
        ([(429, "Wed, 21 Oct 2026 07:28:00 GMT")], 429, []),
        ([(429, "-1")], 429, []),
        ([(429, "1e3")], 429, []),
        ([(409, "1")], 409, []),
        ([(500, "1")], 500, []),
    ],
)
def test_what_the_server_puts_off_is_repeated_when_it_says(
    told: list[tuple[int, str]], status: int, slept: list[float]
) -> None:
    busy = Busy(*told)
    assert busy.tried(lambda kube: kube.create(PODS, "shop", {"a": 1})) == status
    assert (busy.slept, busy.asked) == (slept, len(slept) + 1)


def test_a_watch_waits_as_it_is_told() -> None:
    busy = Busy((429, "1"))

    async def opened(kube: KubeClient) -> None:
        async for _ in kube.stream(PODS, "shop", "", "9"):
            return

    assert (busy.tried(opened), busy.slept) == (200, [1])


def test_an_eviction_that_budgets_forbid_is_not_repeated() -> None:
    busy = Busy((429, "10"))
    assert (busy.tried(lambda kube: kube.evict("shop", "web", "uid")), busy.slept) == (429, [])


async def no_json(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>welcome</html>")


async def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def breaking_off(status: int) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


FAILURES: Mapping[str, tuple[Answer, int, str]] = {
    "a refusal": (refuse, 409, "AlreadyExists"),
    "an answer that is no JSON": (no_json, 200, "Unreadable"),
    "a connection that is cut": (hang_up, 0, "Unreachable"),
    "an answer that breaks off": (breaking_off(200), 0, "Unreachable"),
    "a refusal that breaks off": (breaking_off(409), 0, "Unreachable"),
}


@pytest.mark.parametrize(("answer", "status", "reason"), FAILURES.values(), ids=FAILURES.keys())
def test_every_failure_is_one_kind_of_error(answer: Answer, status: int, reason: str) -> None:
    with pytest.raises(KubeError) as caught:
        with_server(answer, lambda kube: kube.get(PODS, "shop", "cart"))
    assert (caught.value.status, caught.value.reason) == (status, reason)


def test_a_server_that_is_not_there_is_an_error_of_the_same_kind() -> None:
    async def use() -> None:
        async with serving(no_json) as url:
            gone = url
        async with client_of(gone) as kube:
            await kube.get(PODS, "shop", "cart")

    with pytest.raises(KubeError, match="Unreachable"):
        asyncio.run(use())


def test_a_watch_lists_and_follows_lines_of_any_length() -> None:
    big = {"type": "MODIFIED", "object": {"metadata": {"name": "a", "resourceVersion": "10", "note": "x" * 1_500_000}}}

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response(items("a"))
        assert (request.query["resourceVersion"], request.query["allowWatchBookmarks"]) == ("9", "true")
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(json.dumps(big).encode() + b"\n")
        return response

    async def use(kube: KubeClient) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        async for event in kube.watch(PODS, "shop"):
            found.append((event.type, len(event.object.get("metadata", {}).get("note", ""))))
            if event.type == "MODIFIED":
                break
        return found

    assert with_server(answer, use) == [("ADDED", 0), ("SYNCED", 0), ("ALIVE", 0), ("MODIFIED", 1_500_000)]
