"""Which server the client speaks with, through which proxy, and how it proves who it is."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web

from forestall.adapters.kubernetes.client import connect
from forestall.adapters.kubernetes.watching import CONNECTED
from forestall.adapters.resources import NAMESPACES, PODS
from forestall.ports import Json, KubeError
from tests.unit import authorities
from tests.unit.adapters.kubernetes.server import serving
from tools.cluster import pki


def test_a_kubeconfig_names_the_cluster_and_its_token(tmp_path: Path) -> None:
    tokens: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        tokens.append(request.headers["Authorization"])
        return web.json_response({})

    async def use() -> None:
        async with serving(answer) as url, await connect(kubeconfig(tmp_path, url)) as kube:
            await kube.get(PODS, "shop", "cart")

    asyncio.run(use())
    assert tokens == ["Bearer t0ken"]


PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def reached(monkeypatch: pytest.MonkeyPatch, folder: Path, server: str, **environment: str) -> list[str]:
    """Hosts that were asked for at the one server there is, a proxy or not, and how the client proved itself."""
    seen: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(f"{request.headers['Authorization']} at {request.host}")
        return web.json_response({})

    async def use() -> None:
        async with serving(answer) as here:
            for name in PROXIES:
                monkeypatch.delenv(name, raising=False)
                monkeypatch.delenv(name.upper(), raising=False)
            for name, value in environment.items():
                monkeypatch.setenv(name, value.format(here=here))
            async with await connect(kubeconfig(folder, server.format(here=here))) as kube:
                await kube.get(PODS, "shop", "cart")

    asyncio.run(use())
    return seen


def test_a_proxy_that_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = reached(monkeypatch, tmp_path, "http://kube.example", http_proxy="{here}")
    assert found == ["Bearer t0ken at kube.example"]


def test_a_server_that_the_environment_excepts_is_reached_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:9"
    (found,) = reached(monkeypatch, tmp_path, "{here}", http_proxy=nobody, no_proxy="127.0.0.1")
    assert found.startswith("Bearer t0ken at 127.0.0.1:")


def test_a_password_in_netrc_is_nobodys_proof_of_who_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("default login bob password secret\n")
    (found,) = reached(monkeypatch, tmp_path, "{here}", NETRC=str(tmp_path / "netrc"))
    assert found.startswith("Bearer t0ken at")


def kubeconfig(folder: Path, url: str) -> str:
    config = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "t0ken"}}],
    }
    path = folder / "config"
    path.write_text(json.dumps(config))
    return str(path)


def test_a_server_whose_certificate_kubectl_accepts_is_spoken_with_from_python_3_13_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def asked(url: str, authority: Path) -> Json:
        config = pki.kubeconfig(tmp_path / "config", server=url, ca=authority, token="t0ken")
        async with await connect(str(config)) as kube:
            return await kube.get(NAMESPACES, "", "shop")

    async def both() -> None:
        async with authorities.serving(monkeypatch, tmp_path) as (url, authority):
            assert (await asked(url, authority))["metadata"]["name"] == "shop"
            with pytest.raises(KubeError, match="certificate verify failed"):
                await asked(url, pki.Pki(tmp_path / "stranger").ca())

    asyncio.run(both())


def test_any_number_of_open_watches_leaves_room_for_requests(tmp_path: Path) -> None:
    over = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            return web.json_response({"found": True})
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{}\n")
        await over.wait()
        return response

    async def use() -> None:
        async with serving(answer) as url, await connect(kubeconfig(tmp_path, url)) as kube:
            streams = [kube.stream(PODS, "shop", "", "7") for _ in range(150)]
            for stream in streams:
                assert (await anext(stream))["type"] == CONNECTED
            assert await kube.get(PODS, "shop", "cart") == {"found": True}
            over.set()

    asyncio.run(asyncio.wait_for(use(), 60))
