"""A node's names and addresses follow from its number, and no two clusters share a control group."""

from ipaddress import ip_address, ip_network
from pathlib import Path

from tools.cluster.node import HUB, HUB_ADDRESS, POD_RANGE, Node, control_group_prefix


def test_the_hub_has_the_address_that_all_nodes_know() -> None:
    assert Node(HUB, Path("/c")).address == HUB_ADDRESS


def test_nodes_share_nothing() -> None:
    nodes = [Node(number, Path("/c")) for number in range(1, 10)]
    for unique in ("name", "address", "pods", "folder", "control_group"):
        assert len({getattr(node, unique) for node in nodes}) == len(nodes)


def test_pods_have_addresses_of_the_clusters_range_and_nodes_have_not() -> None:
    node = Node(2, Path("/c"))
    assert ip_network(node.pods).subnet_of(ip_network(POD_RANGE))  # type: ignore[arg-type] # both are version 4
    assert ip_address(node.address) not in ip_network(POD_RANGE)


def test_control_groups_tell_clusters_apart() -> None:
    one, other = Node(1, Path("/one")), Node(1, Path("/other"))
    assert one.control_group != other.control_group
    assert one.control_group.startswith(control_group_prefix(Path("/one")))
