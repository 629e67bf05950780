"""What the reconcilers share: ports, store, queue, twins, and what the last inspection of each policy said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from forestall.api.base import Key
from forestall.inspection.report import Report
from forestall.ports import Clock, Kube, Measurement, Notifier
from forestall.runtime.queue import WorkQueue
from forestall.runtime.settings import Settings
from forestall.runtime.store import Store
from forestall.runtime.telemetry import Metrics
from forestall.runtime.twins import Twins
from forestall.twin.views import Snapshot


@dataclass(frozen=True, slots=True)
class Pass:
    """One complete inspection of one policy."""

    at: datetime
    generation: int
    snapshot: Snapshot
    measurements: Mapping[str, Measurement]
    report: Report


@dataclass
class Context:
    """Everything a reconciler may use. One for each process, made by the wiring."""

    settings: Settings
    kube: Kube
    clock: Clock
    notifier: Notifier
    metrics: Metrics
    store: Store
    queue: WorkQueue[Key]
    twins: Twins
    passes: dict[Key, Pass] = field(default_factory=dict)
    """The last inspection of each policy, by the policy's key."""
    enforced: bool = False
    """Whether the API server was last seen to refuse a forged approval."""
