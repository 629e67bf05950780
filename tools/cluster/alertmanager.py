"""A real Alertmanager for tests, that sends soon and again soon."""

import http.client
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.cluster import build, process
from tools.cluster.process import Process, wait_until
from tools.cluster.prometheus import Starter, start_here


class Alertmanager:
    """One server with its configuration and data in `folder`; starting it again finds the same data.

    It sends every group of `group_by` to all `receivers`, each as `webhook_configs` have it, `group_interval` seconds
    after a change, and again after `repeat_interval`. It listens on `port` of this machine.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        receivers: Sequence[Mapping[str, Any]],
        *,
        group_by: Sequence[str] = ("namespace",),
        group_interval: int = 1,
        repeat_interval: int = 3600,
        start: Starter = start_here,
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        times = {"group_interval": f"{group_interval}s", "repeat_interval": f"{repeat_interval}s"}
        route: dict[str, Any] = {"receiver": "tested", "group_by": list(group_by), "group_wait": "0s"}
        self._config = {
            "route": route | times,
            "receivers": [{"name": "tested", "webhook_configs": [dict(receiver) for receiver in receivers]}],
        }
        self._starter = start
        self._process: Process | None = None

    def start(self) -> None:
        """Start the server and return when it takes alerts.

        Raises RuntimeError with its words where it ends instead, for instance over its configuration.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # JSON, which YAML contains.
        (self._folder / "alertmanager.yaml").write_text(json.dumps(self._config, indent=1))
        argv = (
            build.binary("alertmanager"),
            f"--config.file={self._folder / 'alertmanager.yaml'}",
            f"--storage.path={self._folder / 'data'}",
            f"--web.listen-address={urlsplit(self.url).netloc}",
            "--cluster.listen-address=",
            "--log.level=warn",
        )
        self._process = self._starter("alertmanager", argv, self._folder / "alertmanager.log")
        wait_until("Alertmanager to be ready", self._ready, alive_also=(self._process,))

    def stop(self) -> None:
        """End the server; nothing happens where it does not run."""
        if self._process is not None:
            process.stop(self._process)
        self._process = None

    def post(self, *alerts: Mapping[str, Any]) -> None:
        """Tell it alerts, as Prometheus does: with `labels`, `annotations`, `startsAt`, `endsAt`.

        One without `endsAt` fires for five minutes, or until it is told anew with an `endsAt` in the past. Raises
        RuntimeError with its words where it refuses them.
        """
        status, words = self._request("POST", "/api/v2/alerts", json.dumps(alerts))
        if status != HTTPStatus.OK:
            raise RuntimeError(f"Alertmanager took no alerts: {status} {words}")

    def metric(self, name: str) -> float:
        """The sum of its own metric's series."""
        _, text = self._request("GET", "/metrics")
        lines = (line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name)
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def _ready(self) -> bool:
        try:
            return self._request("GET", "/-/ready")[0] == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def _request(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()
