"""The network between nodes: a bridge in the hub's namespace, to which every other node is tied.

The bridge has the address of the Service `kubernetes` too, so that the API server, which runs there, *is*
that Service: clients in pods reach it before any proxy has done its work.
"""

import subprocess

from tools.cluster.control_plane import SERVICE_RANGE
from tools.cluster.namespaces import Namespaces, network_of
from tools.cluster.node import API_SERVICE_ADDRESS, HUB_ADDRESS, POD_RANGE, Node

BRIDGE = "nodes"
UPLINK = "eth0"
"""Name of a node's own end of its tie."""

HUB = f"""set -e
ip link add {BRIDGE} type bridge
ip address add {HUB_ADDRESS}/24 dev {BRIDGE}
ip address add {API_SERVICE_ADDRESS}/32 dev {BRIDGE}
ip link set {BRIDGE} up
ip route replace {SERVICE_RANGE} dev {BRIDGE} src {HUB_ADDRESS}
"""
"""The route gives connections from the node itself to a Service a way out, on which the proxy rewrites them."""

SPOKE = """set -e
ip address add {address}/24 dev {uplink}
ip link set {uplink} up
ip route replace {pods} via {hub}
ip route replace {services} dev {uplink} src {address}
ip route replace {api}/32 via {hub}
"""

TIE = """set -e
ip link set {port} master {bridge} up
ip route replace {pods} via {address}
"""


def make_hub(hub: Namespaces) -> None:
    """Make the bridge in the hub's network."""
    hub.shell(HUB)


def tie(hub: Namespaces, spoke: Namespaces) -> None:
    """Tie a fresh node's network to the hub's bridge, with routes both ways."""
    node = spoke.node
    # An earlier node of that number may be gone and its end of the tie not yet.
    hub.run("ip", "link", "delete", _port(node), check=False)
    peer = ["peer", "name", UPLINK, "netns", str(spoke.pid)]
    with network_of(hub.pid):  # the network only: the peer's pid is one of this machine's
        subprocess.run(["ip", "link", "add", _port(node), "type", "veth", *peer], check=True)
    spoke.shell(
        SPOKE.format(
            address=node.address,
            uplink=UPLINK,
            pods=POD_RANGE,
            hub=HUB_ADDRESS,
            services=SERVICE_RANGE,
            api=API_SERVICE_ADDRESS,
        )
    )
    hub.shell(TIE.format(port=_port(node), bridge=BRIDGE, pods=node.pods, address=node.address))


def cut(hub: Namespaces, node: Node) -> None:
    """Take the node's port of the bridge down: no route is lost, so `mend` has nothing to put back."""
    hub.run("ip", "link", "set", _port(node), "down")


def mend(hub: Namespaces, node: Node) -> None:
    """Take the node's port of the bridge up again."""
    hub.run("ip", "link", "set", _port(node), "up")


def _port(node: Node) -> str:
    return f"to-{node.name}"
