"""What the analyses take of a topology, beside the kernels that they ask and brute force that says the same."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from forestall.api.base import Key
from forestall.twin.analyses import Contingency, contingency, examine, reachability, scenarios, single_points
from forestall.twin.analyses.routed import Routed, cabling, routed
from forestall.twin.engine import Cutting, Rerouting
from forestall.twin.topology import DEMAND, LINK, NODE, Demand, Network, NetworkLink, NetworkNode, Topology
from tests.bench.twin.measuring import COMPILED, Table, cpu
from tests.bench.twin.networks import Sample
from tests.bench.twin.samples import sample, searched, swept

pytestmark = pytest.mark.bench

NET = "net"


@cache
def topology(name: str) -> Topology:
    """The sample as elements with keys."""
    found = sample(name)
    nodes = [Key(NODE, NET, f"n{number:06}") for number in range(found.nodes)]
    return Topology.of(
        networks=[Network(id=NET, layer="ip")],
        nodes=[NetworkNode(key=key) for key in nodes],
        links=[link for place in range(found.size) for link in both_ways(found, place, nodes)],
        demands=[
            Demand(
                key=Key(DEMAND, "", f"{source:06}-{row:06}"),
                source=nodes[source],
                target=nodes[int(found.destinations[row])],
                amount=float(found.demand[row, source]),
            )
            for row, source in np.argwhere(found.demand).tolist()
        ],
    )


def both_ways(found: Sample, place: int, nodes: list[Key]) -> list[NetworkLink]:
    ends = nodes[int(found.tail[place])].name, nodes[int(found.head[place])].name
    return [
        NetworkLink(
            key=Key(LINK, NET, f"{place:06}{way}"),
            tail=tail,
            head=head,
            tail_point=str(place),
            head_point=str(place),
            metric=int(found.metric[place]),
            capacity=float(found.capacity[place]),
        )
        for way, (tail, head) in enumerate((ends, ends[::-1]))
    ]


@cache
def looked_at(name: str) -> Routed:
    return routed(topology(name), NET)


def judged(name: str) -> Contingency:
    found = topology(name)
    return contingency(found, scenarios(found, NET, ["link"]))


def kernel_sweep(given: Routed) -> Rerouting:
    """All demands routed and every cable failed, by kernels alone."""
    routing = given.route()
    routing.sweep([[cable] for cable in range(given.cables)])
    return routing


def test_every_failure_of_a_backbone_with_all_that_is_said_of_it(table: Table) -> None:
    given, what = looked_at("isp315"), "isp315: a link of all, worst cases, named"
    building, _ = cpu(lambda: (cabling(given.topology, NET), given.topology.id))
    taken, answer = cpu(lambda: judged("isp315"))
    kernels, _ = cpu(lambda: kernel_sweep(given))
    assert answer.counts.scanned == given.cables
    table.figure("A3", what, f"{(building + taken) * 1e3:.0f} ms with pairing and naming", "less than 1 s")
    table.figure("A3", what, f"{taken / kernels:.1f} times the kernels", "less than 5 times")
    table.faster("A3", what, taken / given.cables, ("networkx, all anew", searched("isp315")), 200)
    table.faster("A3", "isp315: kernels alone", swept("isp315"), ("networkx, all anew", searched("isp315")), 1000)


def test_pairs_of_failures_are_not_all_routed(table: Table) -> None:
    found = topology("isp315")
    pairs = scenarios(found, NET, ["link"], order=2)
    part = range(200_000, 201_000)
    taken, answer = cpu(lambda: examine(found, pairs, part), 1)
    assert answer.counts.scanned == len(part)
    table.figure("A7", "isp315: a pair of links", f"{taken / len(part) * 1e6:.0f} us", "less than 1 ms")
    pair = 2 * searched("isp315")
    table.faster("A7", "isp315: a pair of links", taken / len(part), ("networkx, two failures", pair), 200)


def test_single_points_of_a_large_network(table: Table) -> None:
    given, what = looked_at("telecom-100k"), "telecom-100k: impact of every node and link on demands, named"
    demands = given.demands
    cutting = Cutting(given.build(metrics=False), COMPILED)
    kernel, _ = cpu(lambda: cutting.of_pairs(demands.source, demands.target, demands.amount))
    taken, answer = cpu(lambda: single_points(given.topology, NET))
    table.figure("A2", "telecom-100k: the kernel alone", f"{kernel * 1e3:.0f} ms", "less than 50 ms")
    table.figure("A2", what, f"{taken * 1e3:.0f} ms for {len(answer.impacts)} single points", "less than 1 s")
    table.figure("A2", what, f"{taken / kernel:.1f} times the kernel", "names and order of all of them")
    assert answer.impacts


def test_reachability_of_a_large_network(table: Table) -> None:
    found = looked_at("telecom-100k").topology
    taken, answer = cpu(lambda: reachability(found, NET))
    assert answer.verdict == "Holds"
    table.figure("A1", "telecom-100k: 4 demands for each node", f"{taken * 1e3:.0f} ms", "less than 500 ms")


def test_an_edit_of_values_costs_less_than_a_new_look(table: Table) -> None:
    given = looked_at("telecom-100k")
    key = next(iter(given.topology.links))
    down = replace(given.topology.links[key], up=False)
    changed = given.topology.with_links([down])
    edit, _ = cpu(lambda: given.after(changed), 1)
    anew, _ = cpu(lambda: routed(given.topology.with_links([down]), NET), 1)
    table.faster("A9", "telecom-100k: a link down", edit, ("a new look", anew), 4)
