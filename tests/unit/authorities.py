"""An API server whose authority lacks what Python asks for from 3.13 on, as those of older EKS clusters do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from tools.cluster.pki import Pki


def _be_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Python make TLS contexts as it does from 3.13 on."""
    made = ssl.create_default_context

    def strict(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        context = made(*args, **kwargs)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)


class Plain(Pki):
    """An authority whose certificate says nothing but that it is one."""

    def ca(self) -> Path:
        """Its certificate."""
        return self._certificate("ca", "kubernetes", (), ()).cert


@asynccontextmanager
async def serving(monkeypatch: pytest.MonkeyPatch, folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """An API server that knows one namespace: its address, and the certificate of its plain authority.

    Python, as it is from 3.13 on, refuses it.
    """
    _be_strict(monkeypatch)
    plain = Plain(folder / "plain")
    own = plain.issue("server", "server", sans=("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"kind": "Namespace", "metadata": {"name": "shop"}})

    app = web.Application()
    app.router.add_get("/api/v1/namespaces/shop", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    url = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        assert not await trusts(ssl.create_default_context(cafile=plain.ca()), url)
        yield url, plain.ca()
    finally:
        await runner.cleanup()


async def trusts(context: ssl.SSLContext, url: str) -> bool:
    """Whether who has this context speaks with the server."""
    address = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(address.hostname, address.port, ssl=context)
    except ssl.SSLCertVerificationError:
        return False
    writer.close()
    return True
