"""Generated networks and dependency graphs to measure on: each is the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forestall.twin.engine import Links, Network, Requirements
from forestall.twin.engine.memory import Memory

Reals = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A network, what it carries, and what it is for."""

    name: str
    nodes: int
    tail: Numbers
    head: Numbers
    metric: Numbers
    """[links]"""
    capacity: Reals
    """[links]"""
    demand: Reals
    """[destinations, nodes]"""
    destinations: Numbers
    weight: Reals
    """[nodes] subscribers"""

    @property
    def size(self) -> int:
        """Number of links."""
        return len(self.tail)

    def network(self, memory: Memory) -> Network:
        """As arrays."""
        links = Links(tail=self.tail, head=self.head, metric=self.metric[:, None], capacity=self.capacity[:, None])
        return Network(self.nodes, links, memory)

    def renumbered(self, memory: Memory) -> Sample:
        """The same network with its nodes numbered breadth first."""
        order = self.network(memory).breadth_first()
        number = np.empty(self.nodes, np.int64)
        number[order] = np.arange(self.nodes)
        return Sample(
            name=self.name + " renumbered",
            nodes=self.nodes,
            tail=number[self.tail],
            head=number[self.head],
            metric=self.metric,
            capacity=self.capacity,
            demand=self.demand[:, order],
            destinations=number[self.destinations],
            weight=self.weight[order],
        )


def isp315(seed: int = 1) -> Sample:
    """An operator's backbone: heavy-tailed degrees, distances as metrics, capacity steps, 97,000 gravity demands."""
    nodes, size, rng = 315, 972, np.random.default_rng(seed)
    place, degree = rng.random((nodes, 2)), np.ones(nodes)
    links: set[tuple[int, int]] = set()

    def join(node: int, others: int) -> None:
        pull = degree[:others] / (0.02 + np.hypot(*(place[:others] - place[node]).T))
        pull[node:] *= np.arange(node, others) != node
        other = int(rng.choice(others, p=pull / pull.sum()))
        link = (min(node, other), max(node, other))
        if link not in links:
            links.add(link)
            degree[node] += 1
            degree[other] += 1

    for node in range(1, nodes):
        join(node, node)
    while len(links) < size:
        join(int(rng.choice(nodes, p=degree / degree.sum())), nodes)
    tail, head = np.array(sorted(links)).T
    metric = np.maximum(1, np.rint(np.hypot(*(place[tail] - place[head]).T) * 100)).astype(np.int64)
    mass = rng.lognormal(0, 1, nodes)
    demand = np.outer(mass, mass) * rng.lognormal(0, 0.5, (nodes, nodes))
    np.fill_diagonal(demand, 0)
    demand.flat[np.argsort(demand, axis=None)[: nodes * nodes - 97_000]] = 0
    return Sample(
        name="isp315",
        nodes=nodes,
        tail=tail,
        head=head,
        metric=metric,
        capacity=rng.choice((10.0, 40.0, 100.0), size=size, p=(0.5, 0.3, 0.2)),
        demand=demand.T.copy(),
        destinations=np.arange(nodes),
        weight=mass,
    )


