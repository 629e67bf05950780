"""The receiver lets in who knows the token, as much as it can bear, and says 200 only once all is stored."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from forestall.adapters.alertmanager import Notification
from forestall.ports import KubeError
from forestall.runtime import webhook
from forestall.runtime.limiting import Limiter
from forestall.runtime.telemetry import Metrics
from forestall.runtime.webhook import Certificate, Webhook
from tests.unit.runtime.instant import run
from tools.cluster.pki import Pki

TOKEN = "correct horse"
ALERT = {"status": "firing", "fingerprint": "ab", "startsAt": "2030-01-01T12:00:00Z", "labels": {"alertname": "Slow"}}
BODY = json.dumps({"version": "4", "alerts": [ALERT]}).encode()
KNOWN = {"Authorization": f"Bearer {TOKEN}"}


Play = Callable[..., None]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def secret(tmp_path: Path, pki: Pki) -> Path:
    """The folder of the token and of the certificate."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    install(tmp_path, pki, "first")
    return tmp_path


def install(folder: Path, pki: Pki, name: str) -> None:
    made = pki.issue(name, name, sans=("127.0.0.1",))
    (folder / "tls.crt").write_bytes(made.cert.read_bytes())
    (folder / "tls.key").write_bytes(made.key.read_bytes())


class Stored:
    """Takes notifications, or fails as it is told."""

    def __init__(self) -> None:
        self.taken: list[Notification] = []
        self.failure: Exception | None = None

    async def take(self, notification: Notification) -> None:
        if self.failure is not None:
            raise self.failure
        self.taken.append(notification)


class Receiver:
    """A receiver that runs, and what it has stored."""

    def __init__(self, secret: Path, pki: Pki, stored: Stored | None = None, **limits: Any) -> None:
        self.stored, self.metrics = stored or Stored(), Metrics()
        self.certificate = Certificate(secret)
        limiter = Limiter(float, **{"rate": 1.0, "burst": 1000, **limits})
        self._webhook = Webhook(self.stored.take, secret / "token", limiter, self.metrics)
        self._trusted = ssl.create_default_context(cafile=str(pki.ca()))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Receiver]:
        runner, self.port = await self._webhook.serve(0, self.certificate.context)
        try:
            yield self
        finally:
            await runner.cleanup()

    async def post(self, body: Any = BODY, headers: Any = KNOWN, path: str = "/alerts", **more: Any) -> tuple[int, str]:
        """Status, and the header Retry-After."""
        connector = aiohttp.TCPConnector(ssl=self._trusted)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            url = f"https://127.0.0.1:{self.port}{path}"
            async with session.request(more.pop("method", "POST"), url, data=body, headers=headers, **more) as answer:
                return answer.status, answer.headers.get("Retry-After", "")

    def answered(self, code: int) -> float:
        labels = {"code": str(code)}
        return self.metrics.registry.get_sample_value("forestall_alert_deliveries_total", labels) or 0.0


@pytest.fixture
def receiver(secret: Path, pki: Pki) -> Play:
    """Plays a story before a receiver that runs."""

    def play(story: Callable[[Receiver], Awaitable[None]], **limits: Any) -> None:
        async def whole() -> None:
            async with Receiver(secret, pki, **limits).running() as running:
                await story(running)

        asyncio.run(whole())

    return play


def test_a_notification_is_answered_once_it_is_stored(receiver: Play) -> None:
    async def story(running: Receiver) -> None:
        assert await running.post() == (200, "")
        assert [one.fingerprint for taken in running.stored.taken for one in taken.alerts] == ["ab"]
        assert running.answered(200) == 1

    receiver(story)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer "},
        {"Authorization": f"bearer {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": "Basic Y29ycmVjdDpob3JzZQ=="},
        {"Authorization": "Bearer caf\udce9"},
    ],
)
def test_nobody_else_is_let_in(receiver: Play, headers: dict[str, str]) -> None:
    async def story(running: Receiver) -> None:
        assert (await running.post(headers=headers))[0] == 401
        assert running.stored.taken == []
        assert running.answered(401) == 1

    receiver(story)


@pytest.mark.parametrize("content", ["", "\n", None])
def test_without_a_token_nobody_is_let_in(receiver: Play, secret: Path, content: str | None) -> None:
    async def story(running: Receiver) -> None:
        token = secret / "token"
        token.unlink() if content is None else token.write_text(content)
        for given in (KNOWN, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}):
            assert (await running.post(headers=given))[0] == 401

    receiver(story)


def test_an_empty_token_is_borne_by_nobody() -> None:
    assert [webhook.bears("Bearer ", token) for token in (b"", b"x")] == [False, False]
    assert webhook.bears("Bearer x", b"x")


def test_an_exchanged_token_counts_at_once(receiver: Play, secret: Path) -> None:
    async def story(running: Receiver) -> None:
        (secret / "token").write_text("another")
        assert (await running.post())[0] == 401
        assert (await running.post(headers={"Authorization": "Bearer another"}))[0] == 200

    receiver(story)


