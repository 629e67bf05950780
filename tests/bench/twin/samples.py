"""Networks and estates that several figures are taken on, made once, and what is measured on them more than once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from forestall.twin.engine import Kernels, Rerouting, failing
from tests.bench.twin import baselines
from tests.bench.twin.measuring import COMPILED, cpu
from tests.bench.twin.networks import Estate, Sample, estate, isp315, telecom
from tests.bench.twin.published import published

SAMPLES: dict[str, Callable[[], Sample]] = {
    "isp315": isp315,
    "telecom-10k": lambda: telecom(10_000),
    "telecom-100k": lambda: telecom(100_000),
}
PART = 60
"""Destinations that a slow search is measured on, about: its time is then scaled to all."""


@cache
def sample(name: str) -> Sample:
    """A generated network, or one that was published."""
    return SAMPLES[name]() if name in SAMPLES else published(name)


@cache
def dependencies() -> Estate:
    """An estate of 100,000 elements."""
    return estate(100_000)


def rerouting(found: Sample, kernels: Kernels) -> Rerouting:
    """The routing of a network as it is."""
    return Rerouting(found.network(kernels.memory), found.destinations, found.demand, kernels)


@cache
def swept(name: str) -> float:
    """Seconds for one failure, in a sweep of all links."""
    routing = rerouting(sample(name), COMPILED)
    failures = [[link] for link in range(sample(name).size)]
    return cpu(lambda: routing.sweep(failures))[0] / len(failures)


@cache
def searched(name: str) -> float:
    """Seconds for one failure with networkx, whose loads are those of the kernels."""
    found, link = sample(name), 1
    graph = baselines.graph(found)
    graph.remove_edge(int(found.tail[link]), int(found.head[link]))
    places = range(0, len(found.destinations), max(1, len(found.destinations) // PART))
    taken, load = cpu(lambda: baselines.routed(graph, found, places), 2)
    network, goals, demand = found.network(COMPILED.memory), found.destinations[places], found.demand[places]
    supposed = Rerouting(network, goals, demand, COMPILED).suppose(failing([link]))
    ends = zip(found.tail.tolist(), found.head.tolist(), strict=True)
    loads = {}
    for link, (one, other) in enumerate(ends):
        loads[one, other], loads[other, one] = supposed.load[2 * link : 2 * link + 2].tolist()
    assert load == pytest.approx({way: loads[way] for way in load})
    return taken * len(found.destinations) / len(places)
