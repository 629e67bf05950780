"""`Notifier` as Kubernetes Events. An event is news for people; the record is the object's status."""

from __future__ import annotations

import hashlib
from typing import Literal

import structlog

from forestall.adapters.resources import EVENTS
from forestall.ports import Clock, Json, Kube, KubeError

log = structlog.get_logger(__name__)


class KubeEvents:
    """Writes one Event for each (object, reason, message); the same news twice is one Event."""

    def __init__(self, kube: Kube, clock: Clock) -> None:
        self._kube, self._clock = kube, clock

    async def event(self, involved: Json, *, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        """Record an Event. A refusal is logged and otherwise ignored."""
        metadata = involved["metadata"]
        tag = hashlib.sha256(f"{metadata['uid']}{reason}{message}".encode()).hexdigest()[:16]
        now = self._clock.now().isoformat().replace("+00:00", "Z")
        body: Json = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name'][:200]}.{tag}",
                "namespace": metadata["namespace"],
                "annotations": metadata.get("annotations", {}),
            },
            "involvedObject": {
                "apiVersion": involved["apiVersion"],
                "kind": involved["kind"],
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata["uid"],
            },
            "type": kind,
            "reason": reason,
            "message": message[:1000],
            "source": {"component": "forestall"},
            "reportingComponent": "forestall.dev/operator",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            await self._kube.create(EVENTS, metadata["namespace"], body)
        except KubeError as error:
            if error.reason != "AlreadyExists":
                log.warning("event not recorded", reason=reason, error=str(error))
