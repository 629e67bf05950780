"""Nodes in name only: the API server takes them for ready ones, as long as they give signs of life.

As a program, it is the nodes of one call of `add_fake_nodes`, which also say of their pods that they run.
"""

import argparse
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Self

from tools.cluster.node_pods import NodePods, now
from tools.cluster.process import wait_until
from tools.cluster.rest import MERGE, OUTAGE, STRATEGIC, Json, Refused, Rest

LEASE_SECONDS = 15
"""How long a node counts as alive after its last sign of life."""

SIGN_OF_LIFE = 4.0
"""Seconds between two of them."""

BATCH = 10
"""Signs of life given at once; the batches are spread over the time between two signs."""

SIZE = {"cpu": "64", "memory": "64Gi", "pods": "500", "ephemeral-storage": "64Gi"}
NODES = "/api/v1/nodes"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


class FakeNodes:
    """Registered nodes that renew their Leases, all by one thread; a context manager that ends with them deleted."""

    def __init__(self, rest: Rest, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._rest = rest
        self._silent = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        for name in self.names:
            self._rest.ask("POST", NODES, _node(name))
            self._rest.ask("POST", LEASES, _lease(name))
        self._thread.start()
        wait_until("the fake nodes to take pods", self._take_pods, interval=0.2)
        return self

    def __exit__(self, *exc: object) -> None:
        self.fall_silent()
        for name in self.names:
            self._rest.ask("DELETE", f"{LEASES}/{name}")
            self._rest.ask("DELETE", f"{NODES}/{name}")

    def fall_silent(self) -> None:
        """Give no further sign of life: the nodes are NotReady after the grace period."""
        self._silent.set()
        self._thread.join()

    def _take_pods(self) -> bool:
        with suppress(*OUTAGE, Refused):
            return all(takes_pods(node) for node in self._own())
        return False

    def _own(self) -> list[Json]:
        """The nodes as the API server has them."""
        wanted = frozenset(self.names)
        return [node for node in self._rest.ask("GET", NODES)["items"] if node["metadata"]["name"] in wanted]

    def _live(self) -> None:
        batches = [self.names[start : start + BATCH] for start in range(0, len(self.names), BATCH)]
        while True:
            for batch in batches:
                if self._silent.wait(SIGN_OF_LIFE / len(batches)):
                    return
                with suppress(*OUTAGE):  # of the API server: a node tries again and again
                    self._sign(batch)
            with suppress(*OUTAGE, Refused):
                self._contradict()

    def _sign(self, names: Sequence[str]) -> None:
        for name in names:
            self._rest.send("PATCH", f"{LEASES}/{name}", {"spec": {"renewTime": now()}}, content=MERGE)

    def _contradict(self) -> None:
        """Say of every node given up, as by the controllers after an outage, that it is ready."""
        for node in self._own():
            if not is_ready(node):
                status = {"status": {"conditions": [_ready()]}}
                self._rest.send("PATCH", f"{NODES}/{node['metadata']['name']}/status", status, content=STRATEGIC)


class FakePods:
    """Says of every pod on some nodes that it runs, `delay` seconds after it was bound.

    Those of an image in `broken` are refused it instead, as on a node that finds no such image.
    """

    def __init__(self, pods: NodePods, *, delay: float, broken: Collection[str], closing: threading.Event) -> None:
        self._pods, self._delay, self._broken, self._closing = pods, delay, frozenset(broken), closing
        self._due: SimpleQueue[tuple[float, Json]] = SimpleQueue()
        self._told: set[str] = set()

    def run(self) -> None:
        """Follow the pods until the closing."""
        teller = threading.Thread(target=self._tell, daemon=True)
        teller.start()
        for pod in self._pods.follow():
            self._on_pod(pod)
        teller.join()

    def _on_pod(self, pod: Json) -> None:
        leaves = "deletionTimestamp" in pod["metadata"]
        news = f"{pod['metadata']['uid']} {'leaves' if leaves else 'comes'}"
        if news in self._told or (not leaves and pod["status"]["phase"] != "Pending"):
            return
        self._told.add(news)
        self._due.put((time.monotonic() + (0 if leaves else self._delay), pod))

    def _tell(self) -> None:
        while not self._closing.is_set():
            with suppress(Empty):
                due, pod = self._due.get(timeout=1.0)
                self._closing.wait(max(due - time.monotonic(), 0.0))
                self._answer(pod)

    def _answer(self, pod: Json) -> None:
        if "deletionTimestamp" in pod["metadata"]:
            self._pods.remove(pod)
        elif any(container["image"] in self._broken for container in pod["spec"]["containers"]):
            self._pods.refuse(pod)
        else:
            self._pods.run(pod)


def takes_pods(node: Json) -> bool:
    """Say whether the scheduler may bind pods to the node."""
    return is_ready(node) and not node["spec"].get("taints")


def is_ready(node: Json) -> bool:
    """Say whether the node's condition Ready is True."""
    conditions = node["status"].get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _ready() -> Json:
    return {"type": "Ready", "status": "True", "reason": "Registered", "lastHeartbeatTime": now()}


def _node(name: str) -> Json:
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {"capacity": SIZE, "allocatable": SIZE, "conditions": [_ready()]},
    }


def _lease(name: str) -> Json:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now()},
    }


def main() -> None:
    """Be so many nodes until killed, with the cluster."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kubeconfig", type=Path)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--broken", action="append", default=[])
    chosen = parser.parse_args()
    closing = threading.Event()
    with FakeNodes(Rest(chosen.kubeconfig), chosen.names):
        pods = NodePods(Rest(chosen.kubeconfig), chosen.names, closing)
        FakePods(pods, delay=chosen.delay, broken=chosen.broken, closing=closing).run()


if __name__ == "__main__":
    main()
