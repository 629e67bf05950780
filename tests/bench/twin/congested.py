"""Networks with full links, to relieve by changes of metrics: measured, published and generated ones."""

from __future__ import annotations

import lzma
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forestall.twin.engine import Kernels, Links, Network, Rerouting
from tests.bench.twin.networks import Sample, isp315
from tests.bench.twin.published import published

Reals = NDArray[np.float64]
Numbers = NDArray[np.int64]

ABILENE = pathlib.Path(__file__).parents[2] / "data" / "abilene"
STEPS = np.array([1.0, 2.5, 10.0, 40.0, 100.0, 400.0])
"""Capacities that can be bought, in some unit."""


@dataclass(frozen=True, kw_only=True)
class Congested:
    """A network, and traffic that it was not built for."""

    name: str
    nodes: int
    tail: Numbers
    head: Numbers
    metric: Numbers
    """[links, 2] each way"""
    capacity: Reals
    """[links, 2]"""
    demand: Reals
    """[nodes, nodes] to the first from the second"""

    @property
    def arcs(self) -> tuple[Numbers, Numbers]:
        """[arcs] the node that each leaves, and the node that it leads to."""
        ends = np.stack([self.tail, self.head], 1)
        return ends.ravel(), ends[:, ::-1].ravel()

    @property
    def failures(self) -> list[list[int]]:
        """Each link."""
        return [[link] for link in range(len(self.tail))]

    def network(self, kernels: Kernels, metric: Numbers | None = None) -> Network:
        """As arrays, perhaps with other metrics, [arcs]."""
        wanted = self.metric if metric is None else metric.reshape(-1, 2)
        links = Links(tail=self.tail, head=self.head, metric=wanted, capacity=self.capacity)
        return Network(self.nodes, links, kernels.memory)

    def routed(self, kernels: Kernels, metric: Numbers | None = None) -> Rerouting:
        """All traffic routed, perhaps with other metrics, [arcs]."""
        return Rerouting(self.network(kernels, metric), np.arange(self.nodes), self.demand, kernels)


def _of(sample: Sample, name: str, capacity: Reals) -> Congested:
    demand = np.zeros((sample.nodes, sample.nodes))
    demand[sample.destinations] = sample.demand
    return Congested(
        name=name,
        nodes=sample.nodes,
        tail=sample.tail,
        head=sample.head,
        metric=np.stack([sample.metric] * 2, 1),
        capacity=np.stack([capacity] * 2, 1),
        demand=demand,
    )


def drawn(sample: Sample) -> Congested:
    """With capacities of 10, 40 and 100, drawn whatever the traffic."""
    capacity = np.random.default_rng(1).choice((10.0, 40.0, 100.0), size=sample.size, p=(0.5, 0.3, 0.2))
    return _of(sample, f"{sample.name}, drawn", capacity)


def planned(sample: Sample, kernels: Kernels) -> Congested:
    """With capacities that were bought for twice what a forecast of the traffic said, which was wrong."""
    rng = np.random.default_rng(1)
    forecast = sample.demand * rng.lognormal(0, 0.5, sample.demand.shape)
    load = Rerouting(sample.network(kernels.memory), sample.destinations, forecast, kernels).now.load
    fuller = load.reshape(-1, 2).max(1)
    unit = fuller.mean() / 10
    bought = np.searchsorted(STEPS, 2 * fuller / unit).clip(max=len(STEPS) - 1)
    return _of(sample, f"{sample.name}, planned", STEPS[bought] * unit)


def isp315_planned(kernels: Kernels) -> Congested:
    """The generated backbone; as it is drawn, no metric relieves its fullest link, the only one of a node."""
    return planned(isp315(), kernels)


def sndlib(name: str) -> Sample:
    """A network of the collection."""
    return published(f"sndlib/{name}")


def abilene() -> Iterator[Congested]:
    """The measured network in the busiest five minutes of each of seven days; kbit/s."""
    rows = [line.split() for line in (ABILENE / "Abilene").read_text().splitlines()[2:]]
    arcs = {(int(tail), int(head)): (int(metric), float(capacity)) for _, tail, head, metric, capacity in rows}
    links = sorted(arc for arc in arcs if arc[0] < arc[1])
    with lzma.open(ABILENE / "AbileneTM-week1.xz") as file:
        matrices = np.loadtxt(file) * 8 / 3000
    for day, (first, last) in enumerate(pairwise(range(0, len(matrices) + 1, len(matrices) // 7)), start=1):
        busiest = matrices[first:last][matrices[first:last].sum(1).argmax()].reshape(12, 12)
        np.fill_diagonal(busiest, 0.0)
        yield Congested(
            name=f"Abilene, day {day}",
            nodes=12,
            tail=np.array([tail for tail, _ in links]),
            head=np.array([head for _, head in links]),
            metric=np.array([[arcs[tail, head][0], arcs[head, tail][0]] for tail, head in links]),
            capacity=np.array([[arcs[tail, head][1], arcs[head, tail][1]] for tail, head in links]),
            demand=busiest.T.copy(),
        )
