"""What rests on what, over all layers, and what falls with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain

from forestall.api.base import Key
from forestall.twin.analyses.keeping import kept
from forestall.twin.engine import Falling, Requirements, default
from forestall.twin.topology import NODE, Gate, Layer, NetworkLink, NetworkNode, Topology


class Layers:
    """All elements of a topology and of what its gates name, as numbers, and what each needs to be up.

    A link needs the nodes at its ends; nodes and links need all that they rest on and all their gates.
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.keys: Sequence[Key] = _keys(topology)
        self.number: Mapping[Key, int] = {key: number for number, key in enumerate(self.keys)}
        gates = [*_resting(topology), *_gates(topology.gates)]
        self._own = [self.number[key] for key in _failed(topology)]
        self._requirements = Requirements(
            nodes=len(self.keys),
            owner=[self.number[owner] for owner, _, _ in gates],
            needs=[needs for _, needs, _ in gates],
            first=list(accumulate((len(members) for _, _, members in gates), initial=0)),
            members=[self.number[member] for _, _, members in gates for member in members],
        )

    @property
    def has_spares(self) -> bool:
        """Whether any element can do without some of what it needs, so that two losses may do more than each alone."""
        return any(0 < gate.needs < len(set(gate.members)) for gate in self.topology.gates)

    def falling(self) -> Falling:
        """What falls with what, with all down that is down today. It is the caller's own."""
        found = Falling(self._requirements, default().kernels)
        found.fail(self._own)
        return found

    @cached_property
    def _needed(self) -> Mapping[Key, Sequence[Key]]:
        found: defaultdict[Key, list[Key]] = defaultdict(list)
        for owner, _, members in chain(_resting(self.topology), _gates(self.topology.gates)):
            found[owner] += members
        return found

    def below(self, element: Key) -> frozenset[Key]:
        """All that the element needs, or needs some of, at any depth; itself only where it is part of a circle."""
        found, ahead = set[Key](), [*self._needed.get(element, ())]
        while ahead:
            needed = ahead.pop()
            if needed not in found:
                found.add(needed)
                ahead += self._needed.get(needed, ())
        return frozenset(found)

    def numbers(self, elements: Iterable[Key]) -> list[int]:
        """Numbers of the elements; those of its members for a risk group. KeyError for what is not known."""
        return [self.number[member] for element in elements for member in self._members(element)]

    def _members(self, element: Key) -> tuple[Key, ...]:
        group = self.topology.groups.get(element)
        return (element,) if group is None else group.members


@kept
def layers(topology: Topology) -> Layers:
    """The topology's layers."""
    return Layers(topology)


def down(topology: Topology) -> Collection[Key]:
    """Nodes and links that are down today: by themselves, or with what they rest on."""
    if not topology.gates and not any(element.supporting for element in _elements(topology)):
        return _down_flat(topology)
    found = layers(topology)
    return {key for key, is_down in zip(found.keys, found.falling().down.tolist(), strict=True) if is_down}


def foundations(topology: Topology, elements: Iterable[Key]) -> frozenset[Key]:
    """All that the elements rest on in lower layers, and the ends of the links among it. The elements are left out."""
    given = list(elements)
    return _all_below(topology, [below for element in given for below in _supporting(topology, element)]) - {*given}


def foundations_of(topology: Topology, network: str) -> frozenset[Key]:
    """All that the network's nodes and links rest on."""
    nodes, links = topology.nodes_of(network), topology.by_network.get(network, ())
    below = [key for node in nodes for key in node.supporting] + [key for link in links for key in link.supporting]
    found = _all_below(topology, below)
    return frozenset(key for key in found if key.namespace != network)


def _all_below(topology: Topology, ahead: list[Key]) -> frozenset[Key]:
    found = set[Key]()
    while ahead:
        element = ahead.pop()
        if element not in found:
            found.add(element)
            ahead += [*_supporting(topology, element), *_ends(topology, element)]
    return frozenset(found)


def layer_of(topology: Topology, element: Key) -> Layer | None:
    """The layer of the element's network; None where it belongs to no network that is known."""
    network = topology.networks.get(element.namespace)
    return None if network is None else network.layer


def _elements(topology: Topology) -> Iterator[NetworkNode | NetworkLink]:
    return chain(topology.nodes.values(), topology.links.values())


def _down_flat(topology: Topology) -> Collection[Key]:
    nodes = {key for key, node in topology.nodes.items() if not node.up}
    links = {key for key, link in topology.links.items() if not link.up}
    if nodes:
        links.update(key for key, link in topology.links.items() if not nodes.isdisjoint(_ends_of(link)))
    return nodes | links


def _keys(topology: Topology) -> Sequence[Key]:
    supporting = (below for element in _elements(topology) for below in element.supporting)
    ends = (end for link in topology.links.values() for end in _ends_of(link))
    members = (member for group in topology.groups.values() for member in group.members)
    named = (key for gate in topology.gates for key in (gate.owner, *gate.members))
    return list(dict.fromkeys(chain(topology.nodes, topology.links, ends, supporting, members, named)))


def _resting(topology: Topology) -> Iterator[tuple[Key, int, tuple[Key, ...]]]:
    for node in topology.nodes.values():
        if node.supporting:
            below = tuple(dict.fromkeys(node.supporting))
            yield node.key, len(below), below
    for link in topology.links.values():
        below = tuple(dict.fromkeys((*_ends_of(link), *link.supporting)))
        yield link.key, len(below), below


def _gates(gates: Iterable[Gate]) -> Iterator[tuple[Key, int, tuple[Key, ...]]]:
    for gate in gates:
        members = tuple(dict.fromkeys(gate.members))
        if gate.needs <= len(members):
            yield gate.owner, max(gate.needs, 0), members


def _failed(topology: Topology) -> Iterator[Key]:
    """What is down by itself: by its status, or for a gate that needs more members than it has."""
    yield from (element.key for element in _elements(topology) if not element.up)
    yield from (gate.owner for gate in topology.gates if gate.needs > len(set(gate.members)))


def _supporting(topology: Topology, element: Key) -> tuple[Key, ...]:
    found = topology.nodes.get(element) or topology.links.get(element)
    return () if found is None else found.supporting


def _ends(topology: Topology, element: Key) -> tuple[Key, ...]:
    link = topology.links.get(element)
    return () if link is None else _ends_of(link)


def _ends_of(link: NetworkLink) -> tuple[Key, ...]:
    network = link.key.namespace
    return Key(NODE, network, link.tail), Key(NODE, network, link.head)
