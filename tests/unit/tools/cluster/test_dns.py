"""The cluster's DNS is told whose names it knows, and pods are told where it is."""

import re
from pathlib import Path

from tools.cluster import dns
from tools.cluster.control_plane import SERVICE_RANGE
from tools.cluster.kubelet import kubelet_config
from tools.cluster.node import HUB_ADDRESS, Node
from tools.cluster.pki import Certificate

SERVICE, SLICE, ROLE, _ = dns.OBJECTS


def test_pods_ask_the_address_of_a_service_that_leads_to_it() -> None:
    settings = kubelet_config(Node(2, Path("/c")), Path("/ca"), Certificate(Path("/crt"), Path("/key")))
    assert settings["clusterDNS"] == [SERVICE["spec"]["clusterIP"]] == [dns.ADDRESS]
    assert dns.ADDRESS.rpartition(".")[0] == SERVICE_RANGE.rpartition(".")[0]
    assert SLICE["metadata"]["labels"]["kubernetes.io/service-name"] == SERVICE["metadata"]["name"]
    assert SLICE["endpoints"] == [{"addresses": [HUB_ADDRESS]}]


def test_it_may_see_and_do_nothing_else() -> None:
    assert {verb for rule in ROLE["rules"] for verb in rule["verbs"]} == {"list", "watch"}


def test_every_block_of_its_configuration_listens_on_the_hub_alone() -> None:
    blocks = re.findall(r"^\S.*?^}", dns.corefile(Path("/c/coredns.kubeconfig")), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    assert all(f"bind {HUB_ADDRESS}" in block for block in blocks)
    assert "kubeconfig /c/coredns.kubeconfig" in blocks[0]
    assert "rcode NXDOMAIN" in blocks[1]
