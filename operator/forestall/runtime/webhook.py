"""The receiver of Alertmanager's notifications: over TLS, for those who know the token, and never too much at once.

Only an answer of 200 says that all is stored. Every other answer makes Alertmanager send again: at once after 503,
with the group's next notification after any other.
"""

from __future__ import annotations

import asyncio
import hmac
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from forestall.adapters.alertmanager import Notification, UnreadableError, decode
from forestall.ports import KubeError
from forestall.runtime.alerts import Intake
from forestall.runtime.context import Context
from forestall.runtime.limiting import Limiter
from forestall.runtime.telemetry import Metrics

PATH: Final = "/alerts"
RATE: Final = 20.0
"""Requests of one source in a second, on the whole."""
BURST: Final = 100
"""Requests of one source at once: Alertmanager sends one for each group."""
MAX_BODY: Final = 8 * 2**20
"""Bytes that a notification may have."""
AT_ONCE: Final = 4
"""Notifications that are read and stored at the same time: others wait, and take no memory."""
READ_SECONDS: Final = 10.0
STORE_SECONDS: Final = 20.0
"""How long the storing may take. Alertmanager waits for as long as its group_interval."""
RETRY_SECONDS: Final = 5
RENEW_SECONDS: Final = 60.0

log = structlog.get_logger(__name__)


class Webhook:
    """Answers on PATH. `take` stores a notification; it raises KubeError where it could not."""

    def __init__(
        self, take: Callable[[Notification], Awaitable[None]], token: Path, limiter: Limiter, metrics: Metrics
    ) -> None:
        self._take, self._token, self._limiter, self._metrics = take, token, limiter, metrics
        self._places = asyncio.Semaphore(AT_ONCE)

    async def serve(self, port: int, tls: ssl.SSLContext) -> tuple[web.AppRunner, int]:
        """Answer on `port` until the runner is cleaned up; returns it and the port in use."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._counted])
        app.router.add_post(PATH, self._receive)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STORE_SECONDS)
        await runner.setup()
        await web.TCPSite(runner, "0.0.0.0", port, ssl_context=tls).start()  # noqa: S104  # Alertmanager is another pod
        return runner, int(runner.addresses[0][1])

    @web.middleware
    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count the answers, those of aiohttp's own among them."""
        code = 500
        try:
            answer = await handler(request)
            code = answer.status
        except web.HTTPException as refusal:
            code = refusal.status
            raise
        finally:
            self._metrics.deliveries.labels(str(code)).inc()
        return answer

    async def _receive(self, request: web.Request) -> web.Response:
        self._admit(request)
        async with self._places:
            body = await _body(request)
            try:
                notification = await asyncio.to_thread(decode, body)
            except UnreadableError as error:
                log.warning("a notification that cannot be read", source=request.remote, problem=str(error))
                raise web.HTTPBadRequest(text=str(error)) from error
            return await self._stored(notification)

    def _admit(self, request: web.Request) -> None:
        """Raise the refusal of a request that comes too soon, without the token, or in an encoding."""
        wait = self._limiter.wait(request.remote or "")
        if wait:
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(math.ceil(wait))})
        if not self._knows(request.headers.get("Authorization", "")):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        # A body that unfolds to a thousand times its size is never unfolded.
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise web.HTTPUnsupportedMediaType(text="send the notification as it is, without Content-Encoding")

    def _knows(self, given: str) -> bool:
        """Whether the header bears the token. It is read each time: the kubelet exchanges it under way."""
        with suppress(OSError):
            return bears(given, self._token.read_bytes().strip())
        return False

    async def _stored(self, notification: Notification) -> web.Response:
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._take(notification)
        except (KubeError, TimeoutError) as error:
            log.warning("alerts not stored", error=str(error) or f"not within {STORE_SECONDS:.0f} s")
            later = {"Retry-After": str(RETRY_SECONDS)}
            raise web.HTTPServiceUnavailable(text="not stored: try again", headers=later) from error
        return web.Response(text="stored")


def bears(header: str, token: bytes) -> bool:
    """Whether the header bears the token; an empty one nobody bears."""
    return bool(token) and hmac.compare_digest(b"Bearer " + token, header.encode(errors="surrogateescape"))


async def _body(request: web.Request) -> bytes:
    """The whole body. Raises the refusal of one that is too long, or too long in coming."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


class Certificate:
    """The certificate in `folder`, as `tls.crt` and `tls.key`, taken in anew when it is exchanged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load()

    async def renew(self) -> None:
        """Follow the files for ever; connections that are there already keep what they have."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                self._load()
            except OSError as error:  # ssl.SSLError among them: half of a new pair, or nothing
                log.warning("the certificate of the alert receiver cannot be read", error=str(error))

    def _load(self) -> None:
        self.context.load_cert_chain(self._folder / "tls.crt", self._folder / "tls.key")


@asynccontextmanager
async def receiving(context: Context) -> AsyncIterator[None]:
    """Take in alerts for as long as the block lasts, where the settings say how."""
    endpoint = context.settings.alerts
    if endpoint is None:
        yield
        return
    limiter = Limiter(asyncio.get_running_loop().time, rate=RATE, burst=BURST)
    pair = Certificate(endpoint.certificate)
    runner, port = await Webhook(Intake(context).take, endpoint.token, limiter, context.metrics).serve(
        endpoint.port, pair.context
    )
    log.info("receiving alerts", port=port)
    renewing = asyncio.create_task(pair.renew())
    try:
        yield
    finally:
        renewing.cancel()
        await runner.cleanup()
