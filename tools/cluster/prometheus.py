"""A real Prometheus, fast and small, for clusters and tests."""

import http.client
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.cluster import build, process
from tools.cluster.process import Process, wait_until

Starter = Callable[[str, Sequence[str | Path], Path], Process]
"""Starts a named command whose output goes to a log file, where and as the cluster wants it."""


def start_here(name: str, argv: Sequence[str | Path], log: Path) -> Process:
    """Start a command on this machine, in no cluster's care: whoever starts it stops it."""
    return process.start(name, argv, log=log)


class Prometheus:
    """One server with its configuration and data in `folder`; starting it again finds the same data.

    `scrape_configs` and `rule_files` are as in Prometheus's configuration; targets are scraped and rules
    evaluated every `interval` seconds. It listens on `listen`:`port` and is reached from here at `url`.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        scrape_configs: Sequence[dict[str, Any]],
        *,
        rule_files: Sequence[Path] = (),
        interval: int = 1,
        listen: str = "127.0.0.1",
        url: str | None = None,
        start: Starter = start_here,
    ) -> None:
        self.url = url or f"http://127.0.0.1:{port}"
        self._folder = folder
        self._listen = f"{listen}:{port}"
        self._config = {
            "global": {"scrape_interval": f"{interval}s", "evaluation_interval": f"{interval}s"},
            "rule_files": [str(file) for file in rule_files],
            "scrape_configs": list(scrape_configs),
        }
        self._starter = start
        self._process: Process | None = None

    def start(self) -> None:
        """Start the server and return when it answers queries.

        Raises RuntimeError with its words where it ends instead, for instance over its configuration.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        # JSON, which YAML contains.
        (self._folder / "prometheus.yaml").write_text(json.dumps(self._config, indent=1))
        argv = (
            build.binary("prometheus"),
            f"--config.file={self._folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={self._listen}",
            "--log.level=warn",
        )
        self._process = self._starter("prometheus", argv, self._folder / "prometheus.log")
        wait_until("Prometheus to be ready", self._ready, alive_also=(self._process,))

    def stop(self) -> None:
        """End the server; nothing happens where it does not run."""
        if self._process is not None:
            process.stop(self._process)
        self._process = None

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=5)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