class _Rings:
    """Grows a telecom network: a core of routers, rings of aggregation, and access that hangs on them."""

    def __init__(self, nodes: int, rng: np.random.Generator) -> None:
        self.rng, self.nodes = rng, nodes
        self.core, self.aggregation = max(8, round(nodes**0.40)), max(16, nodes // 40)
        self.links: dict[tuple[int, int], int] = {}

    def join(self, one: int, other: int, metric: int) -> None:
        if one != other:
            self.links.setdefault((min(one, other), max(one, other)), metric)

    def chain(self, start: int, members: Sequence[int], end: int | None, metrics: tuple[int, int]) -> None:
        """A chain from `start` over `members`, to `end` if it is closed."""
        stops = [start, *members, *([] if end is None else [end])]
        for one, other in pairwise(stops):
            self.join(one, other, int(self.rng.integers(*metrics)))

    def grow_core(self) -> None:
        for node in range(self.core):
            self.join(node, (node + 1) % self.core, int(self.rng.integers(10, 100)))
            chord = (node + int(self.rng.integers(2, max(3, self.core // 2)))) % self.core
            self.join(node, chord, int(self.rng.integers(20, 200)))

    def grow_aggregation(self) -> None:
        first, last = self.core, self.core + self.aggregation
        while first < last:
            size = min(int(self.rng.integers(4, 11)), last - first)
            home = int(self.rng.integers(self.core))
            self.chain(home, range(first, first + size), (home + 1) % self.core, (5, 20))
            first += size

    def grow_access(self) -> None:
        """35% of all chains have one home, 35% are single nodes with two, the rest are closed."""
        node = self.core + self.aggregation
        while node < self.nodes:
            place, kind = int(self.rng.integers(self.aggregation)), self.rng.random()
            home, second = self.core + place, self.core + (place + 1) % self.aggregation
            size = 1 if 0.35 <= kind < 0.70 else min(int(self.rng.integers(1, 5)), self.nodes - node)
            self.chain(home, range(node, node + size), None if kind < 0.35 else second, (1, 5))
            node += size


def telecom(nodes: int, seed: int = 1) -> Sample:
    """Rings with a core and four gateways; numbers of nodes and links are in no order that helps."""
    rng = np.random.default_rng(seed)
    rings = _Rings(nodes, rng)
    rings.grow_core()
    rings.grow_aggregation()
    rings.grow_access()
    weight = np.zeros(nodes)
    weight[rings.core + rings.aggregation :] = rng.integers(10, 500, nodes - rings.core - rings.aggregation)
    number, order = rng.permutation(nodes), rng.permutation(len(rings.links))
    tail, head = number[np.array(list(rings.links))].T
    shuffled = np.zeros(nodes)
    shuffled[number] = weight
    gateways = number[np.arange(0, rings.core, max(1, rings.core // 4))[:4]]
    demand = np.tile(shuffled, (4, 1))
    demand[np.arange(4), gateways] = 0.0
    return Sample(
        name=f"telecom-{nodes}",
        nodes=nodes,
        tail=tail[order],
        head=head[order],
        metric=np.array(list(rings.links.values()))[order],
        capacity=rng.choice((1e4, 1e5, 1e6), len(order)),
        demand=demand,
        destinations=gateways,
        weight=shuffled,
    )


@dataclass(frozen=True, kw_only=True)
class Estate:
    """A dependency graph: sites, hosts, pods and services, numbered in that order."""

    requirements: Requirements
    hosts: range
    services: range


def estate(nodes: int, seed: int = 1) -> Estate:
    """Hosts need a site, pods a host, services half of their pods and some services before them."""
    rng = np.random.default_rng(seed)
    sites, hosts, pods = max(4, nodes // 2000), max(20, nodes // 30), int(nodes * 0.70)
    first_pod, first_service = sites + hosts, sites + hosts + pods
    feeds = rng.integers(sites, size=(hosts, 2))
    gates = [
        (sites + host, 1, sorted({int(one), int(other)} if host % 3 == 0 else {int(one)}))
        for host, (one, other) in enumerate(feeds)
    ]
    gates += [(first_pod + pod, 1, [sites + int(host)]) for pod, host in enumerate(rng.integers(hosts, size=pods))]
    order, place = first_pod + rng.permutation(pods), 0
    for service in range(nodes - first_service):
        size = min(1 + int(rng.geometric(0.25)), 20)
        members = sorted({int(order[(place + step) % pods]) for step in range(size)})
        place += size
        gates.append((first_service + service, (len(members) + 1) // 2, members))
        gates += _upstream(rng, service, first_service)
    return Estate(
        requirements=Requirements.of(nodes, gates),
        hosts=range(sites, sites + hosts),
        services=range(first_service, nodes),
    )


def _upstream(rng: np.random.Generator, service: int, first: int) -> list[tuple[int, int, list[int]]]:
    """A service needs some services before it, mostly of the first; of the rest, which are alternatives, any one."""
    if service <= 10:
        return []
    wanted = sorted({int(service * rng.random() ** 2) for _ in range(min(int(rng.geometric(0.45)), 6))})
    needed = int(rng.integers(0, len(wanted) + 1)) if len(wanted) > 1 else len(wanted)
    gates = [(first + service, 1, [first + other]) for other in wanted[:needed]]
    return gates + ([(first + service, 1, [first + other for other in wanted[needed:]])] if wanted[needed:] else [])
