"""Kopf as a watch layer and nothing else: no state, no end, every kind reported."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import kopf
import pytest

from forestall.api.base import GROUP
from forestall.handlers.intake import Seen
from forestall.runtime import watching
from forestall.runtime.store import MODELS
from tests.unit import authorities
from tools.cluster import pki


def test_it_keeps_no_state_and_posts_nothing() -> None:
    chosen = watching.settings()
    assert chosen.peering.standalone
    assert chosen.scanning.disabled
    assert not chosen.posting.enabled
    assert chosen.persistence.finalizer == f"{GROUP}/finalizer"
    assert isinstance(chosen.persistence.diffbase_storage, watching.NoDiffBase)


def test_it_takes_lists_in_by_pages_and_soon_lets_go_of_what_it_has_told() -> None:
    chosen = watching.settings()
    assert chosen.watching.chunk_size == watching.PAGE <= 500
    assert chosen.queueing.idle_timeout == watching.REST <= 1


def test_it_copies_no_object_to_compare_it() -> None:
    body = kopf.Body({"metadata": {"labels": {"a": "b"}}, "spec": {"large": [1]}})
    assert watching.NoDiffBase().build(body=body) == {}


def test_an_outage_of_any_length_is_waited_for() -> None:
    assert isinstance(watching.settings().networking.error_backoffs, watching.Endless)
    pauses = list(islice(watching.Endless(), 1000))
    assert pauses[:3] == [0.5, 1, 2]
    assert set(pauses[3:]) == {watching.LONGEST_PAUSE}
    assert watching.LONGEST_PAUSE <= 3, "an outage must be recovered from within five seconds"


def test_every_outage_begins_with_a_short_pause() -> None:
    endless = watching.Endless()
    assert [next(iter(endless)) for _ in range(2)] == [0.5, 0.5]


def test_each_kind_has_one_handler_and_no_other_handlers_exist() -> None:
    registry = watching.registry(lambda *_: None)
    plurals = [str(handler.id) for handler in registry._watching.get_all_handlers()]
    assert set(plurals) == {model.crd.plural for model in MODELS.values()}
    assert [str(handler.id) for handler in registry._activities.get_all_handlers()] == ["login"]
    for others in (registry._changing, registry._spawning, registry._indexing, registry._webhooks):
        assert list(others.get_all_handlers()) == []


def logged_in() -> watching.Credentials:
    """What Kopf is given to log in with."""
    login: Any
    [login] = watching.registry(lambda *_: None)._activities.get_all_handlers()
    found = login.fn(logger=logging.getLogger(__name__), settings=watching.settings())
    assert isinstance(found, watching.Credentials)
    return found


def credentials(folder: Path, url: str, authority: Path) -> watching.Credentials:
    """Those that Kopf gets where a kubeconfig names this authority."""
    config = pki.kubeconfig(folder / "config", server=url, ca=authority, token="t0ken")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KUBECONFIG", str(config))
        found = logged_in()
    assert (found.server, found.token) == (url, "t0ken")
    return found


def test_in_a_pod_kopf_asks_the_server_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    account = kopf.ConnectionInfo(server="https://kubernetes.default.svc", token="t0ken")
    monkeypatch.setattr(kopf, "login_with_service_account", lambda **_: account)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert (logged_in().server, logged_in().token) == ("https://10.96.0.1:443", "t0ken")


def test_kopf_speaks_with_a_server_whose_certificate_kubectl_accepts_from_python_3_13_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def both() -> None:
        async with authorities.serving(monkeypatch, tmp_path) as (url, authority):
            assert await authorities.trusts(credentials(tmp_path, url, authority).as_ssl_context(), url)
            stranger = pki.Pki(tmp_path / "stranger").ca()
            assert not await authorities.trusts(credentials(tmp_path, url, stranger).as_ssl_context(), url)

    asyncio.run(both())


def test_what_kopf_sees_is_handed_over_to_the_loop_that_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str | None, str]] = []

    def life(seen: Seen, stop: threading.Event, ready: threading.Event) -> None:
        seen("Finding", "ADDED", {"metadata": {}})
        told.append(("life", None, threading.current_thread().name))

    monkeypatch.setattr(watching, "_life", life)

    def seen(kind: str, event: str | None, body: dict[str, object]) -> None:
        told.append((kind, event, threading.current_thread().name))

    async def both() -> None:
        await watching.run(seen, threading.Event(), threading.Event())
        await asyncio.sleep(0)

    asyncio.run(both())
    by_kind = {kind: thread for kind, _, thread in told}
    assert by_kind["Finding"] == threading.main_thread().name != by_kind["life"]


def handed_over(count: int, *, fails: int = -1) -> tuple[list[str | None], int]:
    """What arrives of so many events that are left before the loop takes any, and how often it was woken."""
    told: list[str | None] = []
    woken: list[object] = []

    def seen(kind: str, event: str | None, body: dict[str, Any]) -> None:
        told.append(event)
        if event == str(fails):
            raise RuntimeError("one of them cannot be looked at")

    def wake(take: Callable[[], None]) -> None:
        woken.append(take)
        asyncio.get_running_loop().call_soon(take)

    async def story() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        tray = watching.Tray(seen, wake)
        for number in range(count):
            tray.put("Finding", str(number), {})
        for _ in range(count):
            await asyncio.sleep(0)

    asyncio.run(story())
    return told, len(woken)


def test_many_events_arrive_in_their_order_and_wake_the_loop_once_for_a_handful() -> None:
    told, woken = handed_over(5 * watching.HANDFUL)
    assert told == [str(number) for number in range(5 * watching.HANDFUL)]
    assert woken == 5


def test_an_event_that_fails_holds_up_no_other() -> None:
    told, _ = handed_over(3 * watching.HANDFUL, fails=1)
    assert told == [str(number) for number in range(3 * watching.HANDFUL)]


def test_the_loop_goes_on_between_two_handfuls() -> None:
    async def story() -> None:
        told: list[str | None] = []
        wake = asyncio.get_running_loop().call_soon_threadsafe
        tray = watching.Tray(lambda kind, event, body: told.append(event), wake)
        for _ in range(watching.HANDFUL + 1):
            tray.put("Finding", None, {})
        await asyncio.sleep(0)
        assert len(told) == watching.HANDFUL

    asyncio.run(story())


def test_a_full_tray_holds_up_who_fills_it() -> None:
    count, left = 10 * watching.FULL, list[int]()

    async def story() -> None:
        whole = asyncio.Event()

        def seen(*_: object) -> None:
            left.append(waiting(tray))
            if len(left) == count:
                whole.set()

        def fill() -> None:
            for _ in range(count):
                tray.put("Finding", None, {})

        tray = watching.Tray(seen, asyncio.get_running_loop().call_soon_threadsafe)
        await asyncio.to_thread(fill)
        await whole.wait()

    asyncio.run(story())
    assert max(left) < watching.FULL


def test_a_loop_that_takes_nothing_holds_nobody_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LONGEST_WAIT", 0.01)
    tray = watching.Tray(lambda *_: None, lambda _: None)
    for _ in range(watching.FULL + 2):
        tray.put("Finding", None, {})
    assert waiting(tray) == watching.FULL + 2


def waiting(tray: watching.Tray) -> int:
    """Events that wait to be taken."""
    return len(tray._items)
