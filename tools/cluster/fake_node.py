"""A node in name only: the API server takes it for a ready one, as long as it gives signs of life."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from kubernetes import client, config
from urllib3.exceptions import HTTPError

from tools.cluster.process import wait_until

LEASE_SECONDS = 15
"""How long a node counts as alive after its last sign of life."""

SIGN_OF_LIFE = 4.0
"""Seconds between two of them."""

SIZE = {"cpu": "64", "memory": "64Gi", "pods": "500", "ephemeral-storage": "64Gi"}


class FakeNode:
    """A registered node that renews its Lease; a context manager that ends with the node deleted.

    `core` is the API that the node speaks to the cluster by.
    """

    def __init__(self, kubeconfig: Path, name: str) -> None:
        self.name = name
        api = config.new_client_from_config(config_file=str(kubeconfig))
        self.core, self._leases = client.CoreV1Api(api), client.CoordinationV1Api(api)
        self._silent = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True)

    def __enter__(self) -> Self:
        labels = {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux"}
        self.core.create_node(client.V1Node(metadata=client.V1ObjectMeta(name=self.name, labels=labels)))
        ready = {"type": "Ready", "status": "True", "reason": "Registered", "lastHeartbeatTime": now()}
        status = {"capacity": SIZE, "allocatable": SIZE, "conditions": [ready]}
        self.core.patch_node_status(self.name, {"status": status})
        lease = client.V1Lease(
            metadata=client.V1ObjectMeta(name=self.name),
            spec=client.V1LeaseSpec(holder_identity=self.name, lease_duration_seconds=LEASE_SECONDS),
        )
        self._leases.create_namespaced_lease("kube-node-lease", lease)
        self._sign()
        self._thread.start()
        wait_until(f"node {self.name} to take pods", self._takes_pods)
        return self

    def __exit__(self, *exc: object) -> None:
        self.fall_silent()
        self._leases.delete_namespaced_lease(self.name, "kube-node-lease")
        self.core.delete_node(self.name)

    def fall_silent(self) -> None:
        """Give no further sign of life: the node is NotReady after the grace period."""
        self._silent.set()
        self._thread.join()

    def _takes_pods(self) -> bool:
        return not self.core.read_node(self.name).to_dict()["spec"]["taints"]

    def _sign(self) -> None:
        sign = {"spec": {"renewTime": now()}}
        self._leases.patch_namespaced_lease(self.name, "kube-node-lease", sign)

    def _renew(self) -> None:
        while not self._silent.wait(SIGN_OF_LIFE):
            # During an outage of the API server a node tries again and again.
            with suppress(client.ApiException, HTTPError):
                self._sign()


def now() -> str:
    """Return the time as the API server writes it, to the microsecond."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def pod_status(pod: Mapping[str, Any], phase: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a node says of a pod: its phase and that each container is in `state`, ready if running."""
    ready = "running" in state
    common = {"imageID": "", "restartCount": 0, "ready": ready, "started": ready, "state": state}
    containers = [{"name": c["name"], "image": c["image"], **common} for c in pod["spec"]["containers"]]
    conditions = [{"type": kind, "status": str(ready)} for kind in ("Initialized", "ContainersReady", "Ready")]
    return {"phase": phase, "containerStatuses": containers, "conditions": conditions}
