"""How much faster the kernels are than general libraries, and how their time grows. Ratios, never seconds."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable
from functools import cache, partial

import networkx as nx
import numpy as np
import pytest
import rustworkx

from forestall.twin import kernels as package
from forestall.twin.engine.backups import Backups
from forestall.twin.engine.choice import choose
from forestall.twin.engine.cutting import Cutting
from forestall.twin.engine.falling import Falling
from forestall.twin.engine.makes import Kernels
from forestall.twin.engine.rerouting import Rerouting, failing
from tests.bench.twin import baselines
from tests.bench.twin.measuring import COMPILED, PLAIN, cpu, report
from tests.bench.twin.networks import Estate, Sample, estate, isp315, telecom
from tests.bench.twin.published import published

pytestmark = pytest.mark.bench

SAMPLES: dict[str, Callable[[], Sample]] = {
    "isp315": isp315,
    "telecom-10k": lambda: telecom(10_000),
    "telecom-100k": lambda: telecom(100_000),
}


@cache
def sample(name: str) -> Sample:
    return SAMPLES[name]() if name in SAMPLES else published(name)


@cache
def deps() -> Estate:
    return estate(100_000)


def rerouting(found: Sample, kernels: Kernels) -> Rerouting:
    return Rerouting(found.network(kernels.memory), found.destinations, found.demand, kernels)


@cache
def swept(name: str) -> float:
    """Seconds for one failure, in a sweep of all links."""
    routing = rerouting(sample(name), COMPILED)
    failures = [[link] for link in range(sample(name).size)]
    return cpu(lambda: routing.sweep(failures))[0] / len(failures)


@cache
def searched(name: str) -> float:
    """Seconds for one failure with networkx: some destinations, scaled to all."""
    found, link = sample(name), 1
    graph = baselines.graph(found)
    graph.remove_edge(int(found.tail[link]), int(found.head[link]))
    places = range(0, len(found.destinations), max(1, len(found.destinations) // 60))
    taken, load = cpu(lambda: baselines.routed(graph, found, places), 2)
    supposed = Rerouting(
        found.network(COMPILED.memory), found.destinations[places], found.demand[places], COMPILED
    ).suppose(failing([link]))
    arcs = {
        (int(tail), int(head)): 2 * place for place, (tail, head) in enumerate(zip(found.tail, found.head, strict=True))
    }
    for (one, other), amount in load.items():
        arc = arcs[one, other] if (one, other) in arcs else arcs[other, one] + 1
        assert supposed.load[arc] == pytest.approx(amount)
    return taken * len(found.destinations) / len(places)


def test_t1_impacts_of_all_nodes_and_links_against_libraries() -> None:
    found = sample("telecom-100k")
    graph, rust = baselines.graph(found), baselines.rust(found)
    blocks, total = cpu(lambda: baselines.impacts_of_blocks(graph, found), 1)
    points, _ = cpu(lambda: rustworkx.articulation_points(rust), 5)
    near = found.renumbered(COMPILED.memory)
    for each in (found, near):
        cutting = Cutting(each.network(COMPILED.memory), COMPILED)
        taken, impacts = cpu(lambda: cutting.from_anchors(each.weight, each.destinations), 7)  # noqa: B023 (run here)
        report("T1", f"{each.name}: over networkx blocks and sums", blocks / taken, 100)
        report("T1", f"{each.name}: over rustworkx, cut vertices only", points / taken, 1.5)
        if each is found:
            assert impacts.by_node.tolist() == pytest.approx([total[node] for node in range(found.nodes)])


@pytest.mark.parametrize(("name", "floor"), [("sndlib/germany50", 200), ("isp315", 1000), ("backbone/europe", 700)])
def test_t2_all_single_link_failures_against_networkx(name: str, floor: float) -> None:
    report("T2", f"{name}: {swept(name) * 1e3:.3f} ms a failure, over networkx", searched(name) / swept(name), floor)


def test_t3_all_single_link_failures_against_the_best_library() -> None:
    found = sample("isp315")
    graph = baselines.igraph_of(found)
    graph.delete_edges([1])
    rival = min(
        cpu(lambda: baselines.scipy_distances(found, 1), 5)[0],
        cpu(lambda: graph.distances(weights="metric"), 3)[0],
    )
    report("T3", f"isp315: over the best library, {rival * 1e3:.1f} ms for searches alone", rival / swept("isp315"), 60)


def test_t5_time_grows_with_nodes_squared_times_hops() -> None:
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
        for _ in range(5)
    ]
    costs = [min(times) / unit * 1e9 for times, unit in zip(zip(*rounds, strict=True), units, strict=True)]
    listed = ", ".join(f"{cost:.0f}" for cost in costs)
    report("T5", f"ns for a node squared and hop ({listed}): 1000 over the highest", 1000 / max(costs), 1)
    report("T5", "1.8 over the spread from 25 to 500 nodes", 1.8 * min(costs) / max(costs), 1)


def test_t6_one_question_about_a_large_network_against_networkx() -> None:
    found = sample("telecom-100k")
    routing = rerouting(found, COMPILED)
    links = np.random.default_rng(0).integers(0, found.size, 2000).tolist()

    taken, _ = cpu(lambda: [routing.would_touch(failing([link])) for link in links])

    report("T6", f"telecom-100k: {taken / 2:.4f} ms, over networkx", searched("telecom-100k") / (taken / 2000), 3000)


def test_t7_what_falls_with_each_node_against_networkx_and_plain_python() -> None:
    weight, rival = np.ones(100_000), baselines.Reevaluation(deps().requirements)
    fast, slow = (Falling(deps().requirements, kernels) for kernels in (COMPILED, PLAIN))
    one, down = cpu(lambda: rival.down({0}), 1)
    assert set(fast.suppose([0])) == down
    taken, found = cpu(lambda: fast.singles(weight))
    written, _ = cpu(lambda: slow.singles(weight), 1)
    report("T7", f"100k: {taken * 1e3:.0f} ms for all, over networkx", one * 100_000 / taken, 500_000)
    report("T7", "100k: over plain Python", written / taken, 30)
    assert found.size[0] == len(down)


def test_t8_flow_after_each_link_failure_against_networkx_and_igraph() -> None:
    found, (source, target) = sample("isp315"), (3, 200)
    rival: nx.DiGraph[int] = nx.DiGraph()
    backups = Backups(found.network(COMPILED.memory), COMPILED)
    taken, (total, left) = cpu(lambda: backups.capacity_after_each_link(source, target), 5)
    graph = baselines.igraph_of(found)
    for tail, head, capacity in zip(found.tail.tolist(), found.head.tolist(), found.capacity.tolist(), strict=True):
        rival.add_edge(tail, head, capacity=capacity)
        rival.add_edge(head, tail, capacity=capacity)
    slow, value = cpu(
        lambda: nx.maximum_flow_value(rival, source, target, flow_func=nx.algorithms.flow.preflow_push), 2
    )
    fast, same = cpu(lambda: graph.maxflow_value(source, target, capacity="capacity"), 20)
    assert value == pytest.approx(total)
    assert same == pytest.approx(total)
    changed = [link for link in range(found.size) if left[link] < total]
    for link in changed[:5]:
        thinner = graph.copy()
        thinner.delete_edges([link])
        assert thinner.maxflow_value(source, target, capacity="capacity") == pytest.approx(left[link])
    report("T8", f"isp315: {taken * 1e3:.2f} ms for all links, over networkx", slow * found.size / taken, 10_000)
    report("T8", "isp315: over igraph", fast * found.size / taken, 150)


def test_t9_three_paths_that_share_no_node_against_igraph_and_networkx() -> None:
    found = sample("telecom-10k")
    backups, anchors = Backups(found.network(COMPILED.memory), COMPILED), found.destinations.tolist()
    sources = np.random.default_rng(0).integers(0, found.nodes, 3000)
    sources = sources[~np.isin(sources, anchors)]
    taken, counts = cpu(lambda: backups.counts(sources, anchors, nodes_apart=True))
    graph, rival = baselines.igraph_of(found), baselines.rooted(baselines.graph(found), found)
    graph.add_vertices(1)
    graph.add_edges([(found.nodes, anchor) for anchor in anchors])
    few = sources[:20].tolist()
    fast, same = cpu(lambda: [graph.vertex_disjoint_paths(one, found.nodes, neighbors="ignore") for one in few], 1)
    slow, value = cpu(lambda: nx.node_connectivity(rival, few[0], baselines.ROOT), 1)
    assert counts[:20].tolist() == [min(3, count) for count in same]
    assert counts[0] == min(3, value)
    each = taken / len(sources)
    report("T9", f"telecom-10k: {each * 1e6:.1f} us a node, over igraph", fast / len(few) / each, 200)
    report("T9", "telecom-10k: over networkx", slow / each, 10_000)


def test_t10_a_thousand_events_a_second_take_a_tenth_of_a_core() -> None:
    core, access, rng, seconds = sample("isp315"), sample("telecom-100k"), np.random.default_rng(0), 10
    routing, falling = rerouting(core, COMPILED), Falling(deps().requirements, COMPILED)
    cutting = Cutting(access.network(COMPILED.memory), COMPILED)
    number = {f"link-{link}": link for link in range(access.size)}
    names = [[f"link-{link}" for link in rng.integers(0, access.size, 940)] for _ in range(seconds)]
    use, failed, down = np.zeros(access.size), set[int](), list[int]()
    spent = []
    for second in range(seconds):
        flips, links = rng.integers(0, deps().services[0], 50).tolist(), rng.integers(0, core.size, 10).tolist()
        begin = time.process_time()
        use[[number[name] for name in names[second]]] = 0.5
        for node in flips:
            falling.repair(node) if node in failed else falling.fail([node])
            failed ^= {node}
        for link in links:  # at most five are down at a time
            gone = down.pop(0) if len(down) == 5 else None
            metric = int(core.metric[link if gone is None else gone])
            if gone is not None:
                routing.commit({2 * gone: metric, 2 * gone + 1: metric})
            elif link not in down:
                down.append(link)
                routing.commit(failing([link]))
        for _ in range(2):
            cutting.from_anchors(access.weight, access.destinations)
        spent.append(time.process_time() - begin)
    fresh = rerouting(core, COMPILED)
    fresh.commit(failing(down))
    assert (fresh.distance == routing.distance).all()
    np.testing.assert_allclose(fresh.now.load, routing.now.load, atol=1e-7)
    share = sum(spent) / seconds
    report("T10", f"{share:.1%} of a core (worst second {max(spent):.1%}): 10% over that", 0.10 / share, 1)


def test_t11_plain_python_against_networkx() -> None:
    far, core = sample("telecom-100k"), sample("isp315")
    graph = baselines.graph(far)
    blocks, _ = cpu(lambda: baselines.impacts_of_blocks(graph, far), 1)
    cutting = Cutting(far.network(PLAIN.memory), PLAIN)
    taken, _ = cpu(lambda: cutting.from_anchors(far.weight, far.destinations), 2)
    report("T11", "telecom-100k: impacts, plain Python over networkx", blocks / taken, 5)
    routing = rerouting(core, PLAIN)
    failures = [[link] for link in range(0, core.size, 32)]
    each = cpu(lambda: routing.sweep(failures), 2)[0] / len(failures)
    report("T11", f"isp315: sweep, {each * 1e3:.1f} ms, plain Python over networkx", searched("isp315") / each, 25)
    rival, falling = baselines.Reevaluation(deps().requirements), Falling(deps().requirements, PLAIN)
    host = deps().hosts[5]
    one, _ = cpu(lambda: rival.down({host}), 1)
    many, _ = cpu(lambda: [falling.suppose([host]) for _ in range(1000)])
    report("T11", "100k: what falls with a host, plain Python over networkx", one / (many / 1000), 5000)


def test_t12_compiled_kernels_are_small_and_start_at_once() -> None:
    folder = pathlib.Path(str(package.__file__)).parent
    size = sum(file.stat().st_size for file in folder.glob("*.so")) / 2**20
    taken, chosen = cpu(lambda: choose(PLAIN, COMPILED))
    assert chosen.kernels.compiled
    report("T12", f"{size:.2f} MiB on top of numpy: 2 over that", 2 / size, 1)
    report("T12", f"{taken * 1e3:.0f} ms to compare both makes at the start: 100 over that", 0.1 / taken, 1)
