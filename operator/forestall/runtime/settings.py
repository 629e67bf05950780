"""The operator's settings, read once from the environment. The chart sets them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from forestall.inspection.sweeps import MOST_SCENARIOS


class InvalidSettingError(ValueError):
    """A variable that is missing or cannot be read; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class AlertReceiver:
    """How alerts are received: over TLS, from those who know the token."""

    port: int
    """FORESTALL_ALERTS_PORT: where to listen; 0 picks a free one. Unset: no alerts are received."""
    token: Path
    """FORESTALL_ALERTS_TOKEN: the file that holds the token."""
    certificate: Path
    """FORESTALL_ALERTS_CERTIFICATE: the folder that holds `tls.crt` and `tls.key`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs."""

    namespace: str
    """FORESTALL_NAMESPACE: the operator's own namespace."""
    action_image: str
    """FORESTALL_ACTION_IMAGE: image of action Jobs, by digest."""
    replica: str
    """FORESTALL_REPLICA: this process's name, unlike that of every other one: two of one name would both lead."""
    action_namespace: str = "forestall-actions"
    """FORESTALL_ACTION_NAMESPACE: where action Jobs run."""
    service_account: str = "forestall"
    """FORESTALL_SERVICE_ACCOUNT: the operator's account; its name proposes plans."""
    http_port: int = 8080
    """FORESTALL_HTTP_PORT: health and metrics; 0 picks a free one."""
    log_level: str = "INFO"
    """FORESTALL_LOG_LEVEL."""
    ledger: str = ""
    """FORESTALL_LEDGER: the ledger, as a path or as the URL of a PostgreSQL database. Empty: no ledger is kept."""
    alerts: AlertReceiver | None = None
    """How alerts are received; None: not at all."""
    workers: int = 16
    """FORESTALL_WORKERS: keys reconciled at the same time."""
    proposals: int = 10
    """FORESTALL_PROPOSALS: how many plans that have not ended anybody but the operator may have proposed."""
    scan_limit: int = MOST_SCENARIOS
    """FORESTALL_SCAN_LIMIT: losses of a network that this process examines itself; more are examined by Jobs."""
    scan_parallelism: int = 4
    """FORESTALL_SCAN_PARALLELISM: pods of such a scan that run at the same time."""
    tick: timedelta = timedelta(seconds=0.2)
    """Changes of the cluster are gathered for this long before policies look again."""
    retention_pause: timedelta = timedelta(seconds=60)
    """Changes are gathered for this long before it is asked what nobody needs any more."""
    probe_interval: timedelta = timedelta(seconds=60)
    """How often the approval policy is probed."""

    @property
    def user(self) -> str:
        """The name that the API server knows this operator by."""
        return f"system:serviceaccount:{self.namespace}:{self.service_account}"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment. Raises InvalidSettingError."""
    values = os.environ if environment is None else environment
    image = _required(values, "FORESTALL_ACTION_IMAGE", "the image of action Jobs, name@sha256:digest")
    if "@sha256:" not in image:
        raise InvalidSettingError(f"FORESTALL_ACTION_IMAGE is {image!r}: name the image by digest (name@sha256:…)")
    return Settings(
        namespace=_required(values, "FORESTALL_NAMESPACE", "the operator's own namespace"),
        action_image=image,
        replica=_required(values, "FORESTALL_REPLICA", "this replica's name, unlike every other one's: its pod's"),
        action_namespace=values.get("FORESTALL_ACTION_NAMESPACE", "forestall-actions"),
        service_account=values.get("FORESTALL_SERVICE_ACCOUNT", "forestall"),
        http_port=_integer(values, "FORESTALL_HTTP_PORT", 8080, least=0),
        log_level=values.get("FORESTALL_LOG_LEVEL", "INFO").upper(),
        ledger=values.get("FORESTALL_LEDGER", ""),
        alerts=_alerts(values),
        proposals=_integer(values, "FORESTALL_PROPOSALS", 10, least=0),
        workers=_integer(values, "FORESTALL_WORKERS", 16, least=1),
        scan_limit=_integer(values, "FORESTALL_SCAN_LIMIT", MOST_SCENARIOS, least=1, most=MOST_SCENARIOS),
        scan_parallelism=_integer(values, "FORESTALL_SCAN_PARALLELISM", 4, least=1),
    )


def _alerts(values: Mapping[str, str]) -> AlertReceiver | None:
    if "FORESTALL_ALERTS_PORT" not in values:
        return None
    return AlertReceiver(
        port=_integer(values, "FORESTALL_ALERTS_PORT", 0, least=0),
        token=Path(_required(values, "FORESTALL_ALERTS_TOKEN", "the file with the token of the alert receiver")),
        certificate=Path(_required(values, "FORESTALL_ALERTS_CERTIFICATE", "the folder with tls.crt and tls.key")),
    )


def _required(values: Mapping[str, str], name: str, meaning: str) -> str:
    value = values.get(name, "")
    if not value:
        raise InvalidSettingError(f"{name} is not set: it is {meaning}")
    return value


def _integer(values: Mapping[str, str], name: str, default: int, *, least: int, most: int | None = None) -> int:
    text = values.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= (int(text) if most is None else most):
        bounds = f"from {least} on" if most is None else f"from {least} to {most}"
        raise InvalidSettingError(f"{name} is {text!r}: write a whole number {bounds}")
    return int(text)
