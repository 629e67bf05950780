"""The analyses against brute force: every failure routed anew by general searches, on random small networks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.twin.analyses import contingency, examine, merge, scenarios, single_points
from forestall.twin.topology import Topology
from tests.unit.twin.analyses.networks import IP, cable, carried, link, node, topology

NAMES = "abcdefg"
Graph = nx.MultiDiGraph


@st.composite
def networks(draw: st.DrawFn) -> Topology:
    """Up to 7 nodes and 10 cables, some parallel, some down, some one way; ties are common."""
    size = draw(st.integers(2, len(NAMES)))
    pair = st.lists(st.sampled_from(NAMES[:size]), min_size=2, max_size=2, unique=True)
    cables = []
    for number in range(draw(st.integers(1, 10))):
        one, other = draw(pair)
        found = cable(
            f"{one}-{other}", draw(st.integers(1, 3)), draw(st.sampled_from([3.0, 6.0, 12.0])), tag=f"#{number}"
        )
        ways = draw(st.sampled_from([2] * 9 + [1])) if draw(ONE_WAY) else 2
        is_up = draw(st.sampled_from([True] * 7 + [False]))
        cables.append([replace(one_way, up=is_up) for one_way in found[:ways]])
    demands = [
        carried("-".join(draw(pair)), float(draw(st.integers(1, 4))), name=f"d{number}")
        for number in range(draw(st.integers(1, 6)))
    ]
    return topology(cables, demands, more=NAMES[:size])


ONE_WAY = st.sampled_from([False, False, True])


@dataclass(frozen=True)
class Brute:
    """What a failure does, by searches for every demand."""

    lost: float
    use: Mapping[Key, float]
    """By link, where its capacity is known."""


def graph(given: Topology, failed: Collection[Key]) -> Graph[str]:
    found: Graph[str] = nx.MultiDiGraph()
    found.add_nodes_from(key.name for key in given.nodes)
    for key, one in given.links.items():
        ends = node(one.tail), node(one.head)
        if one.up and key not in failed and not {*ends} & {*failed}:
            found.add_edge(one.tail, one.head, key, weight=one.metric)
    return found


def route(found: Graph[str], source: str, target: str, amount: float) -> Mapping[Key, float]:
    """Loads of a demand that has a way: all nodes split equally over all next hops."""
    far = nx.single_source_dijkstra_path_length(found.reverse(copy=False), target)
    inflow, load = defaultdict[str, float](float, {source: amount}), dict[Key, float]()
    for at in sorted(far, key=lambda name: -far[name]):
        edges = found.out_edges(at, keys=True, data=True)
        hops = [(key, end) for _, end, key, data in edges if far.get(end, 99) + data["weight"] == far[at]]
        for key, end in hops if inflow[at] else ():
            load[key] = inflow[at] / len(hops)
            inflow[end] += inflow[at] / len(hops)
    return load


def brute(given: Topology, failed: Collection[Key]) -> Brute:
    found, lost, load = graph(given, failed), 0.0, defaultdict[Key, float](float)
    for demand in given.demands.values():
        if {demand.source, demand.target} & {*failed}:
            continue
        if not nx.has_path(found, demand.source.name, demand.target.name):
            lost += demand.amount
            continue
        for key, amount in route(found, demand.source.name, demand.target.name, demand.amount).items():
            load[key] += amount
    return Brute(lost, {key: amount / given.links[key].capacity for key, amount in load.items()})


def lost_beyond(given: Topology, failed: Collection[Key], today: Brute) -> float:
    """What was carried and is lost though both its ends are up."""
    before, after = graph(given, ()), graph(given, failed)
    return sum(
        demand.amount
        for demand in given.demands.values()
        if not {demand.source, demand.target} & {*failed}
        and nx.has_path(before, demand.source.name, demand.target.name)
        and not nx.has_path(after, demand.source.name, demand.target.name)
    )


def fails(given: Topology, failed: Collection[Key], today: Brute) -> tuple[float, frozenset[Key]]:
    after = brute(given, failed)
    over = {key for key, use in after.use.items() if use > 1 + 1e-7 and use > today.use.get(key, 0.0) * (1 + 1e-7)}
    return lost_beyond(given, failed, today), frozenset(over)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(networks())
def test_every_failure_and_every_pair_is_judged_as_by_routing_all_anew(found: Topology) -> None:
    today, given_ = brute(found, ()), scenarios(found, IP, order=2)
    expected = {
        scenario.elements: outcome for scenario in given_ if any(outcome := fails(found, scenario.elements, today))
    }
    answer = contingency(found, given_)
    assert {one.scenario.elements for one in answer.failures} == expected.keys()
    for one in answer.failures:
        lost, over = expected[one.scenario.elements]
        assert one.lost == pytest.approx(lost)
        assert {each.link for each in one.overloaded} == over
    assert answer.counts.failed + answer.counts.holding == answer.counts.scanned == len(given_)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(networks())
def test_the_worst_of_each_link_is_the_highest_of_all_failures(found: Topology) -> None:
    today, given_ = brute(found, ()), scenarios(found, IP)
    uses = [brute(found, scenario.elements).use for scenario in given_]
    worst = {case.link: case for case in contingency(found, given_).worst}
    for key in found.links:
        highest = max((use.get(key, 0.0) for use in uses), default=0.0)
        if highest > today.use.get(key, 0.0) * (1 + 1e-7):
            assert worst[key].utilisation == pytest.approx(highest)
            assert uses[worst[key].culprits[0].place][key] == pytest.approx(highest)
        else:
            assert key not in worst


@settings(max_examples=150, deadline=None, derandomize=True)
@given(networks())
def test_single_points_are_those_whose_removal_cuts_a_demand_off(found: Topology) -> None:
    today = brute(found, ())
    singles = [scenario.elements for scenario in scenarios(found, IP)]
    expected = {key: lost for keys in singles for key in keys if (lost := lost_beyond(found, keys, today))}
    assert single_points(found, IP).impacts == pytest.approx(expected)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(networks(), st.permutations(NAMES))
def test_other_names_give_the_same_answer_under_other_names(found: Topology, names: list[str]) -> None:
    other = dict(zip(NAMES, names, strict=True))
    renamed = Topology.of(
        networks=found.networks.values(),
        nodes=[replace(one, key=node(other[key.name])) for key, one in found.nodes.items()],
        links=[
            replace(one, key=link(f"{other[one.tail]}-{key.name}"), tail=other[one.tail], head=other[one.head])
            for key, one in found.links.items()
        ],
        demands=[
            replace(one, source=node(other[one.source.name]), target=node(other[one.target.name]))
            for one in found.demands.values()
        ],
    )
    one, two = (contingency(each, scenarios(each, IP)) for each in (found, renamed))
    assert one.counts == two.counts
    assert sorted(round(case.utilisation, 6) for case in one.worst) == sorted(
        round(case.utilisation, 6) for case in two.worst
    )
    impacts = [sorted(round(lost, 6) for lost in single_points(each, IP).impacts.values()) for each in (found, renamed)]
    assert impacts[0] == impacts[1]


@settings(max_examples=50, deadline=None, derandomize=True)
@given(networks())
def test_a_second_failure_never_brings_demand_back(found: Topology) -> None:
    given_ = scenarios(found, IP, ["link"], order=2)
    answer = contingency(found, given_)
    lost = {outcome.index: outcome.lost for outcome in answer.failures}
    singles = len(given_.singles)
    for index in range(singles, len(given_)):
        assert lost.get(index, 0.0) >= max(lost.get(member, 0.0) for member in given_.pair(index)) - 1e-6


@settings(max_examples=50, deadline=None, derandomize=True)
@given(networks(), st.integers(1, 20))
def test_any_cut_into_ranges_gives_the_same_answer_to_the_last_bit(found: Topology, width: int) -> None:
    given_ = scenarios(found, IP, order=2)
    ranges = [range(first, min(first + width, len(given_))) for first in range(0, len(given_), width)]
    assert repr(merge([examine(found, given_, part) for part in ranges])) == repr(contingency(found, given_))
