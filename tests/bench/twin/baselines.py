"""The same answers from general libraries, used as a careful user would: what the kernels are measured against."""

from __future__ import annotations

from collections.abc import Sequence

import igraph
import networkx as nx
import numpy as np
import rustworkx
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from forestall.twin.engine import Requirements
from tests.bench.twin.networks import Sample

Reals = NDArray[np.float64]
ROOT = -1


def graph(sample: Sample) -> nx.Graph[int]:
    """The network, with metrics as weights."""
    found: nx.Graph[int] = nx.Graph()
    found.add_nodes_from(range(sample.nodes))
    rows = zip(sample.tail.tolist(), sample.head.tolist(), sample.metric.tolist(), strict=True)
    found.add_weighted_edges_from(rows)
    return found


def routed(found: nx.Graph[int], sample: Sample, places: Sequence[int]) -> dict[tuple[int, int], float]:
    """Load by arc, of the traffic to some of the destinations."""
    load: dict[tuple[int, int], float] = {}
    for place in places:
        goal = int(sample.destinations[place])
        hops, distance = nx.dijkstra_predecessor_and_distance(found, goal)
        row = sample.demand[place].tolist()
        flow = {node: row[node] for node in distance}
        for node in sorted(distance, key=distance.__getitem__, reverse=True):
            if node != goal and flow[node]:
                share = flow[node] / len(hops[node])
                for hop in hops[node]:
                    load[node, hop] = load.get((node, hop), 0.0) + share
                    flow[hop] += share
    return load


def impacts_of_blocks(found: nx.Graph[int], sample: Sample) -> dict[object, float]:
    """What each node cuts off: sums over the tree of blocks."""
    weight = sample.weight.tolist()
    tree: dict[object, list[object]] = {}
    for number, block in enumerate(nx.biconnected_components(rooted(found, sample))):
        tree["block", number] = list(block)
        for node in block:
            tree.setdefault(node, []).append(("block", number))
    order: list[object] = [ROOT]
    parent: dict[object, object] = {ROOT: None}
    for item in order:
        for other in tree[item]:
            if other not in parent:
                parent[other] = item
                order.append(other)
    total = {item: weight[item] if isinstance(item, int) and item != ROOT else 0.0 for item in order}
    for item in reversed(order):
        if parent[item] is not None:
            total[parent[item]] += total[item]
    return total


def rooted(found: nx.Graph[int], sample: Sample) -> nx.Graph[int]:
    """What has a way to an anchor, with a root that all anchors hang on."""
    copy = found.copy()
    copy.add_edges_from((ROOT, anchor) for anchor in sample.destinations.tolist())
    return copy.subgraph(nx.node_connected_component(copy, ROOT)).copy()


def rust(sample: Sample) -> rustworkx.PyGraph:
    """The network with a root that all anchors hang on."""
    found = rustworkx.PyGraph()
    found.add_nodes_from(range(sample.nodes + 1))
    found.add_edges_from_no_data(list(zip(sample.tail.tolist(), sample.head.tolist(), strict=True)))
    found.add_edges_from_no_data([(sample.nodes, anchor) for anchor in sample.destinations.tolist()])
    return found


def scipy_distances(sample: Sample, without: int) -> Reals:
    """Distances from all destinations if a link fails."""
    keep = np.arange(sample.size) != without
    ends = (sample.tail[keep], sample.head[keep])
    matrix = csr_array((sample.metric[keep].astype(float), ends), shape=(sample.nodes, sample.nodes))
    found: Reals = dijkstra(matrix, directed=False, indices=sample.destinations)
    return found


def igraph_of(sample: Sample) -> igraph.Graph:
    """The network, with metrics and capacities."""
    found = igraph.Graph(n=sample.nodes, edges=np.stack([sample.tail, sample.head], 1).tolist())
    found.es["metric"], found.es["capacity"] = sample.metric.tolist(), sample.capacity.tolist()
    return found


def flows(sample: Sample) -> nx.DiGraph[int]:
    """The network, with capacities both ways."""
    found: nx.DiGraph[int] = nx.DiGraph()
    for tail, head, capacity in zip(sample.tail.tolist(), sample.head.tolist(), sample.capacity.tolist(), strict=True):
        found.add_edge(tail, head, capacity=capacity)
        found.add_edge(head, tail, capacity=capacity)
    return found


class Reevaluation:
    """Which nodes are down, by going over all of them in an order in which members come before owners."""

    def __init__(self, requirements: Requirements) -> None:
        bounds = np.asarray(requirements.first).tolist()
        members = np.asarray(requirements.members).tolist()
        leans: nx.DiGraph[int] = nx.DiGraph()
        leans.add_nodes_from(range(requirements.nodes))
        self.gates: list[list[tuple[int, list[int]]]] = [[] for _ in range(requirements.nodes)]
        owners, needs = np.asarray(requirements.owner).tolist(), np.asarray(requirements.needs).tolist()
        for gate, (owner, needed) in enumerate(zip(owners, needs, strict=True)):
            found = members[bounds[gate] : bounds[gate + 1]]
            self.gates[owner].append((needed, found))
            leans.add_edges_from((member, owner) for member in found)
        self.leans = leans

    def down(self, failed: set[int]) -> set[int]:
        """All that is down."""
        down = set(failed)
        for node in nx.topological_sort(self.leans):
            if any(sum(member not in down for member in found) < needed for needed, found in self.gates[node]):
                down.add(node)
        return down
