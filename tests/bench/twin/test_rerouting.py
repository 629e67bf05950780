"""T2 to T6: how fast traffic is routed anew, and how the time for that grows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from forestall.twin.engine import failing
from tests.bench.twin import baselines
from tests.bench.twin.environment import MissingError, measured
from tests.bench.twin.measuring import COMPILED, Table, cpu
from tests.bench.twin.samples import rerouting, sample, searched, swept

pytestmark = pytest.mark.bench

SPREAD = 3
"""Of the unit cost from 25 to 500 nodes. Searches from nothing are at 19; what others do to caches shows, too."""


@pytest.mark.parametrize(("name", "floor"), [("sndlib/germany50", 200), ("isp315", 1000), ("backbone/europe", 400)])
def test_a_failed_link_against_networkx(table: Table, name: str, floor: float) -> None:
    table.faster("T2", f"{name}: a failed link of all, in turn", swept(name), ("networkx", searched(name)), floor)


def test_all_links_of_a_backbone(table: Table) -> None:
    size = sample("isp315").size
    table.figure("T2", f"isp315: all {size} links, in turn", f"{swept('isp315') * size:.3f} s", "less than 0.5 s")


def test_a_failed_link_against_the_best_general_library(table: Table) -> None:
    found = sample("isp315")
    graph = baselines.igraph_of(found)
    graph.delete_edges([1])
    rivals = {
        "scipy, distances alone": cpu(lambda: baselines.scipy_distances(found, 1), 5)[0],
        "igraph, distances alone": cpu(lambda: graph.distances(weights="metric"), 3)[0],
    }
    best = min(rivals, key=rivals.__getitem__)
    table.faster("T3", "isp315: a failed link of all, in turn", swept("isp315"), (best, rivals[best]), 60)


@pytest.mark.parametrize(
    ("package", "name", "floor"),
    [
        ("pyntm", "sndlib/germany50", 5000),
        ("netgraph-core", "sndlib/germany50", 100),
        ("netgraph-core", "isp315", 5000),
    ],
)
def test_a_failed_link_against_packages_made_for_it(
    table: Table, tmp_path: Path, package: str, name: str, floor: float
) -> None:
    links, routing = (1, sample(name).size // 2), rerouting(sample(name), COMPILED)
    try:
        rival = measured(package, sample(name), links, tmp_path)
    except MissingError as missing:
        table.missing("T4", f"{name}: against {package}", str(missing))
        return
    assert rival.highest == pytest.approx([routing.suppose(failing([link])).load.max() for link in links])
    table.faster("T4", f"{name}: a failed link of all, in turn", swept(name), (package, rival.seconds), floor)


def test_time_grows_with_nodes_squared_times_hops(table: Table) -> None:
    found = [sample(f"gabriel/{nodes}/0") for nodes in (25, 50, 100, 200, 300, 400, 500)]
    routings = [rerouting(each, COMPILED) for each in found]
    # All links are taken more than once in small networks, so that the cost of asking does not count.
    often = [max(1, 400 // each.nodes) for each in found]
    units = [
        times * each.nodes**2 * routing.now.load.sum() / each.demand.sum()
        for each, routing, times in zip(found, routings, often, strict=True)
    ]
    failures = [[[link] for link in range(each.size)] * times for each, times in zip(found, often, strict=True)]
    # In rounds over all sizes, so that what else the machine does meets all of them alike.
    rounds = [
        [cpu(partial(routing.sweep, links), 1)[0] for routing, links in zip(routings, failures, strict=True)]
        for _ in range(15)
    ]
    costs = [min(times) / unit * 1e9 for times, unit in zip(zip(*rounds, strict=True), units, strict=True)]
    spread = max(costs) / min(costs)
    listed = ", ".join(f"{cost:.0f}" for cost in costs)
    table.figure("T5", "25 to 500 nodes: ns for a node squared and hop", listed, "at most 1000")
    table.figure("T5", "25 to 500 nodes: spread of these", f"{spread:.2f}", f"at most 1.8, asserted: {SPREAD}")
    assert spread <= SPREAD


def test_one_question_about_a_large_network_against_networkx(table: Table) -> None:
    found = sample("telecom-100k")
    routing = rerouting(found, COMPILED)
    links = np.random.default_rng(0).integers(0, found.size, 2000).tolist()

    taken, _ = cpu(lambda: [routing.would_touch(failing([link])) for link in links])

    each = taken / len(links)
    table.faster("T6", "telecom-100k: one failed link", each, ("networkx", searched("telecom-100k")), 3000)