@pytest.mark.parametrize(
    ("failure", "code", "later"),
    [
        (KubeError(0, "Unreachable", "reset"), 503, "5"),
        (KubeError(403, "Forbidden", "no"), 503, "5"),
        (TimeoutError(), 503, "5"),
        (RuntimeError("it cannot be read"), 500, ""),
    ],
)
def test_what_is_not_stored_is_not_acknowledged(receiver: Play, failure: Exception, code: int, later: str) -> None:
    async def story(running: Receiver) -> None:
        running.stored.failure = failure
        assert await running.post() == (code, later)
        assert running.answered(code) == 1
        running.stored.failure = None
        assert await running.post() == (200, "")

    receiver(story)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 400),
        (b"[" * 1_000_000, 400),
        (b'{"version":"4","alerts":{}}', 400),
        (b" " * (webhook.MAX_BODY + 1), 413),
        (b" " * (webhook.MAX_BODY - len(BODY)) + BODY, 200),
    ],
    ids=["empty", "nested", "of another shape", "too large", "as large as may be"],
)
def test_a_body_is_bounded_and_of_the_shape_that_is_known(receiver: Play, body: bytes, code: int) -> None:
    async def story(running: Receiver) -> None:
        assert (await running.post(body))[0] == code
        assert (await running.post())[0] == 200

    receiver(story)


def test_a_body_of_unknown_length_is_bounded_as_well(receiver: Play) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(webhook.MAX_BODY // 2**20 + 1):
            yield b" " * 2**20

    async def story(running: Receiver) -> None:
        assert (await running.post(endless()))[0] == 413

    receiver(story)


def test_a_body_that_would_unfold_is_not_unfolded(receiver: Play) -> None:
    async def story(running: Receiver) -> None:
        bomb = gzip.compress(b" " * 50_000_000)
        tracemalloc.start()
        try:
            assert (await running.post(bomb, headers={**KNOWN, "Content-Encoding": "gzip"}))[0] == 415
            assert tracemalloc.get_traced_memory()[1] < 10_000_000
        finally:
            tracemalloc.stop()

    receiver(story)


def test_who_sends_too_often_is_told_when_to_come_back_before_anything_else_is_looked_at(receiver: Play) -> None:
    async def story(running: Receiver) -> None:
        assert [(await running.post(headers={}))[0] for _ in range(3)] == [401] * 3
        assert await running.post() == (429, "4")
        assert running.stored.taken == []

    receiver(story, rate=0.25, burst=3)


@pytest.mark.parametrize(
    ("method", "path", "code"), [("GET", "/alerts", 405), ("POST", "/", 404), ("POST", "/metrics", 404)]
)
def test_nothing_else_is_served(receiver: Play, method: str, path: str, code: int) -> None:
    async def story(running: Receiver) -> None:
        assert (await running.post(path=path, method=method))[0] == code
        assert running.answered(code) == 1

    receiver(story)


def test_only_so_many_notifications_are_read_at_the_same_time(secret: Path, pki: Pki) -> None:
    class Slow(Stored):
        inside = most = 0
        full = asyncio.Event()

        async def take(self, notification: Notification) -> None:
            self.inside += 1
            self.most = max(self.most, self.inside)
            if self.inside == webhook.AT_ONCE:
                self.full.set()
            await self.full.wait()
            self.inside -= 1

    async def whole() -> None:
        slow = Slow()
        async with Receiver(secret, pki, slow).running() as receiver:
            answers = await asyncio.gather(*(receiver.post() for _ in range(3 * webhook.AT_ONCE)))
        assert {code for code, _ in answers} == {200}
        assert slow.most == webhook.AT_ONCE

    asyncio.run(whole())


def test_a_body_that_does_not_come_is_not_waited_for(receiver: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "READ_SECONDS", 0.1)

    async def halting() -> AsyncIterator[bytes]:
        yield BODY[:9]
        await asyncio.sleep(3600)

    async def story(running: Receiver) -> None:
        assert (await running.post(halting()))[0] == 408

    receiver(story)


def test_a_storing_that_does_not_end_is_given_up_and_not_acknowledged(
    secret: Path, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "STORE_SECONDS", 0.1)

    class Stuck(Stored):
        async def take(self, notification: Notification) -> None:
            await asyncio.sleep(3600)

    async def whole() -> None:
        async with Receiver(secret, pki, Stuck()).running() as receiver:
            assert await receiver.post() == (503, "5")

    asyncio.run(whole())


def test_plain_http_is_not_spoken(receiver: Play) -> None:
    async def story(running: Receiver) -> None:
        async with aiohttp.ClientSession(trust_env=False) as session:
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"http://127.0.0.1:{running.port}/alerts", data=BODY, headers=KNOWN)

    receiver(story)


def test_an_exchanged_certificate_is_taken_in_within_a_minute_and_half_a_pair_is_not(secret: Path, pki: Pki) -> None:
    certificate = Certificate(secret)

    async def during(seconds: float) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(certificate.renew(), seconds)

    run(during(61))
    assert served(certificate) == "first"
    install(secret, pki, "second")
    run(during(61))
    assert served(certificate) == "second"
    (secret / "tls.crt").write_text("half")
    run(during(61))
    assert served(certificate) == "second"


def served(certificate: Certificate) -> str:
    """The name on the certificate that a server with this context shows."""
    here, there, out = ssl.MemoryBIO(), ssl.MemoryBIO(), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    out.check_hostname, out.verify_mode = False, ssl.CERT_NONE
    client = out.wrap_bio(here, there)
    server = certificate.context.wrap_bio(there, here, server_side=True)
    for side in (client, server) * 3:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    shown = client.getpeercert(binary_form=True)
    assert shown is not None
    return next(name for name in ("first", "second") if name.encode() in shown)
