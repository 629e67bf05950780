"""What falls with what, and which ways are left, against brute force on random small networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import chain, combinations, pairwise

import networkx as nx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.twin.analyses import (
    Scenario,
    backup,
    blast_radii,
    blast_radius,
    cascade,
    contingency,
    scenarios,
    scenarios_of,
)
from forestall.twin.topology import Gate, Network, NetworkNode, Topology
from tests.property.test_analyses import brute, fails, networks
from tests.unit.twin.analyses.networks import IP, cable, link, node

NUMBER = 9
PARTS = [node(f"n{number}", "parts") for number in range(NUMBER)]
SETS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4, unique=True)


@st.composite
def estates(draw: st.DrawFn) -> Topology:
    """Elements that need k of n others, in circles as it happens; some rest on one another, some are down."""
    gates = [
        Gate(owner=draw(st.sampled_from(PARTS)), needs=draw(st.integers(0, len(members))), members=tuple(members))
        for members in draw(st.lists(SETS, max_size=12))
    ]
    nodes = [
        NetworkNode(
            key=key,
            up=draw(st.sampled_from([True, True, True, True, False])),
            supporting=tuple(draw(st.lists(st.sampled_from(PARTS), max_size=1))),
        )
        for key in PARTS
    ]
    return Topology.of(networks=[Network(id="parts", layer="service")], nodes=nodes, gates=gates)


def down(found: Topology, failed: Collection[Key]) -> frozenset[Key]:
    """The least set that holds what failed and all that has too little left."""
    needs = [(gate.owner, gate.needs, gate.members) for gate in found.gates]
    needs += [(key, len(one.supporting), one.supporting) for key, one in found.nodes.items()]
    fallen = {*failed, *(key for key, one in found.nodes.items() if not one.up)}
    while more := {owner for owner, least, members in needs if len({*members} - fallen) < least} - fallen:
        fallen |= more
    return frozenset(fallen)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(estates(), SETS)
def test_what_falls_is_the_least_set_that_has_too_little_left(found: Topology, failed: list[Key]) -> None:
    assert {*blast_radius(found, failed).fallen} == down(found, failed) - down(found, ())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(estates())
def test_the_worst_single_element_is_the_one_that_takes_most_down(found: Topology) -> None:
    sizes = {key: len(down(found, [key]) - down(found, ())) for key in PARTS}
    worst = blast_radii(found).worst
    assert [blast.size for blast in worst] == sorted((size for size in sizes.values() if size), reverse=True)
    assert all(sizes[blast.element] == blast.size == blast.weight for blast in worst)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(estates())
def test_two_failures_do_at_least_what_each_does(found: Topology) -> None:
    alone = {key: {*blast_radius(found, [key]).fallen} for key in PARTS}
    for one, other in combinations(PARTS, 2):
        assert alone[one] | alone[other] <= {*blast_radius(found, [one, other]).fallen}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(estates(), st.integers(0, 11))
def test_a_gate_that_needs_more_never_makes_less_fall(found: Topology, place: int) -> None:
    assume(place < len(found.gates))
    gate = found.gates[place]
    assume(gate.needs < len(gate.members))
    harder = replace(found, gates=tuple(replace(each, needs=each.needs + (each is gate)) for each in found.gates))
    for key in PARTS:
        assert down(found, [key]) <= {*blast_radius(harder, [key]).fallen} | down(harder, ())


@settings(max_examples=100, deadline=None, derandomize=True)
@given(networks(), st.data())
def test_failures_of_lower_layers_are_judged_by_what_they_take_with_them(found: Topology, data: st.DataObject) -> None:
    """Links rest on fibres at random, a node needs one of two feeds; all pairs of those fail."""
    fibres = [cable(f"f{number}-g{number}", network="fibre") for number in range(4)]
    feeds = [node("feed0", "power"), node("feed1", "power")]
    keys = [fibre[0].key for fibre in fibres]
    rest = st.lists(st.sampled_from(keys), max_size=2, unique=True)
    fed = data.draw(st.sampled_from(sorted(found.nodes)))
    links = [replace(one, supporting=tuple(data.draw(rest))) for one in found.links.values()]
    layered = Topology.of(
        networks=[*found.networks.values(), *(Network(id=name, layer="physical") for name in ("fibre", "power"))],
        nodes=[
            *found.nodes.values(),
            *(NetworkNode(key=node(end, "fibre")) for fibre in fibres for end in (fibre[0].tail, fibre[0].head)),
            *(NetworkNode(key=feed) for feed in feeds),
        ],
        links=[*links, *chain.from_iterable(fibres)],
        gates=[Gate(owner=fed, needs=1, members=tuple(feeds))],
        demands=found.demands.values(),
    )
    given_ = replace(
        scenarios_of(layered, IP, [Scenario(kind="x", elements=(key,)) for key in (*keys, *feeds)]), pairs=True
    )
    today = brute(found, ())
    expected = {
        scenario.elements
        for scenario in given_
        if any(fails(found, taken_up(layered, scenario.elements, fed, feeds), today))
    }
    assert {outcome.scenario.elements for outcome in contingency(layered, given_).failures} == expected


def taken_up(layered: Topology, failed: Collection[Key], fed: Key, feeds: Iterable[Key]) -> list[Key]:
    fallen = [key for key, one in layered.links.items() if {*one.supporting} & {*failed}]
    both = [partner(key) for key in fallen]
    return [*fallen, *(key for key in both if key in layered.links), *([fed] if {*feeds} <= {*failed} else [])]


def partner(key: Key) -> Key:
    ends, _, tag = key.name.partition("#")
    one, other = ends.split("-")
    return link(f"{other}-{one}#{tag}")


def flows(found: Topology, *, units: bool, without: Collection[Key] = ()) -> nx.DiGraph[str]:
    """Capacities between nodes, parallel ones together; one for each link with `units`."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(key.name for key in found.nodes)
    total = Counter[tuple[str, str]]()
    for key, one in found.links.items():
        back = found.links.get(partner(key))
        if one.up and (back is None or back.up) and key not in without:
            total[one.tail, one.head] += 1 if units else round(one.capacity)
    for (tail, head), capacity in total.items():
        graph.add_edge(tail, head, capacity=capacity)
    return graph


