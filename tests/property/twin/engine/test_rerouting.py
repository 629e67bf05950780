"""Where traffic goes, on random small networks, held against full searches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from forestall.twin.engine import Kernels, Loads, Rerouting, Sweep, failing
from tests.oracle.searches import MAKES, Net, Reals, agreed, routed
from tests.property.twin.engine.drawing import SETTINGS, changes, laden, same, some

Distances = NDArray[np.int32]


def rerouting(net: Net, demand: Reals, kernels: Kernels) -> Rerouting:
    return Rerouting(net.network(kernels), range(net.nodes), demand, kernels)


def is_as_searched(found: Loads, net: Net, demand: Reals) -> None:
    load, lost = routed(net, demand)
    same(found.load, load)
    assert found.lost == pytest.approx(lost, abs=1e-9)


@SETTINGS
@given(data=st.data())
def test_loads_after_failures_are_those_of_a_full_search(data: st.DataObject) -> None:
    net, demand = data.draw(laden())
    failed = data.draw(some(net))

    found = agreed(lambda kernels: rerouting(net, demand, kernels).suppose(failing(failed)))

    is_as_searched(found, net.without(failed), demand)


@SETTINGS
@given(data=st.data())
def test_commits_of_any_changes_keep_the_state_of_a_full_search(data: st.DataObject) -> None:
    net, demand = data.draw(laden())
    steps = [(net, dict[int, int]())]
    for _ in range(3):
        steps.append(data.draw(changes(steps[-1][0])))

    def lived(kernels: Kernels) -> list[tuple[Loads, Loads, Distances]]:
        routing, found = rerouting(net, demand, kernels), []
        for _, costs in steps:
            supposed = routing.suppose(costs)
            routing.commit(costs)
            found.append((supposed, routing.now, routing.distance))
        return found

    for (changed, _), (supposed, now, distance) in zip(steps, agreed(lived), strict=True):
        is_as_searched(supposed, changed, demand)
        is_as_searched(now, changed, demand)
        assert (distance == rerouting(changed, demand, MAKES["plain"]).distance).all()


@SETTINGS
@given(data=st.data())
def test_what_starts_over_is_what_was_never_changed_to_the_last_bit(data: st.DataObject) -> None:
    net, demand = data.draw(laden())
    changed, costs = data.draw(changes(net))

    def started_over(kernels: Kernels) -> Loads:
        routing = rerouting(net, demand, kernels)
        routing.commit(costs)
        routing.start_over()
        return routing.now

    found = agreed(started_over)
    fresh = agreed(lambda kernels: rerouting(changed, demand, kernels).now)

    assert (found.load.tobytes(), found.lost) == (fresh.load.tobytes(), fresh.lost)


@SETTINGS
@given(data=st.data())
def test_the_order_of_failures_does_not_matter_and_repairs_undo_them(data: st.DataObject) -> None:
    net, demand = data.draw(laden())
    one, other = data.draw(some(net)), data.draw(some(net))
    repairs = {2 * link + way: net.links[link][2 + way] for link in (one | other) - net.down for way in (0, 1)}

    def lived(kernels: Kernels, first: set[int], second: set[int]) -> tuple[Loads, Loads, bool]:
        before, routing = rerouting(net, demand, kernels), rerouting(net, demand, kernels)
        routing.commit(failing(first))
        routing.commit(failing(second))
        failed = routing.now
        routing.commit(repairs)
        return failed, routing.now, bool((routing.distance == before.distance).all())

    forth, back = agreed(lambda kernels: (lived(kernels, one, other), lived(kernels, other, one)))

    together = agreed(lambda kernels: rerouting(net, demand, kernels).suppose(failing(one | other)))
    before = agreed(lambda kernels: rerouting(net, demand, kernels).now)
    for failed, repaired, restored in (forth, back):
        same(failed.load, together.load)
        same(repaired.load, before.load)
        assert restored


@SETTINGS
@given(data=st.data())
def test_traffic_is_kept_at_every_node_and_dead_arcs_carry_none(data: st.DataObject) -> None:
    net, demand = data.draw(laden())
    failed = data.draw(some(net))

    found = agreed(lambda kernels: rerouting(net, demand, kernels).suppose(failing(failed)))

    reached = net.without(failed).directed()
    alive = {arc for _, _, arc in reached.edges(keys=True)}
    ends = np.array([ends for tail, head, _, _ in net.links for ends in ((tail, head), (head, tail))])
    out, into = (np.bincount(ends[:, side], found.load, net.nodes) for side in (0, 1))
    served = demand * [[nx.has_path(reached, node, goal) for node in range(net.nodes)] for goal in range(net.nodes)]
    assert (found.load >= 0).all()
    assert all(found.load[arc] == 0 for arc in range(len(found.load)) if arc not in alive)
    assert served.sum() + found.lost == pytest.approx(demand.sum())
    same(np.asarray(out - into, np.float64), served.sum(axis=0) - served.sum(axis=1))


@SETTINGS
@given(data=st.data())
def test_one_more_failure_never_lowers_what_is_lost_nor_opens_a_way(data: st.DataObject) -> None:
    net, demand = data.draw(laden())
    failed, more = data.draw(some(net)), data.draw(some(net))

    def lived(kernels: Kernels) -> tuple[Reals, Distances, Distances]:
        routing = rerouting(net, demand, kernels)
        swept = routing.sweep([failed, failed | more])
        routing.commit(failing(failed))
        before = routing.distance
        routing.commit(failing(more))
        return swept.lost, before, routing.distance

    lost, before, after = agreed(lived)

    assert lost[1] >= lost[0] - 1e-9
    assert (after >= before).all()


def test_one_more_failure_can_lower_the_highest_utilisation() -> None:
    # 0 reaches 2 over 1. Once 0-1 is lost as well, nothing arrives at 1-2 that could fill it.
    net = Net(3, [(0, 1, 1, 1), (1, 2, 1, 1), (0, 2, 5, 5)])
    demand = np.zeros((3, 3))
    demand[2][0] = 1.0

    swept = agreed(lambda kernels: rerouting(net, demand, kernels).sweep([[2], [2, 0]]))

    assert swept.peak[0] > swept.peak[1]


@SETTINGS
@given(data=st.data(), capacity=st.sampled_from((1.0, 3.0, 10.0)))
def test_a_sweep_says_of_each_failure_what_a_full_search_says(data: st.DataObject, capacity: float) -> None:
    net, demand = data.draw(laden())
    failures = [data.draw(some(net)) for _ in range(3)]

    def swept_by(kernels: Kernels) -> Sweep:
        return Rerouting(net.network(kernels, capacity=capacity), range(net.nodes), demand, kernels).sweep(failures)

    swept = agreed(swept_by)

    loads = [routed(net.without(failed), demand)[0] / capacity for failed in failures]
    today = routed(net, demand)[0] / capacity
    same(swept.peak, np.array([load.max() for load in loads]))
    same(swept.worst, np.max([today, *loads], axis=0))
    assert swept.over.tolist() == [int((load > 1 + 1e-9).sum()) for load in loads]
    for arc, cause in enumerate(swept.cause):
        assert swept.worst[arc] == pytest.approx(today[arc] if cause < 0 else loads[cause][arc], abs=1e-9)


@SETTINGS
@given(data=st.data(), factor=st.sampled_from((0.25, 3.0, 1000.0)))
def test_numbers_of_nodes_do_not_matter_and_loads_scale_with_traffic(data: st.DataObject, factor: float) -> None:
    net, demand = data.draw(laden())
    number = data.draw(st.permutations(range(net.nodes)))
    moved = np.zeros_like(demand)
    moved[np.ix_(number, number)] = demand

    one = agreed(lambda kernels: rerouting(net, demand, kernels).now)
    other = agreed(lambda kernels: rerouting(net.renumbered(number), factor * moved, kernels).now)

    np.testing.assert_allclose(other.load, factor * one.load, rtol=1e-9, atol=1e-9)


@settings(SETTINGS, max_examples=30)
@given(data=st.data())
def test_one_thread_and_many_answer_the_same_to_the_last_bit(data: st.DataObject) -> None:
    net, demand = data.draw(laden())
    failures = [[link] for link in range(len(net.links))] + [[0, link] for link in range(len(net.links))]
    parts = [failures[start::3] for start in range(3)]

    def shared_out(kernels: Kernels) -> list[Sweep]:
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda part: rerouting(net, demand, kernels).sweep(part), parts))

    whole, swept = agreed(lambda kernels: rerouting(net, demand, kernels).sweep(failures)), agreed(shared_out)

    for start, part in enumerate(swept):
        assert part.lost.tobytes() == whole.lost[start::3].tobytes()
        assert part.peak.tobytes() == whole.peak[start::3].tobytes()
    assert np.max([part.worst for part in swept], axis=0).tobytes() == whole.worst.tobytes()
