"""Configuration of containerd and of the pod network, for a node and for the making of an image store."""

import json
from pathlib import Path

from tools.cluster.images import PAUSE
from tools.cluster.node import Node

SOCKET = "/run/containerd/containerd.sock"
"""In a private /run, so that it is the same in every node."""

NAMESPACE = "k8s.io"
"""Where containerd keeps what a kubelet asks for."""

OFF = ("io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp")
"""Plugins of no use here; the first would write to the host's /opt."""

NO_PODS = ("io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime")
"""Plugins that serve a kubelet, which a store in the making has none of."""


def store_config(root: Path) -> str:
    """Return the configuration of a containerd that only keeps images, below `root`."""
    return _common(root, (*OFF, *NO_PODS))


def config(node: Node, programs: Path) -> str:
    """Return the configuration of a node's containerd; `programs` is the folder of runc and the plugins."""
    images, runtime = '[plugins."io.containerd.cri.v1.images"', '[plugins."io.containerd.cri.v1.runtime"'
    return f"""{_common(store(node), OFF)}
{images}]
snapshotter = "overlayfs"
{images}.pinned_images]
sandbox = "{PAUSE}"

{runtime}]
# Where scores cannot be lowered, a sandbox that tries to is never born.
restrict_oom_score_adj = true
disable_apparmor = true
disable_hugetlb_controller = true
tolerate_missing_hugetlb_controller = true
{runtime}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
{runtime}.containerd.runtimes.runc.options]
BinaryName = {json.dumps(str(programs / "runc"))}
SystemdCgroup = false
{runtime}.cni]
bin_dirs = [{json.dumps(str(programs))}]
conf_dir = {json.dumps(str(network_folder(node)))}
"""


def network(node: Node) -> str:
    """Return the configuration of the network plugins: a bridge, addresses from the node's range of pods."""
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": node.pods}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge, ports]}, indent=1)


def store(node: Node) -> Path:
    """Return the folder of the node's images and containers."""
    return node.folder / "containerd"


def network_folder(node: Node) -> Path:
    """Return the folder of the network plugins' configuration."""
    return node.folder / "cni"


def _common(root: Path, disabled: tuple[str, ...]) -> str:
    return f"""version = 3
root = {json.dumps(str(root))}
state = "/run/containerd"
disabled_plugins = {json.dumps(disabled)}
[grpc]
address = "{SOCKET}"
"""
