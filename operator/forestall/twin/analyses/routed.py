"""One network of a topology as rows of numbers: cables of one-way links, what is up of them, and demands."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.api.base import Key
from forestall.twin.analyses.keeping import kept
from forestall.twin.analyses.layers import down
from forestall.twin.engine import DOWN, FAR, Links, Network, Rerouting, default
from forestall.twin.topology import NODE, Demand, NetworkLink, Topology

Numbers = NDArray[np.int32]
Reals = NDArray[np.float64]

Cables = Sequence[tuple[NetworkLink, NetworkLink | None]]

CELLS: Final = 20_000_000
"""Destinations times nodes that a network may have to be routed: 24 bytes each."""
ANCHORS: Final = "Anchors"
"""Kind of the key of what stands for several anchors; no element of a topology has it."""
LEAST_CAPACITY: Final = 1e-9
"""Bit per second; one by less is no number that floats can hold."""
MOST_TRAFFIC: Final = 1e18
"""Bit per second; no true demand is more, and sums of what is less are finite."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cabling:
    """Which cables join which nodes. Cable e is the arcs 2e and 2e + 1, one each way, as links of the topology."""

    nodes: Sequence[Key]
    """[nodes]"""
    node: Mapping[Key, int]
    cables: Cables
    """[cables] the link each way; None for the way back of a cable that has none"""
    cable: Mapping[Key, int]
    """By link."""
    tail: Numbers
    """[cables] node that the first link leaves"""
    head: Numbers
    """[cables]"""
    dangling: int
    """Links that are left out, as a node at an end is not in the topology or both ends are one node."""


def cabling(topology: Topology, network: str) -> Cabling:
    """Pair the links of the network into cables: what leads back between the same termination points is the partner.

    Among links between the same points, which may have no names, the first by key is paired with the first back.
    """
    nodes = [node.key for node in topology.nodes_of(network)]
    number = {key: place for place, key in enumerate(nodes)}
    links = topology.by_network.get(network, ())
    known = [link for link in links if _joins(link, number)]
    cables = _paired(known)
    return Cabling(
        nodes=nodes,
        node=number,
        cables=cables,
        cable={link.key: place for place, cable in enumerate(cables) for link in cable if link is not None},
        tail=np.array([number[Key(NODE, network, one.tail)] for one, _ in cables], np.int32),
        head=np.array([number[Key(NODE, network, one.head)] for one, _ in cables], np.int32),
        dangling=len(links) - len(known),
    )


def _joins(link: NetworkLink, nodes: Mapping[Key, int]) -> bool:
    network = link.key.namespace
    return link.tail != link.head and {Key(NODE, network, link.tail), Key(NODE, network, link.head)} <= nodes.keys()


def _ends(link: NetworkLink) -> tuple[str, str, str, str]:
    return link.tail, link.tail_point, link.head, link.head_point


def _paired(links: Iterable[NetworkLink]) -> Cables:
    waiting: defaultdict[tuple[str, str, str, str], deque[int]] = defaultdict(deque)
    cables: list[tuple[NetworkLink, NetworkLink | None]] = []
    for link in links:
        partners = waiting.get((link.head, link.head_point, link.tail, link.tail_point))
        if partners:
            place = partners.popleft()
            cables[place] = (cables[place][0], link)
        else:
            waiting[_ends(link)].append(len(cables))
            cables.append((link, None))
    return cables


@dataclass(frozen=True, kw_only=True, eq=False)
class Demands:
    """What is to be carried. A pair of nodes may have several demands."""

    keys: Sequence[Key]
    source: Numbers
    """[demands] node"""
    target: Numbers
    """[demands] node"""
    amount: Reals
    """[demands] bit per second"""
    unusable: int
    """Demands that are left out, as an end is not in the topology or the amount is no amount."""

    def ended(self, nodes: Iterable[int]) -> NDArray[np.bool_]:
        """[demands] whether it begins or ends at any of the nodes."""
        failed = np.fromiter(nodes, np.int32)
        return np.isin(self.source, failed) | np.isin(self.target, failed)

    @cached_property
    def destinations(self) -> Numbers:
        """The targets, each once, ordered."""
        return np.unique(self.target)

    def rows(self, nodes: int) -> Reals:
        """[destinations, nodes] from each node to each destination. ValueError where that is too much to route."""
        if len(self.destinations) * nodes > CELLS:
            raise ValueError(f"{len(self.destinations)} destinations in {nodes} nodes are too many to route")
        found = np.zeros((len(self.destinations), nodes))
        np.add.at(found, (np.searchsorted(self.destinations, self.target), self.source), self.amount)
        return found


def _demands(topology: Topology, network: str, number: Mapping[Key, int]) -> Demands:
    given = [demand for demand in topology.demands.values() if demand.source.namespace == network]
    usable = [demand for demand in given if _is_usable(demand, number)]
    return Demands(
        keys=[demand.key for demand in usable],
        source=np.array([number[demand.source] for demand in usable], np.int32),
        target=np.array([number[demand.target] for demand in usable], np.int32),
        amount=np.array([demand.amount for demand in usable], np.float64),
        unusable=len(given) - len(usable),
    )


