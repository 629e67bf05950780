"""Who speaks for a node insists until the API server has decided; everybody else hears at once how it went."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.cluster.rest import OUTAGE, Refused, Rest


class Server(ThreadingHTTPServer):
    """Answers with the statuses it was given, one after the other, then 200 for ever; 0 cuts the line."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses, self.heard = list(statuses), list[str]()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_PATCH(self) -> None:
        self.server.heard.append(self.path)
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 0:  # the line is cut
            self.close_connection = True
            return
        body = json.dumps({"said": status}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def rest(server: Server, tmp_path: Path) -> Rest:
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
    whole = {"clusters": [cluster], "contexts": [context], "users": [{"name": "u", "user": {}}], "current-context": "x"}
    config = tmp_path / "kubeconfig"
    config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **whole}))
    return Rest(config)


@pytest.mark.parametrize("undecided", [0, 429, 500, 503])
def test_it_insists_until_there_is_a_decision(server: Server, rest: Rest, undecided: int) -> None:
    server.statuses = [undecided, undecided, 201]
    assert rest.insist(threading.Event(), "PATCH", "/pods/a", {}) == (201, b'{"said": 201}')


@pytest.mark.parametrize("refusal", [404, 409, 422])
def test_a_refusal_is_a_decision(server: Server, rest: Rest, refusal: int) -> None:
    server.statuses = [refusal]
    decided = rest.insist(threading.Event(), "PATCH", "/pods/a", {})
    assert decided is not None
    assert decided[0] == refusal
    assert server.heard == ["/pods/a"]


def test_nothing_is_sent_after_the_closing(server: Server, rest: Rest) -> None:
    closing = threading.Event()
    closing.set()
    assert rest.insist(closing, "PATCH", "/pods/a", {}) is None
    assert server.heard == []


def test_who_asks_hears_of_a_refusal(server: Server, rest: Rest) -> None:
    server.statuses = [409]
    with pytest.raises(Refused, match="PATCH /pods/a: 409"):
        rest.ask("PATCH", "/pods/a", {})


def test_who_sends_hears_that_nobody_answers(server: Server, rest: Rest) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(OUTAGE):
        rest.send("PATCH", "/pods/a", {})
