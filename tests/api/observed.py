"""A real Prometheus with the shipped rules, and what it says of them and of the dashboard's expressions."""

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.chart.monitoring import hurried
from tools.cluster import host
from tools.cluster.process import wait_until
from tools.cluster.prometheus import Prometheus


class Observed:
    """What Prometheus says."""

    def __init__(self, prometheus: Prometheus) -> None:
        self.prometheus = prometheus

    def alerts(self, *states: str) -> set[str]:
        """The names of the alerts that are in one of these states: inactive, pending or firing."""
        groups = self._api("rules")["groups"]
        return {rule["name"] for group in groups for rule in group["rules"] if rule["state"] in states}

    def unwell(self) -> Mapping[str, str]:
        """Rules that Prometheus could not evaluate, with its words."""
        groups = self._api("rules")["groups"]
        return {rule["name"]: rule.get("lastError", "") for group in groups for rule in group["rules"] if _ill(rule)}

    def series(self, expression: str) -> list[dict[str, Any]]:
        """The series that an expression has now. Raises HTTPError where it is no PromQL."""
        found: list[dict[str, Any]] = self._api("query", query=expression)["result"]
        return found

    def shows(self, what: str, expression: str) -> None:
        """Wait until an expression has series."""
        wait_until(f"{what} to be shown by {expression}", lambda: bool(self.series(expression)), timeout=90)

    def until(self, names: set[str], *states: str) -> None:
        """Wait until exactly these alerts are in one of the states."""
        wait_until(f"{sorted(names)} to be {states}", lambda: self.alerts(*states) == names, timeout=90, interval=0.2)

    def _api(self, what: str, **query: str) -> Any:
        place = f"{urlsplit(self.prometheus.url).netloc}/api/v1/{what}?{urlencode(query)}"
        with urllib.request.urlopen(f"http://{place}", timeout=10) as answer:
            return json.load(answer)["data"]


@contextmanager
def observing(folder: Path, *targets: int) -> Iterator[Observed]:
    """A Prometheus that scrapes these local ports and evaluates the rules, both every second."""
    folder.mkdir(parents=True, exist_ok=True)
    rules = folder / "rules.yaml"
    rules.write_text(hurried())
    scrape = {"job_name": "forestall", "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in targets]}]}
    prometheus = Prometheus(folder, host.free_ports(1)[0], [scrape], rule_files=[rules])
    prometheus.start()
    try:
        yield Observed(prometheus)
    finally:
        prometheus.stop()


def _ill(rule: Mapping[str, Any]) -> bool:
    return rule.get("health") not in {"ok", "unknown"}
