"""The twin's kernels on random small networks and dependency graphs, held against plain searches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.twin.engine.arrays import Requirements
from forestall.twin.engine.backups import MOST, Backups
from forestall.twin.engine.cutting import Cutting
from forestall.twin.engine.falling import Falling
from forestall.twin.engine.makes import Kernels
from forestall.twin.engine.rerouting import Rerouting, failing
from forestall.twin.kernels.buffers import DOWN
from tests.unit.twin.kernels.oracles import MAKES, Gate, Net, Reals, cut_off, disjoint, fallen, most_flow, routed, stuck

SETTINGS = settings(max_examples=200, derandomize=True, deadline=None)
ROOT = -1
EITHER = pytest.mark.parametrize("kernels", MAKES.values(), ids=MAKES)


@st.composite
def nets(draw: st.DrawFn) -> Net:
    """With parallel links, nodes without links, ties, metrics that differ by direction, and links that are down."""
    nodes = draw(st.integers(2, 9))
    node = st.integers(0, nodes - 1)
    ends = st.tuples(node, node).filter(lambda ends: ends[0] != ends[1])
    metric = st.integers(1, draw(st.sampled_from((1, 3, 20))))
    links = [(*draw(ends), draw(metric), draw(metric)) for _ in range(draw(st.integers(1, 18)))]
    if draw(st.booleans()):
        links = [(tail, head, there, there) for tail, head, there, _ in links]
    return Net(nodes, links, frozenset(draw(st.sets(st.integers(0, len(links) - 1), max_size=2))))


@st.composite
def demands(draw: st.DrawFn, nodes: int) -> Reals:
    """[to, from], with many zeros."""
    cells = st.lists(st.sampled_from((0.0, 0.0, 1.0, 2.5, 7.0)), min_size=nodes * nodes, max_size=nodes * nodes)
    return np.array(draw(cells)).reshape(nodes, nodes) * (1 - np.eye(nodes))


def some(net: Net) -> st.SearchStrategy[set[int]]:
    """Links: none, some, or all of them."""
    return st.one_of(st.sets(st.integers(0, len(net.links) - 1), max_size=4), st.just(set(range(len(net.links)))))


@st.composite
def changes(draw: st.DrawFn, net: Net) -> tuple[Net, dict[int, int]]:
    """The network after links failed, returned, or got better or worse; and what their arcs then cost."""
    links, down, costs = list(net.links), set(net.down), dict[int, int]()
    for link in draw(st.sets(st.integers(0, len(links) - 1), max_size=5)):
        if draw(st.booleans()):
            down.add(link)
            costs |= failing([link])
        else:
            metrics = draw(st.integers(1, 20)), draw(st.integers(1, 20))
            links[link] = (*links[link][:2], *metrics)
            down.discard(link)
            costs |= {2 * link: metrics[0], 2 * link + 1: metrics[1]}
    return Net(net.nodes, links, frozenset(down)), costs


@st.composite
def gated(draw: st.DrawFn) -> tuple[int, list[Gate]]:
    """Gates between a few nodes, in circles more often than not."""
    nodes = draw(st.integers(2, 10))
    members = st.lists(st.integers(0, nodes - 1), min_size=1, max_size=min(5, nodes), unique=True)
    drawn = draw(st.lists(st.tuples(st.integers(0, nodes - 1), members), min_size=1, max_size=18))
    return nodes, [(owner, draw(st.integers(0, len(found))), found) for owner, found in drawn]


def rerouting(net: Net, demand: Reals, kernels: Kernels) -> Rerouting:
    return Rerouting(net.network(kernels), range(net.nodes), demand, kernels)


def falling(nodes: int, gates: Sequence[Gate], kernels: Kernels) -> Falling:
    return Falling(Requirements.of(nodes, gates), kernels)


def same(one: Reals, other: Reals) -> None:
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


def drawn_net(data: st.DataObject) -> tuple[Net, Reals]:
    net = data.draw(nets())
    return net, data.draw(demands(net.nodes))


@EITHER
@SETTINGS
@given(data=st.data())
def test_loads_after_failures_are_those_of_a_full_search(kernels: Kernels, data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    failed = data.draw(some(net))

    found = rerouting(net, demand, kernels).suppose(failing(failed))

    load, lost = routed(net.without(failed), demand)
    same(found.load, load)
    assert found.lost == pytest.approx(lost, abs=1e-9)


@EITHER
@SETTINGS
@given(data=st.data())
def test_commits_of_any_changes_keep_the_state_of_a_full_search(kernels: Kernels, data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    routing = rerouting(net, demand, kernels)

    for _ in range(3):
        net, costs = data.draw(changes(net))
        supposed = routing.suppose(costs)
        routing.commit(costs)

        load, lost = routed(net, demand)
        same(routing.now.load, load)
        same(supposed.load, load)
        assert routing.now.lost == pytest.approx(lost, abs=1e-9)
        assert (routing.distance == rerouting(net, demand, kernels).distance).all()


@EITHER
@SETTINGS
@given(data=st.data())
def test_the_order_of_failures_does_not_matter_and_repairs_undo_them(kernels: Kernels, data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    one, other = (set(data.draw(some(net))) for _ in range(2))
    before, first, second = (rerouting(net, demand, kernels) for _ in range(3))

    for routing, order in ((first, (one, other)), (second, (other, one))):
        for failed in order:
            routing.commit(failing(failed))

    together = before.suppose(failing(one | other))
    same(first.now.load, together.load)
    same(second.now.load, together.load)
    first.commit({2 * link + way: net.links[link][2 + way] for link in (one | other) - net.down for way in (0, 1)})
    same(first.now.load, before.now.load)
    assert (first.distance == before.distance).all()


@EITHER
@SETTINGS
@given(data=st.data())
def test_traffic_is_kept_at_every_node_and_dead_arcs_carry_none(kernels: Kernels, data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    failed = data.draw(some(net))
    routing = rerouting(net, demand, kernels)

    found = routing.suppose(failing(failed))

    dead = [2 * link + way for link in failed | net.down for way in (0, 1)]
    ends = np.array([ends for tail, head, _, _ in net.links for ends in ((tail, head), (head, tail))])
    out, into = (np.bincount(ends[:, side], found.load, net.nodes) for side in (0, 1))
    reached = net.without(failed).graph()
    served = demand * [[nx.has_path(reached, node, goal) for node in range(net.nodes)] for goal in range(net.nodes)]
    assert (found.load >= -1e-9).all()
    assert (found.load[dead] == 0).all()
    assert served.sum() + found.lost == pytest.approx(demand.sum())
    same(np.asarray(out - into, np.float64), served.sum(axis=0) - served.sum(axis=1))


@EITHER
@SETTINGS
@given(data=st.data())
def test_one_more_failure_never_lowers_what_is_lost(kernels: Kernels, data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    failed, more = data.draw(some(net)), data.draw(some(net))

    swept = rerouting(net, demand, kernels).sweep([failed, failed | more])

    assert swept.lost[1] >= swept.lost[0] - 1e-9


@EITHER
def test_one_more_failure_can_lower_the_highest_utilisation(kernels: Kernels) -> None:
    # 0 reaches 2 over 1. Once 0-1 is lost as well, nothing arrives at 1-2 that could fill it.
    net = Net(3, [(0, 1, 1, 1), (1, 2, 1, 1), (0, 2, 5, 5)])
    demand = np.zeros((3, 3))
    demand[2][0] = 1.0

    swept = rerouting(net, demand, kernels).sweep([[2], [2, 0]])

    assert swept.peak[0] > swept.peak[1]


@EITHER
@SETTINGS
@given(data=st.data())
def test_a_sweep_says_of_each_failure_what_a_full_search_says(kernels: Kernels, data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    failures = [set(data.draw(some(net))) for _ in range(3)]
    capacity = data.draw(st.sampled_from((1.0, 3.0, 10.0)))
    network = net.network(kernels, capacity=capacity)

    swept = Rerouting(network, range(net.nodes), demand, kernels).sweep(failures)

    loads = [routed(net.without(failed), demand)[0] / capacity for failed in failures]
    today = routed(net, demand)[0] / capacity
    same(swept.peak, np.array([load.max() for load in loads]))
    same(swept.worst, np.max([today, *loads], axis=0))
    assert swept.over.tolist() == [int((load > 1 + 1e-9).sum()) for load in loads]
    for arc, cause in enumerate(swept.cause):
        assert swept.worst[arc] == pytest.approx(today[arc] if cause < 0 else loads[cause][arc], abs=1e-9)


@EITHER
@SETTINGS
@given(data=st.data())
def test_what_a_node_or_link_cuts_off_is_what_a_search_without_it_misses(kernels: Kernels, data: st.DataObject) -> None:
    net = data.draw(nets())
    weight = data.draw(st.lists(st.integers(0, 5).map(float), min_size=net.nodes, max_size=net.nodes))
    anchors = data.draw(st.sets(st.integers(0, net.nodes - 1), min_size=1, max_size=3))

    found = Cutting(net.network(kernels), kernels).from_anchors(weight, sorted(anchors))

    graph = net.graph()
    today = cut_off(graph, anchors, weight)
    alone = [cut_off(nx.restricted_view(graph, [node], []), anchors, weight) - today for node in graph]
    links = [cut_off(net.without([link]).graph(), anchors, weight) - today for link in range(len(net.links))]
    assert found.today == pytest.approx(today)
    same(found.by_node, np.array(alone))
    same(found.by_link, np.array(links))


@EITHER
@SETTINGS
@given(data=st.data())
def test_what_is_cut_off_lies_behind_bridges_and_cut_vertices(kernels: Kernels, data: st.DataObject) -> None:
    net = data.draw(nets())
    anchors = data.draw(st.sets(st.integers(0, net.nodes - 1), min_size=1, max_size=3))

    found = Cutting(net.network(kernels), kernels).from_anchors(np.ones(net.nodes), sorted(anchors))

    simple: nx.Graph[int] = nx.Graph(net.graph())
    simple.add_edges_from((ROOT, anchor) for anchor in anchors)
    reached = simple.subgraph(nx.node_connected_component(simple, ROOT))
    found_bridges: Any = nx.bridges(reached)  # pairs, whatever the stubs say
    bridges = {frozenset(ends) for ends in found_bridges}
    cutting = set(nx.articulation_points(reached)) - {ROOT}
    assert {node for node in range(net.nodes) if found.by_node[node] > 1} <= cutting
    for link, (tail, head, _, _) in enumerate(net.links):
        assert found.by_link[link] == 0 or frozenset((tail, head)) in bridges
        assert max(found.by_node[tail], found.by_node[head]) >= found.by_link[link]


@EITHER
@SETTINGS
@given(data=st.data())
def test_demand_that_is_cut_off_is_what_has_no_path_without_it(kernels: Kernels, data: st.DataObject) -> None:
    net = data.draw(nets())
    node = st.integers(0, net.nodes - 1)
    pairs = data.draw(st.lists(st.tuples(node, node, st.sampled_from((0.0, 1.0, 2.5))), max_size=12))
    source, target, demand = (list(row) for row in zip(*pairs, strict=True)) if pairs else ([], [], [])

    found = Cutting(net.network(kernels), kernels).of_pairs(source, target, demand)

    graph = net.graph()
    alone = [
        stuck(nx.restricted_view(graph, [node], []), pairs)
        - stuck(graph, [pair for pair in pairs if node not in pair[:2]])
        for node in graph
    ]
    links = [stuck(net.without([link]).graph(), pairs) - stuck(graph, pairs) for link in range(len(net.links))]
    assert found.today == pytest.approx(stuck(graph, pairs))
    same(found.by_node, np.array(alone))
    same(found.by_link, np.array(links))


@EITHER
@SETTINGS
@given(data=st.data())
def test_what_falls_and_rises_is_the_least_fixpoint(kernels: Kernels, data: st.DataObject) -> None:
    nodes, gates = data.draw(gated())
    state, failed = falling(nodes, gates, kernels), set[int]()

    for _ in range(6):
        chosen = data.draw(st.sets(st.integers(0, nodes - 1), min_size=1, max_size=2))
        before = fallen(gates, failed)
        assert set(state.suppose(sorted(chosen))) == fallen(gates, failed | chosen) - before
        repairs: bool = data.draw(st.booleans())
        if failed and repairs:
            repaired = data.draw(st.sampled_from(sorted(failed)))
            failed.remove(repaired)
            assert set(state.repair(repaired)) == before - fallen(gates, failed)
        else:
            failed |= chosen
            assert set(state.fail(sorted(chosen))) == fallen(gates, failed) - before
        assert set(np.flatnonzero(state.down).tolist()) == fallen(gates, failed)


@EITHER
@SETTINGS
@given(data=st.data())
def test_gates_that_need_more_never_shrink_what_falls(kernels: Kernels, data: st.DataObject) -> None:
    nodes, gates = data.draw(gated())
    stricter = [(owner, min(needs + 1, len(members)), members) for owner, needs, members in gates]

    loose, strict = (falling(nodes, each, kernels).singles(np.ones(nodes)) for each in (gates, stricter))

    assert (strict.size >= loose.size).all()
    assert loose.size.tolist() == [len(fallen(gates, {node})) for node in range(nodes)]


@EITHER
@SETTINGS
@given(data=st.data())
def test_pairs_that_do_not_meet_bring_down_the_union(kernels: Kernels, data: st.DataObject) -> None:
    nodes, gates = data.draw(gated())

    meeting = falling(nodes, gates, kernels).meeting(range(nodes))

    alone = [fallen(gates, {node}) for node in range(nodes)]
    worse = {
        (one, other)
        for one, other in combinations(range(nodes), 2)
        if fallen(gates, {one, other}) != alone[one] | alone[other]
    }
    assert worse <= set(meeting)


@EITHER
@SETTINGS
@given(data=st.data(), apart=st.booleans())
def test_disjoint_paths_are_as_many_as_the_least_cut_and_share_nothing(
    kernels: Kernels, data: st.DataObject, apart: bool
) -> None:
    net = data.draw(nets())
    anchors = data.draw(st.sets(st.integers(0, net.nodes - 1), min_size=1, max_size=3))
    source = data.draw(st.integers(0, net.nodes - 1).filter(lambda node: node not in anchors))
    backups = Backups(net.network(kernels), kernels)

    paths = backups.paths(source, anchors, nodes_apart=apart)

    assert len(paths) == min(MOST, disjoint(net, source, anchors, nodes_apart=apart))
    assert backups.counts([source], anchors, nodes_apart=apart).tolist() == [len(paths)]
    links = [arc >> 1 for path in paths for arc in path]
    assert len(links) == len(set(links))
    assert not net.down.intersection(links)
    stops = [[(net.links[arc >> 1][arc & 1], net.links[arc >> 1][1 - (arc & 1)]) for arc in path] for path in paths]
    for path in stops:
        assert path[0][0] == source
        assert path[-1][1] in anchors
        assert all(one[1] == other[0] for one, other in pairwise(path))
    ends = [head for path in stops for _, head in path]
    assert not apart or len(ends) == len(set(ends))


@EITHER
@SETTINGS
@given(data=st.data())
def test_flow_that_is_left_after_each_failure_is_that_of_a_full_search(kernels: Kernels, data: st.DataObject) -> None:
    net = data.draw(nets())
    source, target = data.draw(st.lists(st.integers(0, net.nodes - 1), min_size=2, max_size=2, unique=True))
    size = 2 * len(net.links)
    capacity = data.draw(st.lists(st.sampled_from((0.0, 1.0, 2.5, 4.0)), min_size=size, max_size=size))
    network = net.network(kernels)
    for arc, amount in enumerate(capacity):
        network.capacity[arc] = amount

    total, left = Backups(network, kernels).capacity_after_each_link(source, target)

    assert total == pytest.approx(most_flow(net, capacity, source, target))
    same(left, np.array([most_flow(net.without([link]), capacity, source, target) for link in range(len(net.links))]))
    assert (left <= total + 1e-9).all()


@EITHER
@SETTINGS
@given(data=st.data(), factor=st.sampled_from((0.25, 3.0, 1000.0)))
def test_numbers_of_nodes_do_not_matter_and_traffic_scales(
    kernels: Kernels, data: st.DataObject, factor: float
) -> None:
    net, demand = drawn_net(data)
    number = np.array(data.draw(st.permutations(range(net.nodes))))
    moved = Net(net.nodes, [(*number[[*link[:2]]].tolist(), *link[2:]) for link in net.links], net.down)
    shuffled = np.zeros_like(demand)
    shuffled[np.ix_(number, number)] = demand

    one, other = rerouting(net, demand, kernels), rerouting(moved, factor * shuffled, kernels)

    np.testing.assert_allclose(other.now.load, factor * one.now.load, rtol=1e-9, atol=1e-9)
    weight = np.arange(net.nodes, dtype=np.float64)
    impacts = [
        Cutting(each.network(kernels), kernels).from_anchors(weights, [anchor])
        for each, weights, anchor in ((net, weight, 0), (moved, weight[np.argsort(number)], number[0]))
    ]
    same(impacts[1].by_node[number], impacts[0].by_node)
    same(impacts[1].by_link, impacts[0].by_link)


@SETTINGS
@given(data=st.data())
def test_compiled_kernels_answer_as_plain_ones_do_to_the_last_bit(data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    failures = [[link] for link in range(len(net.links))]
    _, costs = data.draw(changes(net))

    swept = [rerouting(net, demand, kernels).sweep(failures) for kernels in MAKES.values()]
    routings = [rerouting(net, demand, kernels) for kernels in MAKES.values()]
    for routing in routings:
        routing.commit(costs)

    assert len({(each.lost.tobytes(), each.worst.tobytes(), each.cause.tobytes()) for each in swept}) == 1
    assert len({routing.now.load.tobytes() for routing in routings}) == 1
    assert MAKES.keys() == {"plain", "compiled"}, "compile the kernels: setup.py build_ext --inplace"


@EITHER
@settings(max_examples=20, derandomize=True, deadline=None)
@given(data=st.data())
def test_one_thread_and_many_answer_the_same_to_the_last_bit(kernels: Kernels, data: st.DataObject) -> None:
    net, demand = drawn_net(data)
    failures = [[link] for link in range(len(net.links))] + [[0, link] for link in range(len(net.links))]
    parts = [failures[start::3] for start in range(3)]

    whole = rerouting(net, demand, kernels).sweep(failures)
    with ThreadPoolExecutor(3) as pool:
        swept = list(pool.map(lambda part: rerouting(net, demand, kernels).sweep(part), parts))

    for start, part in enumerate(swept):
        assert part.lost.tobytes() == whole.lost[start::3].tobytes()
        assert part.peak.tobytes() == whole.peak[start::3].tobytes()
    assert np.max([part.worst for part in swept], axis=0).tobytes() == whole.worst.tobytes()


@EITHER
@SETTINGS
@given(number=st.integers(-(2**40), 2**40))
def test_numbers_that_name_nothing_are_refused(kernels: Kernels, number: int) -> None:
    net = Net(3, [(0, 1, 1, 1), (1, 2, 1, 1)])
    routing, state = rerouting(net, np.ones((3, 3)), kernels), falling(3, [(0, 1, [1, 2])], kernels)
    backups, cutting = Backups(net.network(kernels), kernels), Cutting(net.network(kernels), kernels)
    asked: dict[int, Callable[[], object]] = {
        4: lambda: routing.suppose({number: DOWN}),
        2: lambda: routing.sweep([[number]]),
        3: lambda: (state.suppose([number]), backups.counts([number], [0], nodes_apart=True)),
    }

    for limit, ask in asked.items():
        if not 0 <= number < limit:
            with pytest.raises(IndexError, match=f"{number} is not from 0 to {limit - 1}"):
                ask()
    if not 0 <= number < 3:
        with pytest.raises(IndexError, match="anchor"):
            cutting.from_anchors([1, 1, 1], [number])
        with pytest.raises(IndexError, match="node"):
            state.repair(number)
