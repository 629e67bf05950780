"""CPU time that packages made for it take for a failed link, printed as JSON: `rivals.py PACKAGE SAMPLE.npz LINK...`.

Runs in an environment of its own, by `environment.py`, and knows nothing of forestall.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout

import numpy as np
from numpy.typing import NDArray

Rows = dict[str, NDArray[np.float64]]
"""A network: nodes, tail, head, metric by link, destinations, and demand [destinations, nodes]."""


def netgraph_core(rows: Rows) -> Callable[[int], float]:
    """Loads under equal splits if a link fails; the highest of them."""
    import netgraph_core as core  # noqa: PLC0415 (one of two packages is needed at a time)

    ends, links = np.stack([rows["tail"], rows["head"]], 1).astype(np.int32), len(rows["tail"])
    graph = core.StrictMultiDiGraph.from_arrays(
        int(rows["nodes"]),
        ends.ravel(),
        ends[:, ::-1].ravel().copy(),
        np.full(2 * links, 1e12),
        np.repeat(rows["metric"], 2).astype(np.int64),
        np.arange(2 * links, dtype=np.int64),
    )
    algorithms = core.Algorithms(core.Backend.cpu())
    built, link_of = algorithms.build_graph(graph), np.asarray(graph.ext_edge_ids_view()) >> 1

    def failed(link: int) -> float:
        state = core.FlowState(graph)
        for goal, demand in zip(rows["destinations"].astype(int).tolist(), rows["demand"], strict=True):
            _, hops = algorithms.spf_to(built, goal, edge_mask=link_of != link)
            for node in np.flatnonzero(demand).tolist():
                state.place_on_dag(node, goal, hops, float(demand[node]), core.FlowPlacement.EQUAL_BALANCED)
        return float(state.edge_flow_view().max())

    return failed


def pyntm(rows: Rows) -> Callable[[int], float]:
    """The whole simulation if a link fails; the highest load."""
    from pyNTM import Demand, Interface, Model, Node  # noqa: PLC0415 (one of two packages is needed at a time)

    nodes = [Node(str(node)) for node in range(int(rows["nodes"]))]
    interfaces = [
        Interface(f"{link}{way}", int(metric), 1e12, nodes[int(one)], nodes[int(other)], str(link))
        for link, (tail, head, metric) in enumerate(zip(rows["tail"], rows["head"], rows["metric"], strict=True))
        for way, one, other in (("there", tail, head), ("back", head, tail))
    ]
    demands = [
        Demand(nodes[node], nodes[int(goal)], float(row[node]), f"{node}-{int(goal)}")
        for goal, row in zip(rows["destinations"], rows["demand"], strict=True)
        for node in np.flatnonzero(row).tolist()
    ]
    model = Model(set(interfaces), set(nodes), set(demands), set())

    def failed(link: int) -> float:
        name, node = f"{link}there", str(int(rows["tail"][link]))
        model.fail_interface(name, node)
        model.update_simulation()
        highest = max(float(interface.traffic) for interface in model.interface_objects if not interface.failed)
        model.unfail_interface(name, node, True)
        return highest

    return failed


def measured(failed: Callable[[int], float], links: Sequence[int]) -> dict[str, float | list[float]]:
    """Milliseconds for a failure, and the highest load in each."""
    begin = time.process_time()
    with redirect_stdout(sys.stderr):  # pyNTM tells of its progress
        highest = [failed(link) for link in links]
    return {"milliseconds": (time.process_time() - begin) / len(links) * 1e3, "highest": highest}


if __name__ == "__main__":
    package, sample, *numbers = sys.argv[1:]
    prepare = {"netgraph-core": netgraph_core, "pyntm": pyntm}[package]
    with np.load(sample) as file:
        run = prepare(dict(file))
    sys.stdout.write(json.dumps(measured(run, [int(number) for number in numbers])))
