"""Plain searches that know no shortcut: what the kernels' answers are held against."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.engine import DOWN, Kernels, Links, Network, compiled, plain

COMPILED = compiled()
MAKES: dict[str, Kernels] = {"plain": plain()} | ({"compiled": COMPILED} if COMPILED else {})
"""Kernels of each make that is installed here."""

T = TypeVar("T")
Reals = NDArray[np.float64]
Gate = tuple[int, int, Sequence[int]]
"""Owner, how many members it needs, members."""


def agreed(ask: Callable[[Kernels], T]) -> T:
    """What kernels of each make answer; fails unless it is the same to the last bit."""
    answers = [ask(kernels) for kernels in MAKES.values()]
    assert all(_bits(answer) == _bits(answers[0]) for answer in answers)
    return answers[0]


def _bits(answer: object) -> object:
    if isinstance(answer, np.ndarray):
        return answer.dtype, answer.tobytes()
    if isinstance(answer, float):
        return answer.hex()
    if is_dataclass(answer):
        return [_bits(getattr(answer, field.name)) for field in fields(answer)]
    return [_bits(part) for part in answer] if isinstance(answer, list | tuple) else answer


@dataclass(frozen=True)
class Net:
    """A network as a list: two ends, and the metric each way, DOWN where it does not lead that way, for each link."""

    nodes: int
    links: Sequence[tuple[int, int, int, int]]
    down: frozenset[int] = frozenset()

    def network(self, kernels: Kernels, *, spare: int = 0, capacity: ArrayLike = 1.0) -> Network:
        rows = np.array([*self.links], np.int64).reshape(-1, 4)
        up = [link not in self.down for link in range(len(rows))]
        links = Links(tail=rows[:, 0], head=rows[:, 1], metric=rows[:, 2:], capacity=capacity, up=up)
        return Network(self.nodes, links, kernels.memory, spare=spare)

    def without(self, links: Iterable[int]) -> Net:
        return replace(self, down=self.down.union(links))

    def renumbered(self, number: Sequence[int]) -> Net:
        """The same network, in which node v is called number[v]."""
        links = [(number[tail], number[head], there, back) for tail, head, there, back in self.links]
        return replace(self, links=links)

    def standing(self) -> list[tuple[int, tuple[int, int, int, int]]]:
        return [(number, link) for number, link in enumerate(self.links) if number not in self.down]

    def graph(self) -> nx.MultiGraph[int]:
        """Links that are up both ways, each with its number as key."""
        found: nx.MultiGraph[int] = nx.MultiGraph()
        found.add_nodes_from(range(self.nodes))
        for number, (tail, head, *metrics) in self.standing():
            if DOWN not in metrics:
                found.add_edge(tail, head, number)
        return found

    def directed(self) -> nx.MultiDiGraph[int]:
        """Arcs that are up, each with its number as key and its metric as weight."""
        found: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        found.add_nodes_from(range(self.nodes))
        for number, (tail, head, there, back) in self.standing():
            ways = ((tail, head, 2 * number, there), (head, tail, 2 * number + 1, back))
            for one, other, arc, metric in ways:
                if metric < DOWN:
                    found.add_edge(one, other, arc, weight=metric)
        return found


def routed(net: Net, demand: Reals) -> tuple[Reals, float]:
    """Loads by arc and traffic lost, where each node splits equally over its next hops. `demand` is [to, from]."""
    graph, load, lost = net.directed(), np.zeros(2 * len(net.links)), 0.0
    for goal in range(net.nodes):
        distance = nx.single_source_dijkstra_path_length(graph.reverse(), goal)
        flow = {node: demand[goal][node] for node in distance}
        lost += sum(demand[goal][node] for node in range(net.nodes) if node not in distance)
        for node in sorted(set(distance) - {goal}, key=lambda node: -distance[node]):
            hops = [
                (head, arc)
                for _, head, arc in graph.out_edges(node, keys=True)
                if head in distance and distance[head] + graph.edges[node, head, arc]["weight"] == distance[node]
            ]
            for head, arc in hops:
                load[arc] += flow[node] / len(hops)
                flow[head] += flow[node] / len(hops)
    return load, lost


def cut_off(graph: nx.Graph[int], anchors: Collection[int], weight: Sequence[float]) -> float:
    """Weight of nodes without a way to any anchor, of those that were there before anything was removed."""
    reached = {node for anchor in anchors if anchor in graph for node in nx.node_connected_component(graph, anchor)}
    return sum(amount for node, amount in enumerate(weight) if node not in reached)


def fallen(gates: Iterable[Gate], failed: Collection[int]) -> set[int]:
    """The least set that holds `failed` and every owner of a gate that has too few members outside of the set."""
    down, gates = set(failed), list(gates)
    while True:
        more = {owner for owner, needs, members in gates if sum(member not in down for member in members) < needs}
        if more <= down:
            return down
        down |= more


def stuck(graph: nx.Graph[int], pairs: Iterable[tuple[int, int, float]]) -> float:
    """Demand without a path, of pairs whose ends are there."""
    there = [(source, target, amount) for source, target, amount in pairs if source in graph and target in graph]
    return sum(amount for source, target, amount in there if not nx.has_path(graph, source, target))


def most_flow(net: Net, capacity: Sequence[float], source: int, target: int) -> float:
    """The most that goes from source to target. `capacity` is [arcs]."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(net.nodes))
    for tail, head, arc in net.directed().edges(keys=True):
        amount = graph.edges[tail, head]["capacity"] if graph.has_edge(tail, head) else 0.0
        graph.add_edge(tail, head, capacity=amount + capacity[arc])
    return float(nx.maximum_flow_value(graph, source, target))


def disjoint(net: Net, source: int, anchors: Collection[int], *, nodes_apart: bool) -> int:
    """How many paths from the source to anchors have no link (no node) in common: the least cut that parts them."""
    graph: nx.DiGraph[tuple[int, str]] = nx.DiGraph()
    for node in range(net.nodes):
        shared = node == source or not nodes_apart
        graph.add_edge((node, "in"), (node, "out"), capacity=99 if shared else 1)
    for tail, head, _ in net.directed().edges(keys=True):
        if tail not in anchors:
            there = graph.edges.get(((tail, "out"), (head, "in")), {"capacity": 0})["capacity"]
            graph.add_edge((tail, "out"), (head, "in"), capacity=there + 1)
    graph.add_edges_from(((anchor, "out"), (-1, "end"), {"capacity": 99}) for anchor in anchors)
    return int(nx.maximum_flow_value(graph, (source, "out"), (-1, "end")))
