"""The nodes of one cluster as machines: made, joined to the cluster, ended, removed without a trace."""

import json
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from tools.cluster import (
    build,
    containerd,
    control_groups,
    control_plane,
    dns,
    image_store,
    images,
    kubelet,
    network,
    pki,
    system_packages,
)
from tools.cluster.api_tier import HOSTS
from tools.cluster.marked import mark
from tools.cluster.namespaces import Namespaces
from tools.cluster.node import HUB, HUB_ADDRESS, Node, control_group_prefix
from tools.cluster.oci import Image
from tools.cluster.pki import Certificate, Pki
from tools.cluster.process import Process, State, wait_until

PROGRAMS = (
    "kubernetes",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
    "bridge",
    "host-local",
    "loopback",
    "portmap",
    "coredns",
)

API_PORT = 443
SERVER = f"https://{HUB_ADDRESS}:{API_PORT}"
"""The API server as nodes and pods reach it."""


class Nodes:
    """The nodes of the cluster in `folder`, recorded in `state`; their certificates are of `authority`."""

    def __init__(self, folder: Path, state: State, authority: Pki) -> None:
        self._folder = folder
        self._state = state
        self._pki = authority

    @property
    def hub(self) -> Namespaces:
        """The namespaces of the node with the control plane."""
        return self.inside(self.node(HUB))

    def node(self, number: int) -> Node:
        """Return the node of that number, there or not."""
        return Node(number, self._folder)

    def known(self) -> list[Node]:
        """Return the nodes that were ever started, running or not."""
        return [self.node(number) for number in self._state.get("nodes") or []]

    def named(self, name: str) -> Node:
        """Return the node of that name. Raises KeyError where none was ever started."""
        found = [node for node in self.known() if node.name == name]
        if not found:
            raise KeyError(f"no node {name!r}: there are {', '.join(node.name for node in self.known())}")
        return found[0]

    def running(self) -> list[Node]:
        """Return the nodes whose namespaces exist."""
        return [node for node in self.known() if self.inside(node).alive]

    def inside(self, node: Node) -> Namespaces:
        """Return the node's namespaces, there or not."""
        return Namespaces(node, self._state, self._environment)

    def processes(self, node: Node) -> list[Process]:
        """Return the recorded processes of the node."""
        return [one for one in self._state.processes() if one.name.startswith(f"{node.name}/")]

    def furnish(self, preloaded: Sequence[Image]) -> None:
        """Provide what every node needs: the programs, `preloaded` images and the image of pods' first container."""
        self._programs.mkdir()
        for name in PROGRAMS:
            (self._programs / name).symlink_to(build.binary(name))
        self._state.set("images", [_record(image) for image in (images.pause_image(), *preloaded)])

    def prepare(self, node: Node) -> None:
        """Make the node's namespaces and network and start containerd: all that needs no API server."""
        self._state.set("nodes", sorted({*(known.number for known in self.known()), node.number}))
        control_groups.make(node.control_group)
        inside = self.inside(node)
        inside.create(images.pause_program())
        if node.number == HUB:
            network.make_hub(inside)
        else:
            network.tie(self.hub, inside)
        image_store.provide(containerd.store(node), self._images(), self._programs)
        _write(containerd.network_folder(node) / "10-pods.conflist", containerd.network(node))
        config = _write(node.folder / "containerd.toml", containerd.config(node, self._programs))
        self._start(inside, "containerd", [str(self._programs / "containerd"), f"--config={config}"])

    def join(self, node: Node) -> None:
        """Start the node's kubelet and kube-proxy."""
        self._await_containerd(self.inside(node))
        cert = self._pki.issue(
            f"kubelet-{node.name}", f"system:node:{node.name}", ("system:nodes",), (node.name, node.address)
        )
        _write(node.folder / "resolv.conf", kubelet.RESOLV_CONF)
        settings = kubelet.kubelet_config(node, self._pki.ca(), cert)
        config = _write(node.folder / "kubelet.yaml", json.dumps(settings))
        identity = self.kubeconfig(f"kubelet-{node.name}", cert)
        self.start(node, kubelet.kubelet_args(node, config, identity))
        settings = kubelet.proxy_config(node, self.component("kube-proxy"))
        config = _write(node.folder / "kube-proxy.yaml", json.dumps(settings))
        self.start(node, ["kube-proxy", f"--config={config}"])

    def start_control_plane(self) -> None:
        """Start etcd and the API server on the hub."""
        etcd_port, peer_port = 2379, 2380  # nothing else lives in the hub's network
        etcd = control_plane.etcd_args(data=self._folder / "etcd", client_port=etcd_port, peer_port=peer_port)
        apiserver = control_plane.apiserver_args(
            self._pki,
            bind="0.0.0.0",  # noqa: S104 - of the hub's network, which nothing outside reaches
            advertise=HUB_ADDRESS,
            port=API_PORT,
            etcd_port=etcd_port,
            hosts=(*HOSTS, HUB_ADDRESS),
        )
        self.start(self.node(HUB), etcd)
        self.start(self.node(HUB), apiserver)

    def start_managers(self) -> None:
        """Start controller-manager and scheduler on the hub, once the API server is ready."""
        manager, scheduler = self.component("kube-controller-manager"), self.component("kube-scheduler")
        hub = self.node(HUB)
        managing = control_plane.controller_manager_args(self._pki, kubeconfig=manager, folder=self._folder)
        self.start(hub, managing)
        self.start(hub, control_plane.scheduler_args(kubeconfig=scheduler))

    def start_dns(self) -> None:
        """Start the cluster's DNS on the hub."""
        config = _write(self._folder / "Corefile", dns.corefile(self.component("coredns")))
        self._start(self.hub, "coredns", [str(self._programs / "coredns"), "-conf", str(config)])

    def start(self, node: Node, args: Sequence[str]) -> None:
        """Start a component of Kubernetes on the node, by its command without the program before it."""
        self._start(self.inside(node), args[0], [str(self._programs / "kubernetes"), *args])

    def add_image(self, image: Image) -> None:
        """Give an image to every node that runs, and to every one started later."""
        others = [other for other in self._images() if other.name != image.name]
        self._state.set("images", [_record(one) for one in (*others, image)])
        for node in self.running():
            self.inside(node).run(*image_store.import_command(self._programs / "ctr", image.archive))

    def stop(self, node: Node) -> None:
        """End the node and remove all that it kept."""
        self.inside(node).destroy()
        control_groups.remove(node.control_group)
        _remove_folder(node.folder)

    def remove(self) -> None:
        """Remove all that nodes kept, once no process of the cluster runs."""
        control_groups.remove(f"{control_group_prefix(self._folder)}*")
        for node in self.known():
            _remove_folder(node.folder)

    def component(self, name: str) -> Path:
        """Return the kubeconfig of the user `system:<name>`, for use on nodes."""
        return self.kubeconfig(name, self._pki.issue(name, f"system:{name}"))

    def kubeconfig(self, name: str, cert: Certificate) -> Path:
        """Return a kubeconfig called `name` for use on nodes."""
        return pki.kubeconfig(self._folder / f"{name}.kubeconfig", server=SERVER, ca=self._pki.ca(), cert=cert)

    def _await_containerd(self, inside: Namespaces) -> None:
        started = inside.process("containerd")
        listening = Path(f"/proc/{inside.pid}/root{containerd.SOCKET}")
        wait_until("containerd to listen", listening.exists, alive_also=[started] if started else [])

    def _start(self, inside: Namespaces, name: str, argv: Sequence[str]) -> None:
        inside.start(name, argv, inside.node.folder / f"{name}.log")

    def _images(self) -> list[Image]:
        return [Image(name, digest, Path(archive)) for name, digest, archive in self._state.get("images")]

    @property
    def _programs(self) -> Path:
        """Folder of links to every program, the one place in which nodes look for them."""
        return self._folder / "programs"

    @cached_property
    def _environment(self) -> dict[str, str]:
        # Whole, so that nothing of the caller's, proxies least of all, gets into a node.
        return {"PATH": f"{self._programs}:{system_packages.command_path()}", "HOME": "/root", **mark(self._folder)}


def _record(image: Image) -> list[str]:
    return [image.name, image.digest, str(image.archive)]


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _remove_folder(folder: Path) -> None:
    """Remove what a node kept; its mounts vanish a moment after its last process."""

    def removed() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    wait_until(f"{folder} to be removed", removed)
