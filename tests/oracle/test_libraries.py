"""Answers on every network of two public collections, held against those of general libraries."""

from __future__ import annotations

from collections.abc import Iterator

import igraph
import numpy as np
import pytest
import rustworkx
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from forestall.twin.engine import FAR, Backups, Cutting, Impacts, Kernels, Rerouting, failing
from forestall.twin.engine.backups import MOST
from tests.oracle.published import Published, networks
from tests.oracle.searches import Reals, agreed

Numbers = NDArray[np.int32]

NETWORKS = tuple(networks())


def every(number: int) -> Iterator[tuple[Published, int]]:
    """Each network, with the first of its links and every so many after it."""
    return ((found, link) for found in NETWORKS for link in range(0, len(found.tail), number))


def searched(found: Published, without: int) -> Reals:
    """[to * from] distances if a link fails, as scipy has them."""
    keep = np.arange(len(found.tail)) != without
    ends, metric = (found.tail[keep], found.head[keep]), found.length[keep].astype(np.float64)
    distance: Reals = dijkstra(csr_array((metric, ends), shape=(found.nodes, found.nodes)), directed=False)
    return np.minimum(distance, FAR).ravel()


def rerouted(found: Published, without: int) -> Numbers:
    """[to * from] distances if a link fails."""

    def lived(kernels: Kernels) -> Numbers:
        routing = Rerouting(found.network(kernels), range(found.nodes), found.demands["uni"], kernels)
        routing.commit(failing([without]))
        return routing.distance

    return agreed(lived)


def test_distances_after_a_failure_are_those_of_scipy() -> None:
    for found, link in every(25):
        assert rerouted(found, link).tolist() == searched(found, link).tolist(), found.name


def rooted(found: Published) -> rustworkx.PyGraph[None, None]:
    """The network with one node more, on which anchors 0 and 1 hang."""
    graph: rustworkx.PyGraph[None, None] = rustworkx.PyGraph()
    graph.add_nodes_from([None] * (found.nodes + 1))
    graph.add_edges_from_no_data(list(zip(found.tail.tolist(), found.head.tolist(), strict=True)))
    graph.add_edges_from_no_data([(found.nodes, 0), (found.nodes, 1)])
    return graph


def impacts(found: Published) -> Impacts:
    return agreed(lambda kernels: Cutting(found.network(kernels), kernels).from_anchors([1] * found.nodes, [0, 1]))


def test_nodes_and_links_that_cut_something_off_are_those_of_rustworkx() -> None:
    for found in NETWORKS:
        cut, graph = impacts(found), rooted(found)
        reached = rustworkx.node_connected_component(graph, found.nodes)
        points = rustworkx.articulation_points(graph) & reached - {found.nodes}
        bridges = {
            frozenset(ends) for ends in rustworkx.bridges(graph) if ends[0] in reached and found.nodes not in ends
        }
        ends = [frozenset(pair) for pair in zip(found.tail.tolist(), found.head.tolist(), strict=True)]
        assert set(np.flatnonzero(cut.by_node > 1).tolist()) == points, found.name
        assert {ends[link] for link in np.flatnonzero(cut.by_link)} == bridges, found.name


def as_igraph(found: Published) -> igraph.Graph:
    return igraph.Graph(n=found.nodes, edges=np.stack([found.tail, found.head], 1).tolist())


def counts(found: Published, sources: range, *, nodes_apart: bool) -> Numbers:
    return agreed(
        lambda kernels: Backups(found.network(kernels), kernels).counts(sources, [0, 1], nodes_apart=nodes_apart)
    )


@pytest.mark.parametrize("nodes_apart", [True, False])
def test_disjoint_paths_are_as_many_as_those_of_igraph(nodes_apart: bool) -> None:
    for found in NETWORKS:
        graph, root, sources = as_igraph(found), found.nodes, range(2, found.nodes, 5)
        graph.add_vertices(1)
        graph.add_edges([(root, 0), (root, 1)] * (1 if nodes_apart else MOST))
        many = graph.vertex_disjoint_paths if nodes_apart else graph.edge_disjoint_paths
        expected = [min(MOST, many(source, root)) for source in sources]
        assert counts(found, sources, nodes_apart=nodes_apart).tolist() == expected, found.name


def left(found: Published) -> Reals:
    """[links] what goes from the first node to the last if the link fails."""
    return agreed(
        lambda kernels: Backups(found.network(kernels), kernels).capacity_after_each_link(0, found.nodes - 1)
    )[1]


def test_flow_that_is_left_after_a_failure_is_that_of_igraph() -> None:
    for found, link in every(25):
        graph = as_igraph(found)
        graph.delete_edges([link])
        assert left(found)[link] == pytest.approx(graph.maxflow_value(0, found.nodes - 1)), found.name
