"""The API tier: etcd, API server, controller-manager and scheduler on loopback, without root, without nodes."""

import hashlib
import http.client
import json
import ssl
import time
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Self

from tools.cluster import build, control_plane, pki
from tools.cluster.base import Base
from tools.cluster.host import free_ports
from tools.cluster.process import Process, State, start, stop, wait_until

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


class ApiTier(Base):
    """A real control plane: everything but the running of pods."""

    tier = "api"
    remedy = "start the node tier (root on Linux), or name a cluster of yours in FORESTALL_KUBECONFIG"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._state = State(folder)
        self._pki = pki.Pki(folder / "pki")

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig: a client certificate in `system:masters`."""
        return self.folder / "admin.kubeconfig"

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
        self._state.remove()

    def processes(self) -> list[Process]:
        """Return the cluster's processes, etcd first."""
        return self._state.processes()

    def user_kubeconfig(self, name: str, groups: Sequence[str] = ()) -> Path:
        """Return the kubeconfig of a person, by a client certificate; made once per name and groups."""
        digest = hashlib.sha256(json.dumps([name, *groups]).encode()).hexdigest()[:16]
        path = self.folder / "users" / f"{digest}.kubeconfig"
        if not path.exists():
            self._write_kubeconfig(path, self._pki.issue(f"user-{digest}", name, groups))
        return path

    def run(self, name: str, argv: Sequence[str | Path], log: Path) -> Process:
        """Start a further process as part of the cluster: it ends with it, also after a crash."""
        return self._state.record(start(name, argv, log=log, cwd=self.folder))

    def stop_apiserver(self) -> None:
        """End the API server: an outage, until `start_apiserver`."""
        for process in self._state.processes():
            if process.name == "kube-apiserver":
                stop(process, grace=1.0)  # an outage does not wait for open watches

    def start_apiserver(self) -> None:
        """Start the API server on its port and return when it is ready."""
        ports = self._state.get("ports")
        args = control_plane.apiserver_args(
            self._pki,
            bind="127.0.0.1",
            advertise="127.0.0.1",
            port=ports["apiserver"],
            etcd_port=ports["etcd"],
            hosts=HOSTS,
        )
        self._start(build.binary("kubernetes"), args)
        wait_until("the API server to be ready", lambda: self._answers("/readyz"), alive_also=self.processes())

    def restart_apiserver(self) -> None:
        """Stop the API server, start it again and return when it is ready."""
        self.stop_apiserver()
        self.start_apiserver()

    def _start_all(self, kubernetes: Path) -> None:
        etcd, peer, apiserver = free_ports(3)
        self._state.set("ports", {"etcd": etcd, "apiserver": apiserver})
        self._start(
            kubernetes,
            control_plane.etcd_args(data=self.folder / "etcd", client_port=etcd, peer_port=peer),
        )
        admin = self._pki.issue("admin", "forestall-test-admin", ("system:masters",))
        self._write_kubeconfig(self.kubeconfig, admin)
        self.start_apiserver()
        # Not before: they would meet a closed door and come back seconds later.
        manager = self._component_kubeconfig("kube-controller-manager")
        self._start(kubernetes, control_plane.controller_manager_args(self._pki, kubeconfig=manager))
        scheduler = self._component_kubeconfig("kube-scheduler")
        self._start(kubernetes, control_plane.scheduler_args(kubeconfig=scheduler))
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        wait_until("the service account `default`", lambda: self._answers(account), alive_also=self.processes())

    def _start(self, kubernetes: Path, args: list[str]) -> None:
        log = self.folder / "logs" / f"{args[0]}.log"
        self.run(args[0], [kubernetes, *args], log)

    def _component_kubeconfig(self, component: str) -> Path:
        path = self.folder / f"{component}.kubeconfig"
        return self._write_kubeconfig(path, self._pki.issue(component, f"system:{component}"))

    def _write_kubeconfig(self, path: Path, cert: pki.Certificate) -> Path:
        return pki.kubeconfig(path, server=self._server, ca=self._pki.ca(), cert=cert)

    @property
    def _server(self) -> str:
        return f"https://127.0.0.1:{self._state.get('ports')['apiserver']}"

    def _answers(self, path: str) -> bool:
        """Say whether the API server serves the administrator what is at `path`."""
        context = ssl.create_default_context(cafile=self._pki.ca())
        admin = self._pki.issue("admin", "forestall-test-admin", ("system:masters",))
        context.load_cert_chain(admin.cert, admin.key)
        port = self._state.get("ports")["apiserver"]
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
