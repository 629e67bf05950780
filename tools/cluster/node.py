"""What a node is called, where it lives and which addresses are its own."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

HUB = 1
"""Number of the node that runs the control plane and holds the bridge to which the others are tied."""

HUB_ADDRESS = "10.77.0.1"
API_SERVICE_ADDRESS = "10.96.0.1"
"""Address of the Service `kubernetes`; the hub's bridge has it too, so that no proxy is needed to reach it."""

POD_RANGE = "10.244.0.0/16"


@dataclass(frozen=True)
class Node:
    """The node with that number, from 1, of the cluster in the folder `cluster`."""

    number: int
    cluster: Path

    @property
    def name(self) -> str:
        """Name of the Node object, host name, and name of the folder."""
        return f"node{self.number}"

    @property
    def address(self) -> str:
        """IPv4 address in the network between the nodes."""
        return f"10.77.0.{self.number}"

    @property
    def pods(self) -> str:
        """IPv4 range of the pods on the node."""
        return f"10.244.{self.number}.0/24"

    @property
    def folder(self) -> Path:
        """Folder of everything that the node keeps: configuration, logs, images, volumes."""
        return self.cluster / self.name

    @property
    def control_group(self) -> str:
        """Name of the control group of the node's pods, unlike that of any other cluster's."""
        return f"{control_group_prefix(self.cluster)}{self.name}"


def control_group_prefix(cluster: Path) -> str:
    """Return what the names of the control groups of that cluster's nodes begin with."""
    return f"forestall-{hashlib.sha256(str(cluster.resolve()).encode()).hexdigest()[:8]}-"
