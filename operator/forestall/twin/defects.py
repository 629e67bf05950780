"""What is wrong with a topology, and with the documents that topologies are read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key
from forestall.twin.topology import LINK, NODE, UNLIMITED, Demand, Gate, NetworkLink, NetworkNode, RiskGroup, Topology

MAX_METRIC: Final = 2**32 - 1
"""No routing protocol carries a larger one."""


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that is not as it should be."""

    path: str
    """Where: a JSON pointer or the path of an XML element; of a topology the key of the element."""
    message: str
    """The field, and what to do about it."""
    fatal: bool
    """Whether the element that it was found in was left out because of it."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what should be known is known: shares from 0 to 1, 0 where there is nothing at all."""

    coverage: float
    """Nodes that are there, of those and the ones that something refers to."""
    attributes: float
    """Of what a link needs: both ends, a capacity, a link back."""


def defects(topology: Topology) -> tuple[Defect, ...]:
    """What refers to nothing, what is missing and what cannot be; in the order of the elements. Nothing is left out.

    Parallel links are none: only two with the same termination points are one cable given twice.
    """
    return tuple(Defect(path, message, fatal=False) for path, message in _found(topology))


def completeness(topology: Topology) -> Completeness:
    """F1 and F2 of a twin's fidelity, as far as the topology itself can tell."""
    missing = {key for key in _references(topology) if key.kind == NODE and key not in topology.nodes}
    back = _ends(topology.links.values())
    known = sum(
        sum(key in topology.nodes for key in _link_ends(link))
        + (link.capacity != UNLIMITED)
        + ((link.key.namespace, link.head, link.tail) in back)
        for link in topology.links.values()
    )
    return Completeness(
        coverage=_share(len(topology.nodes), len(topology.nodes) + len(missing)),
        attributes=_share(known, 4 * len(topology.links)),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _found(topology: Topology) -> Iterator[tuple[str, str]]:
    for network in topology.networks.values():
        for name in network.supporting:
            if name not in topology.networks:
                yield network.id, f"supporting-network: there is no network {name}: add it, or remove the reference"
    for node in topology.nodes.values():
        yield from ((str(node.key), message) for message in _of_node(node, topology))
    yield from _of_links(topology)
    for group in topology.groups.values():
        yield from ((str(group.key), message) for message in _of_group(group, topology))
    for gate in topology.gates:
        yield from ((str(gate.owner), message) for message in _of_gate(gate, topology))
    for demand in topology.demands.values():
        yield from ((str(demand.key), message) for message in _of_demand(demand, topology))


def _of_node(node: NetworkNode, topology: Topology) -> Iterator[str]:
    yield from _of_network(node.key, topology)
    yield from _missing("supporting-node", node.supporting, topology)
    for point in node.points:
        nodes = (Key(NODE, network, name) for network, name, _ in point.supporting)
        yield from _missing(f"supporting-termination-point of {point.name}", nodes, topology)


def _of_links(topology: Topology) -> Iterator[tuple[str, str]]:
    ends = _ends(topology.links.values())
    cables: dict[tuple[str, str, str, str, str], Key] = {}
    points = {(key, point.name) for key, node in topology.nodes.items() for point in node.points}
    for link in topology.links.values():
        path = str(link.key)
        yield from ((path, message) for message in _of_link(link, topology, points))
        if (link.key.namespace, link.head, link.tail) not in ends:
            yield path, f"destination: no link leads from {link.head} back to {link.tail}: add the other direction"
        if link.tail_point and link.head_point:
            cable = (link.key.namespace, link.tail, link.tail_point, link.head, link.head_point)
            if cables.setdefault(cable, link.key) != link.key:
                yield path, f"source-tp: {cables[cable]} has the same termination points: remove one of them"
    yield from _without_capacity(topology)


def _of_link(link: NetworkLink, topology: Topology, points: set[tuple[Key, str]]) -> Iterator[str]:
    yield from _of_network(link.key, topology)
    yield from _missing("source and destination", dict.fromkeys(_link_ends(link)), topology)
    if link.tail == link.head:
        yield "destination: it is the node that the link leaves: remove the link"
    for end, point in zip(_link_ends(link), (link.tail_point, link.head_point), strict=True):
        if point and end in topology.nodes and (end, point) not in points:
            yield f"termination point: {end} has none of the name {point}: add it there"
    if not 1 <= link.metric <= MAX_METRIC:
        yield f"metric: {link.metric} is not from 1 to {MAX_METRIC}"
    yield from _missing("supporting", link.supporting, topology)


def _without_capacity(topology: Topology) -> Iterator[tuple[str, str]]:
    """One for a network: where a source does not tell them, it tells none."""
    for name, links in sorted(topology.by_network.items()):
        without = [link.key.name for link in links if link.capacity == UNLIMITED]
        if without:
            told = f"capacity: {len(without)} of {len(links)} links have none, {without[0]} among them"
            yield name, f"{told}: they are taken as never full; give it in bit/s"


def _of_group(group: RiskGroup, topology: Topology) -> Iterator[str]:
    if not group.members:
        yield "member: there is none: name what it takes down"
    yield from _missing("member", group.members, topology)


def _of_gate(gate: Gate, topology: Topology) -> Iterator[str]:
    yield from _missing("owner", (gate.owner,), topology)
    yield from _missing("member", gate.members, topology)
    if gate.needs > len(gate.members):
        yield f"needs: {gate.needs} of {len(gate.members)} members can never be up: name more, or need fewer"


def _of_demand(demand: Demand, topology: Topology) -> Iterator[str]:
    yield from _missing("source and target", dict.fromkeys((demand.source, demand.target)), topology)
    if demand.source == demand.target:
        yield "target: it is the source: remove the demand"
    elif demand.source.namespace != demand.target.namespace:
        yield "target: it is in another network than the source: name nodes of one network"


def _of_network(key: Key, topology: Topology) -> Iterator[str]:
    if key.namespace not in topology.networks:
        yield f"network: there is none of the id {key.namespace}: add it"


def _missing(field: str, keys: Iterable[Key], topology: Topology) -> Iterator[str]:
    for key in keys:
        if _is_missing(key, topology):
            yield f"{field}: there is no {key}: add it, or remove the reference"


def _is_missing(key: Key, topology: Topology) -> bool:
    """Whether nothing has the key. Objects of Kubernetes are elsewhere."""
    return (key.kind == NODE and key not in topology.nodes) or (key.kind == LINK and key not in topology.links)


def _references(topology: Topology) -> Iterator[Key]:
    for node in topology.nodes.values():
        yield from node.supporting
    for link in topology.links.values():
        yield from (*_link_ends(link), *link.supporting)
    for group in topology.groups.values():
        yield from group.members
    for gate in topology.gates:
        yield from (gate.owner, *gate.members)
    for demand in topology.demands.values():
        yield from (demand.source, demand.target)


def _link_ends(link: NetworkLink) -> tuple[Key, Key]:
    return Key(NODE, link.key.namespace, link.tail), Key(NODE, link.key.namespace, link.head)


def _ends(links: Iterable[NetworkLink]) -> set[tuple[str, str, str]]:
    """Network, tail and head of each link."""
    return {(link.key.namespace, link.tail, link.head) for link in links}
