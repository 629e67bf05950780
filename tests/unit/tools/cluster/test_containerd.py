"""containerd keeps to the node's folders, never to the host's, and runs our programs."""

import json
import tomllib
from pathlib import Path

from tools.cluster import containerd
from tools.cluster.images import PAUSE
from tools.cluster.node import Node

NODE = Node(2, Path("/clusters/a b"))
PROGRAMS = Path("/clusters/a b/programs")


def test_a_nodes_containerd_runs_our_programs_from_the_nodes_store() -> None:
    config = tomllib.loads(containerd.config(NODE, PROGRAMS))
    runtime = config["plugins"]["io.containerd.cri.v1.runtime"]
    assert config["root"] == str(NODE.folder / "containerd")
    assert runtime["containerd"]["runtimes"]["runc"]["options"]["BinaryName"] == str(PROGRAMS / "runc")
    assert runtime["cni"] == {"bin_dirs": [str(PROGRAMS)], "conf_dir": str(NODE.folder / "cni")}


def test_the_first_container_of_a_pod_is_of_an_image_that_no_registry_is_asked_for() -> None:
    images = tomllib.loads(containerd.config(NODE, PROGRAMS))["plugins"]["io.containerd.cri.v1.images"]
    assert images["pinned_images"]["sandbox"] == PAUSE
    assert PAUSE.startswith("localhost/")


def test_nothing_writes_to_the_hosts_optional_software() -> None:
    for text in (containerd.config(NODE, PROGRAMS), containerd.store_config(Path("/store"))):
        assert "io.containerd.internal.v1.opt" in tomllib.loads(text)["disabled_plugins"]


def test_a_store_in_the_making_serves_no_pods() -> None:
    config = tomllib.loads(containerd.store_config(Path("/store")))
    assert config["root"] == "/store"
    assert "io.containerd.grpc.v1.cri" in config["disabled_plugins"]


def test_pods_get_addresses_of_the_nodes_range() -> None:
    bridge, _ = json.loads(containerd.network(NODE))["plugins"]
    assert bridge["ipam"]["ranges"] == [[{"subnet": NODE.pods}]]
    assert bridge["ipMasq"] is False
