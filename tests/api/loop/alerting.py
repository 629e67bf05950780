"""What alerts travel by: the receiver's secrets, and an Alertmanager that knows them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.api.loop.objects import Json
from tests.api.loop.process import ROOT, Operator
from tools.cluster import host
from tools.cluster.alertmanager import Alertmanager

GUIDE_HOST = "forestall-alerts.forestall-system.svc:9443"


def receiver(operator: Operator, token: Path | None = None) -> Json:
    """The guide's webhook configuration, for an operator of the tests; `token`: another one than its own."""
    (config,) = documented()[0]["receivers"][1]["webhook_configs"]
    config["url"] = config["url"].replace(GUIDE_HOST, f"127.0.0.1:{operator.alerts_port}")
    config["http_config"]["authorization"]["credentials_file"] = str(token or operator.secrets / "token")
    config["http_config"]["tls_config"]["ca_file"] = str(operator.secrets / "ca.crt")
    return dict(config)


def documented() -> list[Json]:
    """What the guide has people write in YAML: Alertmanager's configuration, and a policy."""
    blocks = (ROOT / "docs/guide/alerts.md").read_text().split("```yaml\n")[1:]
    return [yaml.safe_load(block.partition("```")[0]) for block in blocks]


@contextmanager
def alerting(folder: Path, receivers: Sequence[Json], **options: Any) -> Iterator[Alertmanager]:
    """An Alertmanager that tells those receivers."""
    server = Alertmanager(folder, host.free_ports(1)[0], receivers, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def alert(namespace: str, *, resolved: bool = False, summary: str = "orders take 9 s", **labels: str) -> Json:
    """An alert about the Deployment web, as Prometheus sends it, that began a minute ago."""
    began = datetime.now(UTC).replace(microsecond=0, second=0) - timedelta(minutes=1)
    end = {"endsAt": datetime.now(UTC).isoformat()} if resolved else {}
    named = {"alertname": "Slow", "namespace": namespace, "deployment": "web", **labels}
    return {"labels": named, "annotations": {"summary": summary}, "startsAt": began.isoformat(), **end}


def inspection(**more: Any) -> Json:
    """The part of a policy that takes over alerts called Slow."""
    matchers = [{"label": "alertname", "values": ["Slow"]}]
    target = {"kind": "Deployment", "nameLabel": "deployment"}
    return {"name": "slow", "alert": {"matchers": matchers, "target": target, **more}}


def of_node(name: str, **labels: str) -> Json:
    """An alert about a node, which is in no namespace unless `labels` say so."""
    told = alert("")
    return {**told, "labels": {"alertname": "Slow", "node": name, **labels}}
