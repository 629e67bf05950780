"""T8 and T9: how fast it is found what is left after failures, and how many other ways there are."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from forestall.twin.engine import Backups
from forestall.twin.engine.backups import MOST
from tests.bench.twin import baselines
from tests.bench.twin.measuring import COMPILED, Table, cpu
from tests.bench.twin.samples import sample

pytestmark = pytest.mark.bench


def test_flow_after_each_failed_link_against_networkx_and_igraph(table: Table) -> None:
    found, (source, target) = sample("isp315"), (3, 200)
    backups = Backups(found.network(COMPILED.memory), COMPILED)
    graph, rival = baselines.igraph_of(found), baselines.flows(found)
    preflow = nx.algorithms.flow.preflow_push

    taken, (total, left) = cpu(lambda: backups.capacity_after_each_link(source, target), 5)
    slow, value = cpu(lambda: nx.maximum_flow_value(rival, source, target, flow_func=preflow), 2)
    fast, same = cpu(lambda: graph.maxflow_value(source, target, capacity="capacity"), 20)

    assert [value, same] == pytest.approx([total, total])
    for link in np.flatnonzero(left < total)[:5].tolist():
        thinner = graph.copy()
        thinner.delete_edges([link])
        assert thinner.maxflow_value(source, target, capacity="capacity") == pytest.approx(left[link])
    what = f"isp315: flow left after each of {found.size} links"
    table.faster("T8", what, taken, ("networkx, one scaled to all", slow * found.size), 10_000)
    table.faster("T8", what, taken, ("igraph, one scaled to all", fast * found.size), 150)


def test_paths_that_share_no_node_against_igraph_and_networkx(table: Table) -> None:
    found = sample("telecom-10k")
    backups, anchors = Backups(found.network(COMPILED.memory), COMPILED), found.destinations.tolist()
    sources = np.random.default_rng(0).integers(0, found.nodes, 3000)
    sources = sources[~np.isin(sources, anchors)]
    graph, rival = baselines.igraph_of(found), baselines.rooted(baselines.graph(found), found)
    graph.add_vertices(1)
    graph.add_edges([(found.nodes, anchor) for anchor in anchors])
    few = sources[:20].tolist()

    taken, counts = cpu(lambda: backups.counts(sources, anchors, nodes_apart=True))
    fast, same = cpu(lambda: [graph.vertex_disjoint_paths(one, found.nodes, neighbors="ignore") for one in few], 1)
    slow, value = cpu(lambda: nx.node_connectivity(rival, few[0], baselines.ROOT), 1)

    assert counts[: len(few)].tolist() == [min(MOST, count) for count in same]
    assert counts[0] == min(MOST, value)
    each, what = taken / len(sources), "telecom-10k: up to 3 paths from one node"
    table.faster("T9", what, each, ("igraph", fast / len(few)), 200)
    table.faster("T9", what, each, ("networkx", slow), 10_000)
