"""Goals on networks, held against networkx, which finds ways by other means."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.api.goals import Goal
from forestall.inspection.losses import NOTHING, Loss
from forestall.inspection.networks import results
from forestall.twin.topology import Network, NetworkNode, Topology
from tests.unit.twin.networks import BACKBONE, cable, demand, link, router

SETTINGS = settings(max_examples=150, derandomize=True, deadline=None)
NAMES = "abcdef"


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    """Cables of any metric between some of the pairs of six routers, and demands between some others."""
    pairs = [(one, other) for place, one in enumerate(NAMES) for other in NAMES[place + 1 :]]
    cabled = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=3))
    metrics = {pair: draw(st.integers(1, 9)) for pair in cabled}
    ends = [(*way, metric) for (one, other), metric in metrics.items() for way in ((one, other), (other, one))]
    asked = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1, max_size=4))
    return Topology.of(
        networks=[Network(id=BACKBONE, layer="ip")],
        nodes=[NetworkNode(key=router(name)) for name in NAMES],
        links=[link(tail, head, metric=metric) for tail, head, metric in ends],
        demands=[demand(one, other, 1e9) for one, other in asked],
    )


def graph(topology: Topology, lost: frozenset[Key]) -> nx.DiGraph[str]:
    found: nx.DiGraph[str] = nx.DiGraph()
    found.add_nodes_from(name for name in NAMES if router(name) not in lost)
    links = (one for key, one in topology.links.items() if key not in lost)
    found.add_weighted_edges_from(
        (one.tail, one.head, one.metric) for one in links if {one.tail, one.head} <= set(found)
    )
    return found


def losses(topology: Topology) -> Mapping[str, Loss]:
    """Each router, and each cable."""
    routers = {f"node {name}": (router(name),) for name in NAMES}
    cables = {f"cable {key.name}": (key, cable(*key.name.split("-")[::-1])) for key in topology.links}
    return {name: Loss(name, elements) for name, elements in {**routers, **cables}.items()}


@SETTINGS
@given(topologies(), st.integers(1, 4))
def test_nodes_reach_each_other_as_networkx_finds_it(topology: Topology, needed: int) -> None:
    targets = ["b", "c", "d", "e"]
    asked = {"network": BACKBONE, "sources": ["a"], "targets": targets, "minTargets": needed}
    goal = Goal.model_validate({"name": "reach", "reachable": asked})
    known = losses(topology)
    found = results(topology, (goal,), tuple(known.values()))
    for name, lost in {NOTHING: frozenset[Key](), **{one: frozenset(known[one].elements) for one in known}}.items():
        if router("a") in lost:
            assert found["reach", name].state == "Fulfilled"
            continue
        left = graph(topology, lost)
        reached = sum(target in left and nx.has_path(left, "a", target) for target in targets)
        assert found["reach", name].value == reached
        assert (found["reach", name].state == "Fulfilled") == (reached >= needed)


@SETTINGS
@given(topologies())
def test_demands_have_a_way_and_links_are_as_full_as_networkx_finds_it(topology: Topology) -> None:
    goal = Goal.model_validate({"name": "room", "capacity": {"network": BACKBONE, "maxUtilisation": 100}})
    known = losses(topology)
    found = results(topology, (goal,), tuple(known.values()))
    for name, lost in {NOTHING: frozenset[Key](), **{one: frozenset(known[one].elements) for one in known}}.items():
        left = graph(topology, lost)
        asked = [(one.source.name, one.target.name) for one in topology.demands.values()]
        alive = [(one, other) for one, other in asked if one in left and other in left]
        carried = [pair for pair in alive if nx.has_path(left, *pair)]
        whole = graph(topology, frozenset())
        cut_today = not all(nx.has_path(whole, *pair) for pair in asked)
        assert (found["room", name].state == "NotFulfilled") == (cut_today or len(carried) < len(alive))
        loads: dict[tuple[str, str], float] = {}
        for one, other in carried:
            _share(left, one, other, loads)
        assert abs(float(found["room", name].value or 0) - max(loads.values(), default=0.0)) < 1e-3


def _share(left: nx.DiGraph[str], source: str, target: str, loads: dict[tuple[str, str], float]) -> None:
    """Add the demand, a tenth of each link, split in equal parts at each router that has several shortest ways."""
    distance = nx.shortest_path_length(left.reverse(), target, weight="weight")
    amounts = {source: 0.1}
    for node in sorted(distance, key=lambda one: -distance[one]):
        amount = amounts.get(node, 0.0)
        if node == target or not amount:
            continue
        rest = {head: distance[head] + left[node][head]["weight"] for head in left[node] if head in distance}
        nearer = [head for head in rest if rest[head] == distance[node]]
        for head in nearer:
            loads[node, head] = loads.get((node, head), 0.0) + amount / len(nearer)
            amounts[head] = amounts.get(head, 0.0) + amount / len(nearer)