def _weighted(weights: Mapping[Key, float], nodes: Mapping[Key, int], target: int) -> Demands:
    sound = {key: weight for key, weight in weights.items() if 0 <= weight <= MOST_TRAFFIC}
    return Demands(
        keys=list(sound),
        source=np.array([nodes[key] for key in sound], np.int32),
        target=np.full(len(sound), target, np.int32),
        amount=np.array(list(sound.values()), np.float64),
        unusable=len(weights) - len(sound),
    )


def _is_usable(demand: Demand, nodes: Mapping[Key, int]) -> bool:
    return (
        demand.source in nodes
        and demand.target in nodes
        and demand.source != demand.target
        and 0 <= demand.amount <= MOST_TRAFFIC
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Routed:
    """A network of a topology, to be routed. It never changes; what it builds for kernels is the caller's own."""

    topology: Topology
    network: str
    cabling: Cabling
    metric: NDArray[np.int64]
    """[cables, 2] each way; 1 for a way back that there is not"""
    capacity: Reals
    """[cables, 2] bit per second; without limit where nothing sound is known"""
    up: NDArray[np.bool_]
    """[cables] whether all its links, its ends and all that they rest on are up, as routers use no half of a cable"""
    demands: Demands

    @property
    def nodes(self) -> int:
        """How many there are."""
        return len(self.cabling.nodes)

    @property
    def cables(self) -> int:
        """How many there are."""
        return len(self.cabling.cables)

    @cached_property
    def one_way(self) -> Sequence[int]:
        """Cables that have no way back."""
        return [place for place, (_, other) in enumerate(self.cabling.cables) if other is None]

    @cached_property
    def uncapped(self) -> int:
        """Cables whose capacity is not known each way."""
        return int(np.isinf(self.capacity).any(axis=1).sum())

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Which data there were not, in words."""
        counts = (
            (self.uncapped, "cables have no known capacity and are taken to be never full"),
            (len(self.one_way), "links have no way back"),
            (self.cabling.dangling, "links are left out: an end is not in the network, or both ends are one node"),
            (self.demands.unusable, "demands are left out: an end is not in the network, or the amount is unsound"),
        )
        return tuple(f"{number} {what}." for number, what in counts if number)

    @property
    def is_known(self) -> bool:
        """Whether there are demands and none is left out, so that it can be said that all are met."""
        return bool(self.demands.keys) and not self.demands.unusable

    @cached_property
    def arcs(self) -> tuple[Numbers, Numbers]:
        """[arcs] the node that each leaves, and the node that it leads to."""
        ends = np.stack([self.cabling.tail, self.cabling.head], 1)
        return ends.ravel(), ends[:, ::-1].ravel()

    @cached_property
    def is_open(self) -> NDArray[np.bool_]:
        """[arcs] whether traffic can take it today."""
        found = np.repeat(self.up, 2)
        found[[2 * cable + 1 for cable in self.one_way]] = False
        return found

    def link(self, arc: int) -> Key:
        """The link that the arc is; for the way back of a cable that has none, the cable's one link."""
        one, other = self.cabling.cables[arc >> 1]
        return other.key if arc & 1 and other is not None else one.key

    def arc(self, link: Key) -> int:
        """The arc that the link is. KeyError for a link that the network does not have."""
        cable = self.cabling.cable[link]
        return 2 * cable + int(self.cabling.cables[cable][0].key != link)

    def links(self, cable: int) -> tuple[Key, ...]:
        """The links of the cable."""
        return tuple(link.key for link in self.cabling.cables[cable] if link is not None)

    def build(self, *, without: Iterable[int] = (), metrics: bool = True) -> Network:
        """The network as kernels see it, some cables down. ValueError where a metric is not fit for routing.

        Without `metrics` every metric is 1.
        """
        up = self.up.copy()
        up[list(without)] = False
        links = Links(
            tail=self.cabling.tail,
            head=self.cabling.head,
            metric=self._metric() if metrics else 1,
            capacity=self.capacity,
            up=up,
        )
        return Network(self.nodes, links, default().kernels.memory, spare=int(not self.cables))

    def route(self, *, without: Iterable[int] = (), metrics: bool = True) -> Rerouting:
        """All demands routed, as by `build`. ValueError also where there is too much to route."""
        network = self.build(without=without, metrics=metrics)
        found = Rerouting(network, self.demands.destinations, self.demands.rows(self.nodes), default().kernels)
        if self.one_way:
            found.commit({2 * cable + 1: DOWN for cable in self.one_way})
            found.start_over()
        return found

    def anchored(self, weights: Mapping[Key, float], anchors: Iterable[Key]) -> Routed:
        """The same network with the weight of each node as its demand to reach any of the anchors.

        One more node stands for them, joined to each. KeyError for a node that there is not.
        """
        node, network = self.cabling.node, self.network
        meeting, places = Key(ANCHORS, network, ""), sorted({self.cabling.node[key] for key in anchors})
        joints = [NetworkLink(key=meeting, tail=self.cabling.nodes[at].name, head="") for at in places]
        ways = np.ones((len(places), 2))
        return replace(
            self,
            cabling=replace(
                self.cabling,
                nodes=[*self.cabling.nodes, meeting],
                node={**node, meeting: self.nodes},
                cables=[*self.cabling.cables, *((joint, joint) for joint in joints)],
                tail=np.append(self.cabling.tail, places).astype(np.int32),
                head=np.append(self.cabling.head, [self.nodes] * len(places)).astype(np.int32),
            ),
            metric=np.concatenate([self.metric, ways.astype(np.int64)]),
            capacity=np.concatenate([self.capacity, ways * np.inf]),
            up=np.append(self.up, [True] * len(places)),
            demands=_weighted(weights, node, self.nodes),
        )

    def _metric(self) -> NDArray[np.int64]:
        # Metrics are often multiples of 10 or 100; what they have in common is left out, so that more of them fit.
        common = int(np.gcd.reduce(self.metric, axis=None)) if self.metric.size and self.metric.min() > 0 else 1
        found = self.metric // common
        wrong = np.flatnonzero((found < 1) | (found >= FAR // max(self.nodes, 1)))
        if wrong.size:
            raise ValueError(f"{self.link(int(wrong[0]))}: its metric is not fit for routing {self.nodes} nodes")
        return found

    def after(self, topology: Topology) -> Routed:
        """The same network of an edited topology. What did not change is not computed again."""
        links, others = (each.by_network.get(self.network, ()) for each in (self.topology, topology))
        if not (self._has_nodes_of(topology) and len(links) == len(others) and all(map(_is_alike, links, others))):
            return routed(topology, self.network)
        cables, metric, capacity = list(self.cabling.cables), self.metric.copy(), self.capacity.copy()
        edited = {self.cabling.cable.get(new.key, -1) for old, new in zip(links, others, strict=True) if new is not old}
        for cable in edited - {-1}:
            one, other = cables[cable]
            cables[cable] = one, other = topology.links[one.key], other and topology.links[other.key]
            metric[cable], capacity[cable] = _metrics(one, other), _capacities(one, other)
        return replace(
            self,
            topology=topology,
            cabling=replace(self.cabling, cables=cables),
            metric=metric,
            capacity=capacity,
            up=_up(topology, cables),
            demands=self._demands_of(topology),
        )

    def _has_nodes_of(self, topology: Topology) -> bool:
        if topology.nodes is self.topology.nodes:
            return True
        return [node.key for node in topology.nodes_of(self.network)] == self.cabling.nodes

    def _demands_of(self, topology: Topology) -> Demands:
        if topology.demands is self.topology.demands:
            return self.demands
        return _demands(topology, self.network, self.cabling.node)


@kept
def routed(topology: Topology, network: str) -> Routed:
    """The network of that id. KeyError where there is none."""
    if network not in topology.networks:
        raise KeyError(network)
    given = cabling(topology, network)
    return Routed(
        topology=topology,
        network=network,
        cabling=given,
        metric=np.array([_metrics(*cable) for cable in given.cables], np.int64).reshape(-1, 2),
        capacity=np.array([_capacities(*cable) for cable in given.cables], np.float64).reshape(-1, 2),
        up=_up(topology, given.cables),
        demands=_demands(topology, network, given.node),
    )


def only_network(topology: Topology) -> str:
    """The one network that has demands, or else the one that there is. ValueError where it has to be named."""
    asked = {demand.source.namespace for demand in topology.demands.values()} & topology.networks.keys()
    found = sorted(asked or topology.networks)
    if len(found) != 1:
        raise ValueError(f"which network? there are {', '.join(found) or 'none'}")
    return found[0]


def _is_alike(one: NetworkLink, other: NetworkLink) -> bool:
    return one is other or (one.key, _ends(one)) == (other.key, _ends(other))


def _metrics(one: NetworkLink, other: NetworkLink | None) -> tuple[int, int]:
    return min(one.metric, FAR), min((other or one).metric, FAR)


def _capacities(one: NetworkLink, other: NetworkLink | None) -> tuple[float, float]:
    return _capacity(one), _capacity(other or one)


def _capacity(link: NetworkLink) -> float:
    return max(link.capacity, LEAST_CAPACITY) if link.capacity > 0 else inf


def _up(topology: Topology, cables: Cables) -> NDArray[np.bool_]:
    gone = down(topology)
    return np.array(
        [one.key not in gone and (other is None or other.key not in gone) for one, other in cables], np.bool_
    )
