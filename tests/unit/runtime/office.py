"""A context over an API server in memory."""

from __future__ import annotations

from forestall.adapters.memory import FixedClock, MemoryKube, MemoryMetrics, MemoryNotifier
from forestall.api.base import Resource
from forestall.ports import Json
from forestall.ports import Resource as Served
from forestall.runtime.context import Context
from forestall.runtime.election import Election, Replica
from forestall.runtime.queue import WorkQueue
from forestall.runtime.settings import Settings
from forestall.runtime.store import Store
from forestall.runtime.telemetry import Metrics
from forestall.runtime.twins import Twins
from tests.unit.gates.scene import NOW

SYSTEM = "forestall-system"
SETTINGS = Settings(namespace=SYSTEM, action_image=f"forestall@sha256:{'a' * 64}", replica="a")


class Office:
    """What stands on the API server; `context` sees it through its store where it was `seen`."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW)
        self.kube = MemoryKube(self.clock)
        self.context = Context(
            settings=SETTINGS,
            kube=self.kube,
            unfenced=self.kube,
            clock=self.clock,
            notifier=MemoryNotifier(),
            metrics=Metrics(),
            store=Store(),
            queue=WorkQueue(lambda: 0.0),
            twins=Twins(
                self.kube,
                self.clock,
                metrics=lambda _: MemoryMetrics(self.clock),
                changed=lambda *_: None,
                time=lambda: 0.0,
            ),
            election=Election(self.kube, self.clock, Replica(SYSTEM, "a"), time=lambda: 0.0, elected=lambda: None),
        )

    def put(self, kind: Served, item: Resource, *, seen: bool = True) -> Json:
        """Store an object whole; without `seen` the operator has not heard of it yet."""
        body = self.kube.put(kind, item.model_dump(mode="json", by_alias=True, exclude_none=True))
        if seen:
            self.context.store.put(kind.kind, body)
        return body
