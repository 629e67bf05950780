"""Networks as the twin knows them: what there is, what it rests on, what fails together and what must be carried.

Names follow RFC 8345: a link leads one way, a cable is two links, and every element keeps its identifier verbatim.
A topology never changes; each edit gives a new one. What is down stays in it with its status.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Final, TypeVar

from forestall.api import networktwin
from forestall.api.base import Key

NODE: Final = "NetworkNode"
LINK: Final = "NetworkLink"
GROUP: Final = "RiskGroup"
DEMAND: Final = "Demand"
"""Kinds of the keys of elements. A key's namespace is the id of the network; of groups and demands it is empty."""

Layer = networktwin.Layer
"""From the ground up."""
LAYERS: Final[tuple[Layer, ...]] = ("physical", "link", "ip", "platform", "workload", "service")

Cause = networktwin.Cause
"""What can take the members of a risk group down together."""

UNLIMITED: Final = math.inf
"""Capacity of a link that nothing is known of, and that is never full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a value comes from."""

    source: str
    """Name of the source of the twin, or of the file."""
    at: datetime | None = None
    """When it was read; None where the source does not say."""
    confidence: Decimal = Decimal(1)
    """From 0 to 1; 1 where it was read from what it describes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network of one layer."""

    id: str
    layer: Layer
    supporting: tuple[str, ...] = ()
    """Networks that it rests on."""
    attributes: Mapping[str, object] = field(default_factory=dict)
    """What formats say of it beyond the model, as JSON values by qualified name, kept for their export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminationPoint:
    """Where links end at a node."""

    name: str
    supporting: tuple[tuple[str, str, str], ...] = ()
    """(network, node, termination point) that it rests on."""
    attributes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkNode:
    """A node of a network."""

    key: Key
    up: bool = True
    supporting: tuple[Key, ...] = ()
    """Nodes of lower layers that it rests on: it is down unless all of them are up."""
    points: tuple[TerminationPoint, ...] = ()
    passive: bool = False
    """Whether it cannot be discovered and was declared: a duct, a patch panel."""
    attributes: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    """By name of the attribute; that under the empty name holds for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkLink:
    """A link from one node to another of the same network. Parallel links are links of their own."""

    key: Key
    tail: str
    """Id of the node that it leaves."""
    head: str
    """Id of the node that it leads to."""
    tail_point: str = ""
    head_point: str = ""
    """Termination points at its ends; empty where none is given."""
    metric: int = 1
    """Cost in routing, whole and at least 1."""
    capacity: float = UNLIMITED
    """Bit per second."""
    delay: int | None = None
    """Microseconds."""
    up: bool = True
    supporting: tuple[Key, ...] = ()
    """Links and nodes of lower layers that it rests on: it is down unless all of them are up."""
    passive: bool = False
    attributes: Mapping[str, object] = field(default_factory=dict)
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    """By name of the attribute; that under the empty name holds for all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskGroup:
    """Elements that one cause can take down together."""

    key: Key
    cause: Cause
    members: tuple[Key, ...]
    """Nodes, links or Kubernetes objects, ordered."""
    probability: float | None = None
    """That it fails within a year, from 0 to 1; None where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What an element needs to be up: `needs` of `members`. One that owns several needs them all."""

    owner: Key
    needs: int
    members: tuple[Key, ...]
    reason: str = ""
    """In words: minimum links, replicas, quorum, a declared dependency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Traffic that is to be carried from one node to another of the same network."""

    key: Key
    source: Key
    target: Key
    amount: float
    """Bit per second."""


K = TypeVar("K", str, Key)
T = TypeVar("T")
E = TypeVar("E", NetworkNode, NetworkLink, RiskGroup, Demand)


@dataclass(frozen=True, kw_only=True, eq=False)
class Topology:
    """Networks and all that is known of them. The same content has the same `id`.

    What refers to something else may refer to nothing; `forestall.twin.defects` says where.
    """

    networks: Mapping[str, Network] = field(default_factory=dict)
    nodes: Mapping[Key, NetworkNode] = field(default_factory=dict)
    links: Mapping[Key, NetworkLink] = field(default_factory=dict)
    groups: Mapping[Key, RiskGroup] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()
    demands: Mapping[Key, Demand] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        networks: Iterable[Network] = (),
        nodes: Iterable[NetworkNode] = (),
        links: Iterable[NetworkLink] = (),
        groups: Iterable[RiskGroup] = (),
        gates: Iterable[Gate] = (),
        demands: Iterable[Demand] = (),
    ) -> Topology:
        """A topology of these elements, ordered by key. ValueError where two have the same key."""
        return cls(
            networks=_unique((network.id, network) for network in networks),
            nodes=_unique((node.key, node) for node in nodes),
            links=_unique((link.key, link) for link in links),
            groups=_unique((group.key, group) for group in groups),
            gates=tuple(sorted(gates, key=lambda gate: (gate.owner, gate.reason, gate.members))),
            demands=_unique((demand.key, demand) for demand in demands),
        )

    @cached_property
    def id(self) -> str:
        """`sha256:…` of the content, provenance left out: when a value was read does not change what it says."""
        total = hashlib.sha256()
        for part in (self.networks, self.nodes, self.links, self.groups, self.demands):
            for element in part.values():
                total.update(_text(element).encode())
        for gate in self.gates:
            total.update(repr(gate).encode())
        return f"sha256:{total.hexdigest()}"

    @cached_property
    def kept(self) -> dict[object, object]:
        """What has been computed of this topology, under keys of whoever computed it. It goes with the topology."""
        return {}

    @cached_property
    def by_network(self) -> Mapping[str, Sequence[NetworkLink]]:
        """Links of each network."""
        found: defaultdict[str, list[NetworkLink]] = defaultdict(list)
        for link in self.links.values():
            found[link.key.namespace].append(link)
        return found

    def nodes_of(self, network: str) -> tuple[NetworkNode, ...]:
        """Nodes of one network, ordered by key."""
        return tuple(node for key, node in self.nodes.items() if key.namespace == network)

    def plus(self, other: Topology) -> Topology:
        """Both topologies in one. ValueError where they have an element of the same key."""
        return Topology.of(
            networks=[*self.networks.values(), *other.networks.values()],
            nodes=[*self.nodes.values(), *other.nodes.values()],
            links=[*self.links.values(), *other.links.values()],
            groups=[*self.groups.values(), *other.groups.values()],
            gates=[*self.gates, *other.gates],
            demands=[*self.demands.values(), *other.demands.values()],
        )

    def with_nodes(self, changed: Iterable[NetworkNode]) -> Topology:
        """With nodes that replace those of the same key. KeyError where there is none."""
        return replace(self, nodes=_replaced(self.nodes, changed))

    def with_links(self, changed: Iterable[NetworkLink]) -> Topology:
        """With links that replace those of the same key. KeyError where there is none."""
        return replace(self, links=_replaced(self.links, changed))

    def with_demands(self, changed: Iterable[Demand]) -> Topology:
        """With demands that replace those of the same key. KeyError where there is none."""
        return replace(self, demands=_replaced(self.demands, changed))


def _unique(pairs: Iterable[tuple[K, T]]) -> Mapping[K, T]:
    found: dict[K, T] = {}
    for key, element in sorted(pairs, key=lambda pair: pair[0]):
        if key in found:
            raise ValueError(f"{key}: there is one of that name already")
        found[key] = element
    return found


def _replaced(present: Mapping[Key, E], changed: Iterable[E]) -> Mapping[Key, E]:
    found = {element.key: element for element in changed}
    for key in found:
        if key not in present:
            raise KeyError(key)
    return {**present, **found}


def _text(element: Network | NetworkNode | NetworkLink | RiskGroup | Demand) -> str:
    match element:
        case NetworkNode(points=points):
            bare = tuple(replace(point, attributes={}) for point in points)
            said = _said(element.attributes) + "".join(_said(point.attributes) for point in points)
            return repr(replace(element, provenance={}, attributes={}, points=bare)) + said
        case NetworkLink():
            return repr(replace(element, provenance={}, attributes={})) + _said(element.attributes)
        case Network():
            return repr(replace(element, attributes={})) + _said(element.attributes)
        case _:
            return repr(element)


def _said(attributes: Mapping[str, object]) -> str:
    """Attributes in one order, whatever order they were given in."""
    return json.dumps(attributes, sort_keys=True) if attributes else "{}"
