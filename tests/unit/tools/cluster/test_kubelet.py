"""A node's kubelet and proxy keep to the node's own folders and leave the machine's settings alone."""

import re
from pathlib import Path

import pytest

from tools.cluster import kubelet
from tools.cluster.node import Node
from tools.cluster.pki import Certificate

NODE = Node(2, Path("/cluster"))


@pytest.fixture
def config() -> kubelet.Json:
    return kubelet.kubelet_config(NODE, Path("/pki/ca.crt"), Certificate(Path("/pki/k.crt"), Path("/pki/k.key")))


def test_pods_stay_in_the_nodes_control_group(config: kubelet.Json) -> None:
    assert config["cgroupDriver"] == "cgroupfs"
    assert config["cgroupRoot"] == f"/{NODE.control_group}"


def test_strangers_are_refused(config: kubelet.Json) -> None:
    assert config["authentication"]["anonymous"] == {"enabled": False}
    assert config["authorization"] == {"mode": "Webhook"}


def test_a_full_disk_of_the_machine_evicts_nobody(config: kubelet.Json) -> None:
    disk = {signal: at for signal, at in config["evictionHard"].items() if "fs" in signal}
    assert set(disk.values()) == {"0%"}
    assert config["imageGCHighThresholdPercent"] == 100


def test_every_folder_is_the_nodes_own(config: kubelet.Json) -> None:
    args = kubelet.kubelet_args(NODE, Path("/cluster/node2/kubelet.yaml"), Path("/cluster/k.kubeconfig"))
    folders = [re.sub(r"^--[a-z-]+=", "", arg) for arg in args if arg.endswith(("kubelet", "-pki")) and "=" in arg]
    for folder in (*folders, config["volumePluginDir"], config["resolvConf"]):
        assert Path(folder).is_relative_to(NODE.folder)
    assert len(folders) == 2


def test_the_proxy_leaves_connection_tracking_of_the_machine_alone() -> None:
    settings = kubelet.proxy_config(NODE, Path("/cluster/proxy.kubeconfig"))["conntrack"]
    assert settings == {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"}
