"""The node tier: real kubelets, containerd and runc in private namespaces of this machine. Root on Linux."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from tools.cluster import (
    build,
    control_groups,
    dns,
    host,
    images,
    marked,
    namespaces,
    network,
    pki,
    pod_metrics,
    process,
)
from tools.cluster.certified import Certified
from tools.cluster.node import HUB, HUB_ADDRESS, Node
from tools.cluster.nodes import API_PORT, SERVER, Nodes
from tools.cluster.oci import Image, read_image
from tools.cluster.process import wait_until
from tools.cluster.prometheus import Prometheus

COMMANDS = ("cc", "cp", "env", "ip", "ldd", "mount", "nsenter", "openssl", "sh", "strip", "unshare")
"""What every distribution has and the tier runs."""

TOKEN_LIFE = "720h"  # noqa: S105 - a duration
"""Validity of Prometheus's token: clusters live for hours."""


def unavailable() -> str | None:
    """Say why this machine cannot run the node tier, None where it can."""
    if not host.is_root_on_linux():
        return "real nodes want root on Linux"
    try:
        host.require(*COMMANDS)
    except host.Missing as missing:
        return str(missing)
    return control_groups.unavailable() or namespaces.unavailable()


class NodeTier(Certified):
    """A cluster of two real nodes, and of as many more as are added; `node1` runs the control plane too.

    `preloaded` images are on every node from the start.
    """

    tier = "node"
    remedy = "it holds the control plane; use one of the other nodes"

    def __init__(self, folder: Path, preloaded: Sequence[Image] = ()) -> None:
        super().__init__(folder)
        self._preloaded = tuple(preloaded)
        self._nodes = Nodes(folder, self._state, self._pki)

    @property
    def api_port(self) -> int:
        """The loopback port of the forwarder to the API server."""
        return self.forward(HUB_ADDRESS, API_PORT)

    @property
    def prometheus_url(self) -> str:
        """Base URL of the cluster's own Prometheus, reachable from this machine."""
        return f"http://127.0.0.1:{self.forward(HUB_ADDRESS, pod_metrics.PORT)}"

    @property
    def prometheus_in_cluster_url(self) -> str:
        """Base URL of the same Prometheus, reachable from pods."""
        return pod_metrics.IN_CLUSTER_URL

    def up(self) -> Self:
        """Remove what an earlier run left in the folder, start, and return when the cluster is ready.

        Raises host.Missing, with the reason, where this machine cannot run nodes.
        """
        reason = unavailable()
        if reason:
            raise host.Missing(reason)
        self.down()
        self._state.create()
        try:
            self._nodes.furnish(self._preloaded)
            build.binary("prometheus")
            began = time.monotonic()
            self._start_all()
        except BaseException:
            self.down()
            raise
        print(f"node tier: two nodes ready in {time.monotonic() - began:.1f} s")
        return self

    def down(self) -> None:
        """End every process, remove groups and the folder; nothing happens the second time."""
        marked.end_all(self.folder)
        for ended in self._state.processes():
            process.alive(ended)  # buries those that this very program started
        self._nodes.remove()
        self._state.remove()

    def add_node(self) -> str:
        """Start a further node, or again the first that was stopped, and return its name when it is ready."""
        taken = {node.number for node in self._nodes.running()}
        node = self._nodes.node(min(set(range(HUB, HUB + len(taken) + 1)) - taken))
        began = datetime.now(UTC)
        self._nodes.prepare(node)
        self._nodes.join(node)
        self._wait_ready(node, since=began)
        return node.name

    def partition(self, node: str) -> None:
        """Cut the node off the network; what runs on it runs on."""
        network.cut(self._nodes.hub, self._spoke(node, "cut off"))

    def heal(self, node: str) -> None:
        """Undo `partition`."""
        network.mend(self._nodes.hub, self._spoke(node, "heal"))

    def stop_node(self, node: str) -> None:
        """End the node and everything on it at once, as a power cut would; `add_node` starts it afresh."""
        self._nodes.stop(self._spoke(node, "stop"))

    def stop_kubelet(self, node: str) -> None:
        """End the node's kubelet; its containers run on."""
        self._nodes.inside(self._nodes.named(node)).stop("kubelet")

    def load_image(self, archive: Path, name: str) -> None:
        """Make the image in an OCI archive known by `name` on every node, those added later included."""
        self._nodes.add_image(read_image(archive, name))

    def command(self, node: str, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the node's namespaces, as its root, and return its output as text."""
        return self._nodes.inside(self._nodes.named(node)).run(*argv, check=check)

    def forward(self, address: str, port: int) -> int:
        """Return a loopback port of this machine that leads to `address`:`port` as `node1` sees it.

        A Service's address will do. The same forwarder serves every call for the same target.
        """
        target = f"{address}:{port}"
        forwards = self._state.get("forwards") or {}
        if target not in forwards:
            forwards = {**forwards, target: self._start_forwarder(target)}
            self._state.set("forwards", forwards)
        return int(forwards[target])

    def start_prometheus(self) -> None:
        """Start Prometheus and return when it answers; it finds the data it had."""
        Prometheus(
            self.folder / "prometheus",
            pod_metrics.PORT,
            pod_metrics.scrape_configs(self._prometheus_kubeconfig),
            listen="0.0.0.0",  # noqa: S104 - of the hub's network, which nothing outside reaches
            url=self.prometheus_url,
            start=self._nodes.hub.start,
        ).start()

    def stop_prometheus(self) -> None:
        """End Prometheus; its data stay."""
        self._nodes.hub.stop("prometheus")

    def _start_all(self) -> None:
        nodes = [self._nodes.node(number) for number in (HUB, HUB + 1)]
        self._nodes.prepare(nodes[0])
        self._nodes.start_control_plane()
        self._nodes.prepare(nodes[1])
        self._wait_for("/readyz", "the API server to be ready")
        # Not before: they would meet a closed door and come back seconds later.
        self._nodes.start_managers()
        for node in nodes:
            self._nodes.join(node)
        self._nodes.start_dns()
        self._furnish()
        self.start_prometheus()
        for node in nodes:
            self._wait_ready(node)
        self._wait_for("/api/v1/namespaces/default/serviceaccounts/default", "the service account `default`")
        self._wait_for_dns()

    @property
    def _prometheus_kubeconfig(self) -> Path:
        return self.folder / "prometheus.kubeconfig"

    def _furnish(self) -> None:
        """Make the objects of DNS and Prometheus, and the credentials of the latter."""
        whole = {"apiVersion": "v1", "kind": "List", "items": [*dns.OBJECTS, *pod_metrics.RIGHTS]}
        self.kubectl("apply", "-f", "-", input=json.dumps(whole))
        account = ("-n", pod_metrics.NAMESPACE, pod_metrics.ACCOUNT)
        token = self.kubectl("create", "token", *account, f"--duration={TOKEN_LIFE}").stdout.strip()
        pki.kubeconfig(self._prometheus_kubeconfig, server=SERVER, ca=self._pki.ca(), token=token)

    def _wait_for(self, path: str, what: str) -> None:
        watched = self._nodes.processes(self._nodes.node(HUB))
        wait_until(what, lambda: self.get(path) is not None, alive_also=watched)

    def _wait_for_dns(self) -> None:
        hub = self._nodes.hub
        wait_until("DNS to answer", lambda: dns.answers(hub.pid), alive_also=self._nodes.processes(hub.node))

    def _wait_ready(self, node: Node, since: datetime | None = None) -> None:
        """Wait until the node is ready, by a sign of life later than `since`."""
        after = since.strftime("%Y-%m-%dT%H:%M:%SZ") if since else ""

        def ready() -> bool:
            found = self.get(f"/api/v1/nodes/{node.name}") or {"status": {}}
            conditions = found["status"].get("conditions", [])
            return any(
                one["type"] == "Ready" and one["status"] == "True" and one["lastHeartbeatTime"] > after
                for one in conditions
            )

        wait_until(f"{node.name} to be ready", ready, alive_also=self._nodes.processes(node))

    def _start_forwarder(self, target: str) -> int:
        port = host.free_ports(1)[0]
        argv = [sys.executable, "-m", "tools.cluster.forward", str(self._nodes.hub.pid), str(port), target]
        environment = {**os.environ, "PYTHONPATH": str(images.ROOT), **marked.mark(self.folder)}
        log = self.folder / "forward.log"
        started = process.start(f"forward/{target}", argv, log=log, env=environment)
        self._state.record(started)
        wait_until(f"the forwarder to {target}", lambda: _accepts(port), alive_also=[started])
        return port

    def _spoke(self, name: str, verb: str) -> Node:
        node = self._nodes.named(name)
        if node.number == HUB:
            raise self._unsupported(f"{verb} {name}")
        return node


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
