"""T10: what it costs to keep up with a thousand events a second."""

from __future__ import annotations

import time

import numpy as np
import pytest

from forestall.twin.engine import Cutting, Falling, Rerouting, failing
from tests.bench.twin.measuring import COMPILED, Table
from tests.bench.twin.networks import Sample
from tests.bench.twin.samples import dependencies, rerouting, sample

pytestmark = pytest.mark.bench

SECONDS = 10
TELEMETRY, FLIPS, LINKS, REFRESHES = 940, 50, 10, 2
"""Events of each kind in a second, and how often impacts are found anew."""
MOST_DOWN = 5


class Stream:
    """A backbone of 315 routers, an access network of 100,000 nodes and an estate as large, as they change."""

    def __init__(self, core: Sample, access: Sample) -> None:
        self.core, self.access = core, access
        self.routing = rerouting(core, COMPILED)
        self.down = list[int]()
        self._cutting = Cutting(access.network(COMPILED.memory), COMPILED)
        self._falling, self._failed = Falling(dependencies().requirements, COMPILED), set[int]()
        self._number = {f"link-{link}": link for link in range(access.size)}
        self._use = np.zeros(access.size)

    def second(self, rng: np.random.Generator) -> float:
        """Take in all events of a second; seconds of CPU that they took."""
        names = [f"link-{link}" for link in rng.integers(0, self.access.size, TELEMETRY)]
        flips = rng.integers(0, dependencies().services[0], FLIPS).tolist()
        links = rng.integers(0, self.core.size, LINKS).tolist()
        begin = time.process_time()
        self._use[[self._number[name] for name in names]] = 0.5
        for node in flips:
            self._flip(node)
        for link in links:
            self._change(link)
        for _ in range(REFRESHES):
            self._cutting.from_anchors(self.access.weight, self.access.destinations)
        return time.process_time() - begin

    def _flip(self, node: int) -> None:
        if node in self._failed:
            self._falling.repair(node)
        else:
            self._falling.fail([node])
        self._failed ^= {node}

    def _change(self, link: int) -> None:
        """Take the link down, or bring back the one that has been down for the longest."""
        if len(self.down) == MOST_DOWN:
            back = self.down.pop(0)
            metric = int(self.core.metric[back])
            self.routing.commit({2 * back: metric, 2 * back + 1: metric})
        elif link not in self.down:
            self.down.append(link)
            self.routing.commit(failing([link]))


def fresh(stream: Stream) -> Rerouting:
    """The same network, routed from nothing."""
    network = stream.core.network(COMPILED.memory)
    for link in stream.down:
        network.up[link] = 0
    return Rerouting(network, stream.core.destinations, stream.core.demand, COMPILED)


def test_a_thousand_events_a_second_leave_a_core_free(table: Table) -> None:
    stream, rng = Stream(sample("isp315"), sample("telecom-100k")), np.random.default_rng(0)

    spent = [stream.second(rng) for _ in range(SECONDS)]

    assert (fresh(stream).distance == stream.routing.distance).all()
    np.testing.assert_allclose(fresh(stream).now.load, stream.routing.now.load, atol=1e-7)
    share = f"{sum(spent) / SECONDS:.1%} of a core, {max(spent):.1%} in the worst second"
    table.figure("T10", "1,000 events a second, impacts of 100,000 nodes twice", share, "at most 10%")
