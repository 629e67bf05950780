"""What a real Alertmanager does with each answer: only 200 makes it believe that it was heard."""

import json
import ssl
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools.cluster import host
from tools.cluster.alertmanager import Alertmanager
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

SLOW = {"labels": {"alertname": "Slow", "namespace": "shop"}}
LOOKS = "alertmanager_nflog_queries_total"
"""Its own metric: how often it has looked up what it has told, which it does before it tells anything."""


class Receiver:
    """Answers with the codes that it is given, then with 200; keeps what it acknowledged."""

    def __init__(self, *codes: int) -> None:
        self.codes, self.heard = deque(codes), list[Any]()

    def answer(self, body: bytes) -> int:
        code = self.codes.popleft() if self.codes else 200
        if code == 200:
            self.heard.append(json.loads(body))
        return code

    @property
    def states(self) -> list[str]:
        """The state of each notification that was acknowledged."""
        return [one["status"] for one in self.heard]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Any]:
    """Starts an Alertmanager before a receiver over HTTPS whose certificate is the guide's."""
    made = list[Any]()

    def start(receiver: Receiver) -> Alertmanager:
        certificate(tmp_path)
        here, there = host.free_ports(2)
        server = ThreadingHTTPServer(("127.0.0.1", here), handler(receiver))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tls = {"ca_file": str(tmp_path / "tls.crt"), "server_name": "forestall-alerts.forestall-system.svc"}
        url = {"url": f"https://127.0.0.1:{here}/alerts"}
        alertmanager = Alertmanager(tmp_path / "data", there, [{**url, "http_config": {"tls_config": tls}}])
        made.extend((server, alertmanager))
        alertmanager.start()
        return alertmanager

    yield start
    server, alertmanager = made
    alertmanager.stop()
    server.shutdown()
    server.server_close()


def certificate(folder: Path) -> None:
    """Make the certificate as the guide has people make it."""
    guide = (Path(__file__).parents[3] / "docs/guide/alerts.md").read_text()
    (command,) = [part for part in guide.replace("\\\n", "").splitlines() if part.startswith("openssl req")]
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)


def handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            code = receiver.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(code)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    return Handler


@pytest.mark.parametrize("code", [400, 401, 429, 503])
def test_what_was_refused_comes_again_be_it_firing_or_resolved(running: Any, code: int) -> None:
    receiver = Receiver(code, code)
    alertmanager = running(receiver)
    alertmanager.post(SLOW)
    wait_until("the alert to be heard", lambda: receiver.states == ["firing"])
    receiver.codes.extend((code, code))
    alertmanager.post(SLOW | {"endsAt": "2020-01-01T00:00:00Z"})
    wait_until("its end to be heard", lambda: receiver.states == ["firing", "resolved"])
    assert {one["fingerprint"] for heard in receiver.heard for one in heard["alerts"]} == {
        receiver.heard[0]["alerts"][0]["fingerprint"]
    }


def test_what_was_heard_is_not_told_again_by_one_that_starts_anew(running: Any) -> None:
    receiver = Receiver()
    alertmanager = running(receiver)
    alertmanager.post(SLOW)
    wait_until("the alert to be heard", lambda: receiver.states == ["firing"])
    # What is heard is on its record only once it has the answer; until then it does not look again.
    looks = alertmanager.metric(LOOKS)
    wait_until("it to look up what it has told", lambda: alertmanager.metric(LOOKS) > looks)
    alertmanager.stop()
    alertmanager.start()
    alertmanager.post(SLOW, {"labels": {"alertname": "Other", "namespace": "payments"}})
    wait_until("the other one to be heard", lambda: len(receiver.heard) == 2)
    assert receiver.heard[1]["groupLabels"] == {"namespace": "payments"}


def test_alerts_that_are_none_are_refused_with_its_words(running: Any) -> None:
    with pytest.raises(RuntimeError, match="400"):
        running(Receiver()).post({"labels": {}})
