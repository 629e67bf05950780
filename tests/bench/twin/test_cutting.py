"""T1: how fast it is found what every node and link cuts off."""

from __future__ import annotations

import pytest
import rustworkx

from forestall.twin.engine import Cutting
from tests.bench.twin import baselines
from tests.bench.twin.measuring import COMPILED, Table, cpu
from tests.bench.twin.networks import Sample
from tests.bench.twin.samples import sample

pytestmark = pytest.mark.bench

WHAT = "telecom-100k: impact of every node and link"


def impacts(found: Sample) -> tuple[float, list[float]]:
    """Seconds for all impacts, and those of nodes."""
    cutting = Cutting(found.network(COMPILED.memory), COMPILED)
    taken, answer = cpu(lambda: cutting.from_anchors(found.weight, found.destinations), 7)
    return taken, answer.by_node.tolist()


def test_impacts_of_all_nodes_and_links_against_libraries(table: Table) -> None:
    found = sample("telecom-100k")
    graph, rust = baselines.graph(found), baselines.rust(found)
    blocks, total = cpu(lambda: baselines.impacts_of_blocks(graph, found), 1)
    points, _ = cpu(lambda: rustworkx.articulation_points(rust), 5)
    taken, by_node = impacts(found)
    near, _ = impacts(found.renumbered(COMPILED.memory))

    assert by_node == pytest.approx([total[node] for node in range(found.nodes)])
    table.figure("T1", WHAT, f"{taken * 1e3:.1f} ms", "less than 50 ms")
    table.faster("T1", WHAT, taken, ("networkx, blocks and sums, nodes only", blocks), 100)
    table.faster("T1", WHAT, taken, ("rustworkx, which nodes cut, no sums", points), 1)
    table.faster("T1", f"{WHAT}, numbered breadth first", near, ("networkx, blocks and sums, nodes only", blocks), 100)
    table.faster("T1", f"{WHAT}, numbered breadth first", near, ("rustworkx, which nodes cut, no sums", points), 1)
