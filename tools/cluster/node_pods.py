"""What a node says of the pods bound to it, and how it hears of them."""

import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from kubernetes import client

from tools.cluster.rest import STRATEGIC, Json, Rest, follow


class NodePods:
    """The pods bound to nodes of these names, until `closing`; what is said of them outlives outages."""

    def __init__(self, rest: Rest, nodes: Collection[str], closing: threading.Event) -> None:
        self._rest, self._nodes, self._closing = rest, frozenset(nodes), closing

    def follow(self) -> Iterator[Json]:
        """Yield each pod as it is now and at every change; after an interruption all of them again."""
        selector = {"field_selector": f"spec.nodeName={next(iter(self._nodes))}"} if len(self._nodes) == 1 else {}
        pods = client.CoreV1Api(self._rest.client).list_pod_for_all_namespaces
        for pod in follow(pods, self._closing, **selector):
            if pod["spec"].get("nodeName") in self._nodes:
                yield pod

    def report(self, pod: Json, phase: str, state: Json) -> None:
        """Say that the pod is in that phase and each of its containers in that state."""
        status = {"status": pod_status(pod, phase, state)}
        self._rest.insist(self._closing, "PATCH", f"{path_of(pod)}/status", status, content=STRATEGIC)

    def refuse(self, pod: Json) -> None:
        """Say that the pod's image cannot be had."""
        for reason in ("ErrImagePull", "ImagePullBackOff"):
            self.report(pod, "Pending", {"waiting": {"reason": reason, "message": "no such image here"}})

    def run(self, pod: Json) -> None:
        """Say that the pod runs and is ready."""
        self.report(pod, "Running", {"running": {"startedAt": now()}})

    def remove(self, pod: Json) -> None:
        """Say that nothing of the pod is left."""
        self._rest.insist(self._closing, "DELETE", path_of(pod), {"gracePeriodSeconds": 0})


def path_of(pod: Json) -> str:
    """Return where the API server has the pod."""
    return f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"


def now() -> str:
    """Return the time as the API server writes it, to the microsecond."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def pod_status(pod: Mapping[str, Any], phase: str, state: Mapping[str, Any]) -> Json:
    """Return what a node says of a pod: its phase and that each container is in `state`, ready if running."""
    ready = "running" in state
    common = {"imageID": "", "restartCount": 0, "ready": ready, "started": ready, "state": state}
    containers = [{"name": c["name"], "image": c["image"], **common} for c in pod["spec"]["containers"]]
    conditions = [{"type": kind, "status": str(ready)} for kind in ("Initialized", "ContainersReady", "Ready")]
    return {"phase": phase, "containerStatuses": containers, "conditions": conditions}
