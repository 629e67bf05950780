"""Loads that tests set and a real Prometheus scrapes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tools.cluster import host
from tools.cluster.prometheus import Prometheus


class Loads:
    """The load of each shop's Service, by namespace; `prometheus` measures it every second."""

    def __init__(self, prometheus: Prometheus) -> None:
        self.prometheus = prometheus
        self._values: dict[tuple[str, str], Callable[[], float]] = {}

    def set(self, namespace: str, service: str, value: float) -> None:
        """Let a Service have that load from now on."""
        self._values[namespace, service] = lambda: value

    def measured(self, namespace: str, service: str) -> float | None:
        """The load of a Service as Prometheus has it; None before it has any."""
        query = urlencode({"query": f'shop_load{{namespace="{namespace}",service="{service}"}}'})
        connection = HTTPConnection(urlsplit(self.prometheus.url).netloc, timeout=10)
        connection.request("GET", f"/api/v1/query?{query}")
        series = json.load(connection.getresponse())["data"]["result"]
        return float(series[0]["value"][1]) if series else None

    @contextmanager
    def shared(self, namespace: str, service: str, demand: float, pods: Callable[[], int]) -> Iterator[None]:
        """Let a Service's ready pods share a demand; then it has no load any more."""
        self._values[namespace, service] = lambda: demand / pods()
        try:
            yield
        finally:
            del self._values[namespace, service]

    def text(self) -> str:
        """All loads in the exposition format."""
        lines = [
            f'shop_load{{namespace="{namespace}",service="{service}"}} {value()}'
            for (namespace, service), value in list(self._values.items())
        ]
        return "\n".join([*lines, ""])


@contextmanager
def measuring(folder: Path) -> Iterator[Loads]:
    """Serve loads, and a Prometheus that scrapes them."""
    here, there = host.free_ports(2)
    static = [{"targets": [f"127.0.0.1:{here}"]}]
    scrape = {"job_name": "shops", "honor_labels": True, "static_configs": static}
    loads = Loads(Prometheus(folder, there, [scrape]))
    server = ThreadingHTTPServer(("127.0.0.1", here), _handler(loads))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    loads.prometheus.start()
    try:
        yield loads
    finally:
        loads.prometheus.stop()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(loads: Loads) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = loads.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    return Handler
