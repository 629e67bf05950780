"""Other metrics for a network: which links, which metric each, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.api.base import Key
from forestall.api.networkpolicy import ContingencyInspection
from forestall.inspection.sweeps import KINDS
from forestall.planning.traffic.search import search
from forestall.planning.traffic.trial import Trial
from forestall.planning.traffic.walk import Budget
from forestall.twin.analyses.failing import Failing
from forestall.twin.analyses.routed import Routed, routed
from forestall.twin.analyses.scenarios import scenarios_in
from forestall.twin.engine import DOWN, Links, Network, default
from forestall.twin.topology import Topology

HIGHEST: Final = 65_535
"""Highest metric that routers take."""
EVALUATIONS: Final = 5_000
"""States of a network that one search looks at."""


def searched(topology: Topology, asked: ContingencyInspection, most: int) -> Mapping[Key, int]:
    """At most `most` metrics that bring the network under the inspection's limit, whatever it examines is lost.

    By link, in the order that keeps links emptiest on the way; none where nothing is better than today. KeyError for a
    network that there is not, ValueError for one that cannot be routed.
    """
    given = routed(topology, asked.network)
    # Metrics are often multiples of 10 or 100: without what they have in common there are fewer to tell apart.
    common = int(np.gcd.reduce(given.metric, axis=None)) if given.metric.size else 1
    failures, demand = list(_failures(given, asked)), _demand(given)
    budget = Budget(
        changes=most, evaluations=max(EVALUATIONS, 3 * (1 + len(failures))), highest=max(HIGHEST // common, 1)
    )
    network = _network(given, common)
    found = search(network, demand, asked.maximum_utilisation, budget, failures=failures)
    ordered = _ordered(Trial(network, demand), found.metrics) if found.metrics else ()
    return {given.link(arc): found.metrics[arc] * common for arc in ordered}


def _network(given: Routed, common: int) -> Network:
    """The network with metrics in units of `common`; ValueError where one is not fit for routing."""
    metric = given.metric // common
    metric[given.one_way, 1] = DOWN
    cabling = given.cabling
    links = Links(tail=cabling.tail, head=cabling.head, metric=metric, capacity=given.capacity, up=given.up)
    return Network(given.nodes, links, default().kernels.memory, spare=int(not given.cables))


def _ordered(trial: Trial, metrics: Mapping[int, int]) -> Iterator[int]:
    """The arcs, each next one that which leaves the fullest link emptiest."""
    left = dict(sorted(metrics.items()))
    while left:
        peaks = {arc: float(trial.supposed({arc: metric}).max()) for arc, metric in left.items()}
        best = min(peaks, key=peaks.__getitem__)
        trial.commit({best: left.pop(best)})
        yield best


def _failures(given: Routed, asked: ContingencyInspection) -> Iterator[Collection[int]]:
    """The cables that go with each loss that is examined alone."""
    failing = Failing(given)
    kinds = [KINDS[scope] for scope in asked.scopes if scope in KINDS] or ["node", "link"]
    for scenario in scenarios_in(given, kinds).singles:
        try:
            cables = failing.of(scenario.elements).cables
        except KeyError:
            continue  # it is counted as an error by the sweep
        if cables:
            yield cables


def _demand(given: Routed) -> NDArray[np.float64]:
    """[nodes, nodes] to the first from the second."""
    found = np.zeros((given.nodes, given.nodes))
    np.add.at(found, (given.demands.target, given.demands.source), given.demands.amount)
    return found
