"""What alerts travel by: the receiver's secrets, and an Alertmanager that knows them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.api.loop.objects import Json
from tests.api.loop.process import Operator
from tools.cluster import host
from tools.cluster.alertmanager import Alertmanager


def receiver(operator: Operator, token: Path | None = None) -> Json:
    """The `webhook_configs` of Alertmanager for an operator; `token`: another one than its own."""
    secrets = operator.secrets
    return {
        "url": f"https://127.0.0.1:{operator.alerts_port}/alerts",
        "http_config": {
            "authorization": {"credentials_file": str(token or secrets / "token")},
            "tls_config": {"ca_file": str(secrets / "ca.crt")},
        },
    }


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
