"""Prometheus, as a server that answers, lies, drips, redirects or is not there: every answer is a Measurement."""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from forestall.adapters.memory import FixedClock
from forestall.adapters.prometheus import MAX_BYTES, MAX_SERIES, Prometheus
from forestall.ports import Measurement, Sample
from tests.unit.gates.scene import NOW

Answer = Callable[[BaseHTTPRequestHandler], None]
PATIENT, SHORT = 60.0, 0.3
"""Seconds to wait for a server that answers, and for one that does not."""


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that gives `answer` to every request; the queries that it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.extend(parse_qs(urlsplit(self.path).query).get("query", [self.path]))
            answer(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's own name
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sends(body: bytes, *, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def result(*rows: object, kind: str = "vector") -> Answer:
    found: object = list(rows) if kind == "vector" else rows[0]
    return sends(json.dumps({"status": "success", "data": {"resultType": kind, "result": found}}).encode())


def row(value: str, **labels: str) -> Mapping[str, object]:
    return {"metric": labels, "value": [1.5, value]}


def ask(url: str, *queries: str, namespace: str = "", timeout: float = PATIENT) -> Mapping[str, Measurement]:
    server = Prometheus(url, timeout=timeout, clock=FixedClock(NOW))
    try:
        return asyncio.run(server.query(queries, namespace=namespace))
    finally:
        server.close()


def answered(answer: Answer) -> Measurement:
    with serving(answer) as (url, _):
        return ask(url, "up")["up"]


def test_series_come_in_the_order_of_their_labels_rounded_to_four_places() -> None:
    found = answered(result(row("2", pod="b"), row("0.12345", pod="a"), row("1e3")))
    assert found.samples == (
        Sample({}, Decimal("1000.0000")),
        Sample({"pod": "a"}, Decimal("0.1234")),
        Sample({"pod": "b"}, Decimal("2.0000")),
    )
    assert (found.query, found.at, found.error) == ("up", NOW, "")


def test_a_scalar_is_one_series_without_labels() -> None:
    assert answered(result([1.5, "0.5"], kind="scalar")).samples == (Sample({}, Decimal("0.5")),)


def test_no_series_is_an_answer() -> None:
    assert answered(result()) == Measurement("up", NOW)


@pytest.mark.parametrize("text", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_finite_number_stays_what_it_is(text: str) -> None:
    [sample] = answered(result(row(text))).samples
    assert not sample.value.is_finite()
    assert math.isnan(float(sample.value)) is (text == "NaN")


@pytest.mark.parametrize(("text", "value"), [("1e300", "1e300"), ("-1e15", "-1e15"), ("5e-324", "0"), ("-0", "0")])
def test_very_large_and_very_small_numbers_are_numbers(text: str, value: str) -> None:
    [sample] = answered(result(row(text))).samples
    assert sample.value == Decimal(value)


REFUSED: Mapping[str, tuple[Answer, str]] = {
    "an error of Prometheus": (
        sends(b'{"status":"error","errorType":"bad_data","error":"bad"}', status=400),
        "HTTP Status Code 400",
    ),
    "a server error": (sends(b"oops", status=503), "HTTP Status Code 503"),
    "a redirect": (sends(b"", status=302, Location="http://127.0.0.1:1/"), "HTTP Status Code 302"),
    "no JSON": (sends(b"<html>"), "JSON"),
    "JSON that is no object": (sends(b"[]"), "TypeError"),
    "no data": (sends(b"{}"), "KeyError"),
    "rows without values": (result({"metric": {}}), "KeyError"),
    "rows that are none": (result(7), "TypeError"),
    "a value that is no number": (result(row("much")), "ValueError"),
    "a matrix": (result({"metric": {}, "values": [[1, "2"]]}), "KeyError"),
    "an object for a vector": (result({"a": 1}, kind="odd"), "no instant vector"),
    "more series than can be judged": (result(*[row("1")] * (MAX_SERIES + 1)), "no instant vector"),
    "more bytes than can be read": (sends(b" " * (MAX_BYTES + 1)), "narrow the query"),
}


@pytest.mark.parametrize(("answer", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_no_answer_is_an_error_in_words(answer: Answer, error: str) -> None:
    found = answered(answer)
    assert error in found.error
    assert found.samples == ()
    assert len(found.error) < 400


def test_a_server_that_is_not_there_is_an_error() -> None:
    with serving(result()) as (url, _):
        gone = url
    assert "ConnectionError" in ask(gone, "up")["up"].error


@pytest.mark.parametrize("headers", [{"Content-Length": "60000"}, {"Transfer-Encoding": "chunked"}, {}])
def test_a_server_that_drips_does_not_hold_a_thread(headers: Mapping[str, str]) -> None:
    let_go = threading.Event()
    drop = b"1\r\n \r\n" if "Transfer-Encoding" in headers else b" "

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        while not let_go.wait(SHORT / 10):
            handler.wfile.write(drop)

    with serving(drip) as (url, _):
        try:
            assert "Timeout: no whole answer within 0.3 s" in ask(url, "up", timeout=SHORT)["up"].error
        finally:
            let_go.set()


def test_a_server_that_says_nothing_times_out() -> None:
    let_go = threading.Event()

    def wait(_: BaseHTTPRequestHandler) -> None:
        let_go.wait(PATIENT)

    with serving(wait) as (url, _):
        try:
            assert "ReadTimeout" in ask(url, "up", timeout=SHORT)["up"].error
        finally:
            let_go.set()


def test_once_it_is_closed_what_was_asked_is_answered_and_then_its_threads_are_gone() -> None:
    asked, let_go = threading.Event(), threading.Event()

    def late(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        assert let_go.wait(PATIENT)
        result(row("1"))(handler)

    async def closed_meanwhile(url: str) -> Measurement:
        server = Prometheus(url, timeout=PATIENT, clock=FixedClock(NOW))
        answers = asyncio.create_task(server.query([str(number) for number in range(9)]))
        assert await asyncio.to_thread(asked.wait, PATIENT)
        server.close()
        let_go.set()
        assert [one.error for one in (await answers).values()] == [""] * 9
        return (await server.query(["up"]))["up"]

    with serving(late) as (url, _):
        assert asyncio.run(closed_meanwhile(url)).error == "it is asked no more"
    for thread in (one for one in threading.enumerate() if one.name.startswith("prometheus")):
        thread.join(PATIENT)
        assert not thread.is_alive()


def test_an_answer_that_breaks_off_is_an_error() -> None:
    def break_off(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "500")
        handler.end_headers()
        handler.wfile.write(b"{")

    assert "the answer broke off" in answered(break_off).error


def test_queries_are_answered_each_under_its_own_text() -> None:
    def echo(handler: BaseHTTPRequestHandler) -> None:
        [query] = parse_qs(urlsplit(handler.path).query)["query"]
        result(row(query))(handler)

    with serving(echo) as (url, _):
        found = ask(url, *(str(number) for number in range(9)))
    assert {query: [str(int(one.value)) for one in told.samples] for query, told in found.items()} == {
        str(number): [str(number)] for number in range(9)
    }


def test_a_query_of_a_namespace_is_kept_to_it() -> None:
    with serving(result()) as (url, asked):
        found = ask(url, "up", namespace="shop")
    assert asked == ['up{namespace="shop"}']
    assert list(found) == ["up"]


def test_a_query_that_cannot_be_kept_to_its_namespace_is_not_asked() -> None:
    with serving(result()) as (url, asked):
        found = ask(url, "up{", namespace="shop")
    assert "not PromQL" in found["up{"].error
    assert asked == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert answered(result()).error == ""


def test_the_same_failure_is_told_in_the_same_words_for_every_query() -> None:
    gone = Prometheus("http://127.0.0.1:9", timeout=2, clock=FixedClock(NOW))
    first, second = (asyncio.run(gone.query([query]))[query].error for query in ("up", "sum(rate(a[5m]))"))
    assert first == second
    assert "Connection refused" in first
