"""A way to the API server that misbehaves as told: what may happen between an operator and a real cluster."""

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import yaml
from aiohttp import web

HOP_BY_HOP = {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "content-encoding"}
READS = {"GET", "HEAD"}
PATIENCE = 0.5
"""Seconds that a line waits for the one that is to come before it."""
_EXPIRED = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
GONE = json.dumps({"type": "ERROR", "object": _EXPIRED}).encode() + b"\n"
"""The line that ends a watch that cannot go on."""


class Mood(NamedTuple):
    """How often what goes wrong, from 0 to 1. Of requests: `refused` to `lost`; of lines of watches: the others."""

    refused: float = 0.0
    """429, with Retry-After."""
    failed: float = 0.0
    """500 or 503, not carried out."""
    lost: float = 0.0
    """A change that is carried out, and whose answer is lost."""
    gone: float = 0.0
    """A watch that is answered with 410, at its start or on its way."""
    cut: float = 0.0
    """The connection ends within the line."""
    corrupt: float = 0.0
    """The line is no JSON."""
    twice: float = 0.0
    """The line comes twice."""
    swapped: float = 0.0
    """The line comes after the next one."""
    missed: float = 0.0
    """410 comes in place of the line, as if it had been sent while the watch was down."""


class Unruly:
    """A proxy on loopback. `mood` may be changed at any time; `told` counts what went wrong, by its name.

    `missed` are the lines that never came, whole.
    """

    def __init__(self, kubeconfig: Path) -> None:
        self.mood = Mood()
        self.told: dict[str, int] = {}
        self.missed: list[Any] = []
        self._shares: dict[str, float] = {}
        self._upstream, self._trust = _server(kubeconfig)
        self._session: aiohttp.ClientSession | None = None
        self.port = 0

    def through(self, kubeconfig: Path) -> Path:
        """The kubeconfig, for the same person by this way."""
        whole = yaml.safe_load(kubeconfig.read_text())
        for one in whole["clusters"]:
            one["cluster"] = {"server": f"http://127.0.0.1:{self.port}"}
        path = kubeconfig.with_suffix(".unruly")
        path.write_text(yaml.safe_dump(whole))
        return path

    async def serve(self, ended: asyncio.Event, ready: threading.Event) -> None:
        """Answer until `ended`."""
        app = web.Application(client_max_size=16 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        limits = aiohttp.TCPConnector(ssl=self._trust, limit=0)
        async with aiohttp.ClientSession(connector=limits, auto_decompress=False, read_bufsize=2**22) as self._session:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.port = int(runner.addresses[0][1])
            ready.set()
            await ended.wait()
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        watch = request.query.get("watch") == "true"
        if self._happens("refused"):
            return _status(429, "TooManyRequests", {"Retry-After": "1"})
        if self._happens("failed"):
            return _status(500 + 3 * (self.told["failed"] % 2), "InternalError")
        if watch and self._happens("gone"):
            return _status(410, "Expired")
        return await self._forwarded(request, watch)

    async def _forwarded(self, request: web.Request, watch: bool) -> web.StreamResponse:
        if self._session is None:
            raise RuntimeError("the proxy does not serve")
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        headers["Accept-Encoding"] = "identity"
        url, limits = f"{self._upstream}{request.raw_path}", aiohttp.ClientTimeout(total=None)
        try:
            async with self._session.request(
                request.method, url, data=body or None, headers=headers, timeout=limits
            ) as upstream:
                if watch and upstream.status == 200:
                    return await self._stream(request, upstream)
                text = await upstream.read()
        except aiohttp.ClientError:
            return _abort(request)
        if request.method not in READS and self._happens("lost"):
            return _abort(request)
        kept = {name: value for name, value in upstream.headers.items() if name.lower() not in HOP_BY_HOP}
        return web.Response(body=text, status=upstream.status, headers=kept)

    async def _stream(self, request: web.Request, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        async for line in self._spoiled(self._in_another_order(upstream.content)):
            await answer.write(line)
            if not line.endswith(b"\n"):
                return _abort(request)
        return answer

    async def _in_another_order(self, lines: aiohttp.StreamReader) -> AsyncIterator[bytes]:
        """The lines; one that is swapped waits for the next one, but not for ever."""
        coming = asyncio.ensure_future(lines.readline())
        try:
            while line := await coming:
                coming = asyncio.ensure_future(lines.readline())
                if self._happens("swapped"):
                    await asyncio.wait({coming}, timeout=PATIENCE)
                    if coming.done() and (sooner := coming.result()):
                        coming = asyncio.ensure_future(lines.readline())
                        yield sooner
                yield line
        finally:
            coming.cancel()

    async def _spoiled(self, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The lines, as they come out; one without an end is the last."""
        async for line in lines:
            if self._happens("missed"):
                self.missed.append(json.loads(line))
                yield GONE
                continue
            yield line
            if self._happens("twice"):
                yield line
            if self._happens("gone"):
                yield GONE
            if self._happens("corrupt"):
                yield b'{"type": "MODIFIED", "object": {"metadata"\n'
            if self._happens("cut"):
                yield line[: len(line) // 2]
                return

    def _happens(self, what: str) -> bool:
        """At even distances, so that what is to go wrong does, and not everything at once."""
        place = self.mood._fields.index(what)
        share = self._shares.get(what, place / len(self.mood)) + self.mood[place]
        self._shares[what] = share % 1
        self.told[what] = self.told.get(what, 0) + (share >= 1)
        return share >= 1


@contextmanager
def unruly(kubeconfig: Path) -> Iterator[Unruly]:
    """A proxy to the API server that a kubeconfig names, well-behaved at first."""
    made, ready = Unruly(kubeconfig), threading.Event()
    loop, ended = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(made.serve(ended, ready)), daemon=True)
    thread.start()
    try:
        if not ready.wait(60):
            raise TimeoutError("the proxy does not start")
        yield made
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def _server(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    """The address of the API server that a kubeconfig names, and whom to trust there."""
    (cluster,) = (one["cluster"] for one in yaml.safe_load(kubeconfig.read_text())["clusters"])
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    return str(cluster["server"]), ssl.create_default_context(cadata=authority)


def _status(code: int, reason: str, headers: dict[str, str] | None = None) -> web.Response:
    body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    return web.json_response({**body, "message": f"unruly: {reason}"}, status=code, headers=headers)


def _abort(request: web.Request) -> web.StreamResponse:
    """Cut the connection without another word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
