"""One topology of what documents describe, what the cluster shows and what is measured.

The nodes of a network of layer `platform` are Kubernetes nodes, by name: there the cluster and the networks meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from forestall.api.base import Key
from forestall.twin.model import Node
from forestall.twin.topology import DEMAND, GROUP, NODE, Cause, Demand, NetworkLink, NetworkNode, RiskGroup, Topology

NO_NETWORKS: Final = Topology()
"""The topology of a twin that knows no networks."""
Ends = tuple[Key, Key]
"""Source and target of a demand."""
E = TypeVar("E", NetworkNode, NetworkLink)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured of networks. What no series tells stays as the documents have it."""

    up: Mapping[Key, bool] = field(default_factory=dict)
    """Of nodes and links."""
    capacities: Mapping[Key, float] = field(default_factory=dict)
    """Of links, in bit per second."""
    demands: Mapping[Ends, float] = field(default_factory=dict)
    """In bit per second."""


class Joint:
    """Joins, and gives the same topology for as long as nothing that it is made of changes.

    `labels` of Kubernetes nodes say which of them fail together, and for which cause.
    """

    def __init__(self, labels: Mapping[str, Cause]) -> None:
        self._labels = labels
        self._made_of: object = None
        self._made = NO_NETWORKS

    def of(self, declared: Topology, nodes: Mapping[str, Node], measured: Measured) -> Topology:
        """The topology as it is.

        `declared`, with what is measured in place of what it says; its platform nodes are up if their Kubernetes nodes
        are ready; and each value of one of the labels is one risk group.
        """
        cluster = [(name, node.ready, [node.labels.get(one) for one in self._labels]) for name, node in nodes.items()]
        made_of = (declared.id, cluster, measured)
        if made_of != self._made_of:
            self._made_of, self._made = made_of, _joined(declared, nodes, self._labels, measured)
        return self._made


def platforms(topology: Topology) -> tuple[str, ...]:
    """Ids of the networks whose nodes are Kubernetes nodes, ordered."""
    return tuple(name for name, network in topology.networks.items() if network.layer == "platform")


def cluster_node(topology: Topology, key: Key) -> str:
    """Name of the Kubernetes node that is meant: by its own key, or by that of a platform network. Empty: none is."""
    if key.kind == NODE:
        network = topology.networks.get(key.namespace)
        return key.name if network is not None and network.layer == "platform" else ""
    return key.name if key.kind == "Node" else ""


def has(topology: Topology, key: Key) -> bool:
    """Whether there is such a node, link or risk group."""
    return key in topology.nodes or key in topology.links or key in topology.groups


def together(topology: Topology, elements: Iterable[Key]) -> tuple[Key, ...]:
    """The elements, risk groups replaced by their members; a Kubernetes node and those of platform networks that it is
    go together. KeyError for a group that is not there.
    """
    found: set[Key] = set()
    for key in elements:
        found.update(topology.groups[key].members if key.kind == GROUP else (key,))
    hosts = {name for key in found if (name := cluster_node(topology, key))}
    twins = {Key(NODE, network, name) for network in platforms(topology) for name in hosts}
    return tuple(sorted({*found, *(Key("Node", "", name) for name in hosts), *(twins & topology.nodes.keys())}))


def without(topology: Topology, elements: Iterable[Key]) -> Topology:
    """The topology with elements down, and risk groups as a whole; the same object where it has none of them."""
    down = together(topology, elements)
    nodes = [replace(topology.nodes[key], up=False) for key in down if key in topology.nodes]
    links = [replace(topology.links[key], up=False) for key in down if key in topology.links]
    return topology.with_nodes(nodes).with_links(links) if nodes or links else topology


def _joined(declared: Topology, nodes: Mapping[str, Node], labels: Mapping[str, Cause], measured: Measured) -> Topology:
    ready = {Key(NODE, network, name): node.ready for network in platforms(declared) for name, node in nodes.items()}
    links = _told(declared.links, measured.up)
    groups = {**declared.groups, **{group.key: group for group in _groups(nodes.values(), labels)}}
    rated = {key: replace(links[key], capacity=rate) for key, rate in measured.capacities.items() if key in links}
    return replace(
        declared,
        nodes=_told(declared.nodes, {**ready, **measured.up}),
        links={**links, **rated},
        groups=_ordered(_whole(declared, groups) if platforms(declared) else groups),
        demands=_ordered({one.key: one for one in _demands(declared, measured.demands)}),
    )


def _told(elements: Mapping[Key, E], up: Mapping[Key, bool]) -> Mapping[Key, E]:
    """The elements, up or down as they are told to be."""
    changed = {key: elements[key] for key, state in up.items() if key in elements and elements[key].up != state}
    return {**elements, **{key: replace(element, up=not element.up) for key, element in changed.items()}}


def _groups(nodes: Iterable[Node], labels: Mapping[str, Cause]) -> Iterator[RiskGroup]:
    found: defaultdict[tuple[str, str], list[Key]] = defaultdict(list)
    for node in nodes:
        for label in labels:
            if value := node.labels.get(label):
                found[label, value].append(node.key)
    for (label, value), together in found.items():
        key = Key(GROUP, "", f"{label}={value}")
        yield RiskGroup(key=key, cause=labels[label], members=tuple(sorted(together)))


def _whole(declared: Topology, groups: Mapping[Key, RiskGroup]) -> Mapping[Key, RiskGroup]:
    """The groups, with both sides of each Kubernetes node that is a member."""
    return {key: replace(group, members=together(declared, group.members)) for key, group in groups.items()}


def _demands(declared: Topology, measured: Mapping[Ends, float]) -> Sequence[Demand]:
    """What is measured between two nodes takes the place of all that is declared between them."""
    kept = [one for one in declared.demands.values() if (one.source, one.target) not in measured]
    known = (ends for ends in measured if declared.nodes.keys() >= set(ends))
    return [*kept, *(_demand(source, target, measured[source, target]) for source, target in known)]


def _demand(source: Key, target: Key, amount: float) -> Demand:
    key = Key(DEMAND, "", f"measured/{source.namespace}/{source.name}/{target.name}")
    return Demand(key=key, source=source, target=target, amount=amount)


D = TypeVar("D", RiskGroup, Demand)


def _ordered(elements: Mapping[Key, D]) -> Mapping[Key, D]:
    return dict(sorted(elements.items()))
