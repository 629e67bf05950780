"""Objects that show signs, and what the checks make of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from forestall.api.inspectionpolicy import Check
from forestall.inspection.checks.catalogue import symptoms
from forestall.inspection.checks.symptom import Scene, Symptom
from forestall.ports import Json
from tests.unit.inspection.scenes import NOW
from tests.unit.twin.objects import SHOP, nodes, pod, snapshot


def found(check: Check, cluster: Sequence[Json], *causes: Check) -> tuple[Symptom, ...]:
    """What the check finds, beside others that may explain it; the cluster gets three nodes if it has none."""
    has_nodes = any(item["kind"] == "Node" for item in cluster)
    view = snapshot([*([] if has_nodes else nodes()), *cluster])
    return symptoms((check, *causes), Scene(view, SHOP, NOW))[check]


def one(check: Check, cluster: Sequence[Json], *causes: Check) -> Symptom:
    (symptom,) = found(check, cluster, *causes)
    return symptom


def since(seconds: float) -> str:
    """The text of a time before NOW."""
    return (NOW - timedelta(seconds=seconds)).isoformat()


def running(seconds: float) -> Json:
    """The state of a container that has run for so long."""
    return {"running": {"startedAt": since(seconds)}}


def waiting(reason: str, message: str = "") -> Json:
    return {"waiting": {"reason": reason, "message": message}}


def end(reason: str = "Error", code: int = 1) -> Json:
    """A state of a container that ended a second after its start."""
    times = {"startedAt": "2029-12-31T00:00:00Z", "finishedAt": "2029-12-31T00:00:01Z"}
    return {"terminated": {"reason": reason, "exitCode": code, **times}}


def ailing(name: str = "web-1-9", *, spec: Json | None = None, **status: Any) -> Json:
    """A pod of `web` that is not ready, with that status of its container."""
    return pod(name, "a", ready=False, status=status, **(spec or {}))


def kept(pod: Json, kind: str, name: str = "web") -> Json:
    """The pod, as a workload of that kind keeps it."""
    owner = {"kind": kind, "name": name, "controller": True}
    return {**pod, "metadata": {**pod["metadata"], "ownerReferences": [owner]}}


def crashing(name: str = "web-1-9", *, reason: str = "Error", code: int = 1, **status: Any) -> Json:
    """A pod of `web` whose container waits after its third end."""
    state = {"restartCount": 2, "state": waiting("CrashLoopBackOff", "back-off 20s"), "lastState": end(reason, code)}
    return ailing(name, **{**state, **status})
