"""The API tier: etcd, API server, controller-manager and scheduler on loopback, without root, without nodes."""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tools.cluster import build, control_plane, fake_nodes, host, images, marked
from tools.cluster.certified import Certified
from tools.cluster.process import Process, start, stop, wait_until

HOSTS = (
    "localhost",
    "127.0.0.1",
    "10.96.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)
"""Names and addresses that the API server's certificate is for."""


COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""Processes without which there is no cluster."""


class ApiTier(Certified):
    """A real control plane: everything but the running of pods."""

    tier = "api"
    remedy = "start the node tier (root on Linux), or name a cluster of yours in FORESTALL_KUBECONFIG"

    @property
    def api_port(self) -> int:
        """The loopback port that the API server listens on. Raises host.Missing where there is no cluster."""
        ports = self._state.get("ports")
        if ports is None:
            raise host.Missing(f"no cluster in {self.folder}: start one by `python -m tools.cluster up api`")
        return int(ports["apiserver"])

    def up(self) -> Self:
        """Remove what an earlier run left in the folder, start, and return when the cluster is ready."""
        self.down()
        self._state.create()
        kubernetes = build.binary("kubernetes")
        began = time.monotonic()
        try:
            self._start_all(kubernetes)
        except BaseException:
            self.down()
            raise
        print(f"api tier: ready in {time.monotonic() - began:.1f} s")
        return self

    def down(self) -> None:
        """End every process and remove the folder; nothing happens the second time."""
        # In reverse: once etcd is gone, the API server does not heed SIGTERM any more.
        for process in reversed(self._state.processes()):
            stop(process, grace=2.0)  # there is nothing to save
        # One that was started but not written down any more, because its starter was killed in between.
        marked.end_all(self.folder)
        self._state.remove()

    def processes(self) -> list[Process]:
        """Return the cluster's processes, etcd first."""
        return self._state.processes()

    def run(self, name: str, argv: Sequence[str | Path], log: Path) -> Process:
        """Start a further process as part of the cluster: it ends with it, also after a crash."""
        environment = {**os.environ, **marked.mark(self.folder)}
        return self._state.record(start(name, argv, log=log, cwd=self.folder, env=environment))

    def add_fake_nodes(self, count: int, *, delay: float = 0.0, broken: Sequence[str] = ()) -> list[str]:
        """Add so many nodes in name only and return their names when pods may be bound to them.

        One process is all of them: it says of each pod there that it runs, `delay` seconds after it was bound,
        and of those of an image in `broken` that this cannot be had. Nothing runs.
        """
        first = 1 + sum(name.startswith("fake-") for name in self.nodes())
        names = [f"fake-{number}" for number in range(first, first + count)]
        program = ["env", f"PYTHONPATH={images.ROOT}", sys.executable, "-m", "tools.cluster.fake_nodes"]
        options = [f"--delay={delay}", *(f"--broken={image}" for image in broken)]
        name = f"fake-nodes-{first}"
        nodes = self.run(name, [*program, *options, self.kubeconfig, *names], self.folder / "logs" / f"{name}.log")
        wait_until(f"{count} fake nodes to take pods", lambda: self._taking(names), interval=0.2, alive_also=[nodes])
        return names

    def stop_apiserver(self) -> None:
        """End the API server: an outage, until `start_apiserver`."""
        for process in self._state.processes():
            if process.name == "kube-apiserver":
                stop(process, grace=1.0)  # an outage does not wait for open watches

    def start_apiserver(self) -> None:
        """Start the API server on its port and return when it is ready."""
        args = control_plane.apiserver_args(
            self._pki,
            bind="127.0.0.1",
            advertise="127.0.0.1",
            port=self.api_port,
            etcd_port=self._state.get("ports")["etcd"],
            hosts=HOSTS,
        )
        self._start(build.binary("kubernetes"), args)
        wait_until("the API server to be ready", lambda: self.get("/readyz") == "ok", alive_also=self._components())

    def restart_apiserver(self) -> None:
        """Stop the API server, start it again and return when it is ready."""
        self.stop_apiserver()
        self.start_apiserver()

    def _taking(self, names: Sequence[str]) -> bool:
        nodes = (self.get(fake_nodes.NODES) or {"items": []})["items"]
        return {node["metadata"]["name"] for node in nodes if fake_nodes.takes_pods(node)} >= set(names)

    def _start_all(self, kubernetes: Path) -> None:
        etcd, peer, apiserver = host.free_ports(3)
        self._state.set("ports", {"etcd": etcd, "apiserver": apiserver})
        self._start(
            kubernetes,
            control_plane.etcd_args(data=self.folder / "etcd", client_port=etcd, peer_port=peer),
        )
        self.start_apiserver()
        # Not before: they would meet a closed door and come back seconds later.
        manager = self._component_kubeconfig("kube-controller-manager")
        managing = control_plane.controller_manager_args(self._pki, kubeconfig=manager, folder=self.folder)
        self._start(kubernetes, managing)
        scheduler = self._component_kubeconfig("kube-scheduler")
        self._start(kubernetes, control_plane.scheduler_args(kubeconfig=scheduler))
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        wait_until(
            "the service account `default`", lambda: self.get(account) is not None, alive_also=self._components()
        )

    def _components(self) -> list[Process]:
        return [process for process in self.processes() if process.name in COMPONENTS]

    def _start(self, kubernetes: Path, args: list[str]) -> None:
        log = self.folder / "logs" / f"{args[0]}.log"
        self.run(args[0], [kubernetes, *args], log)

    def _component_kubeconfig(self, component: str) -> Path:
        path = self.folder / f"{component}.kubeconfig"
        certificate = self._pki.issue(component, f"system:{component}")
        return self._write_kubeconfig(path, certificate, self._local_server)