def node_disjoint(found: Topology, source: str, target: str) -> int:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from([source + ">", target + "<"])
    for name in (key.name for key in found.nodes):
        graph.add_edge(name + "<", name + ">", capacity=1)
    for tail, head, data in flows(found, units=True).edges(data=True):
        graph.add_edge(tail + ">", head + "<", capacity=data["capacity"] if {tail, head} == {source, target} else 1)
    return int(nx.maximum_flow_value(graph, source + ">", target + "<"))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(networks())
def test_disjoint_ways_and_what_they_carry_are_those_of_maximum_flows(found: Topology) -> None:
    for source, target in combinations(sorted(found.nodes), 2):
        answer = backup(found, IP, source, target, amount=1.0)
        ends = source.name, target.name
        assert answer.link_disjoint == min(nx.maximum_flow_value(flows(found, units=True), *ends), 3)
        assert answer.node_disjoint == min(node_disjoint(found, *ends), 3)
        cables = [each.elements for each in scenarios(found, IP, ["link"])]
        left = [nx.maximum_flow_value(flows(found, units=False, without=keys), *ends) for keys in cables]
        assert answer.capacity == pytest.approx(min(left, default=0))
        for path in answer.paths:
            links = [found.links[key] for key in path]
            assert (links[0].tail, links[-1].head) == ends
            assert all(one.head == other.tail for one, other in pairwise(links))
        inner = Counter(found.links[key].head for path in answer.paths for key in path[:-1])
        assert answer.node_disjoint < 2 or not inner or max(inner.values()) == 1
        assert max(Counter(key for path in answer.paths for key in path).values(), default=1) == 1


@settings(max_examples=100, deadline=None, derandomize=True)
@given(networks())
def test_a_cascade_ends_and_leaves_no_link_over_its_threshold(found: Topology) -> None:
    first = sorted(found.links)[0]
    answer = cascade(found, IP, [first], surge=0.5)
    assert len(answer.rounds) <= len(found.links)
    assert answer.lost >= answer.lost_at_first
    settled = contingency(
        found, scenarios_of(found, IP, [Scenario(kind="x", elements=tuple(answer.fallen))]), limit=1 / 1.5
    )
    assert all(not outcome.overloaded for outcome in settled.failures)
