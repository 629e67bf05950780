"""Which kernels to use: compiled ones if there are any and they answer exactly as the plain ones do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from forestall.twin.engine.arrays import Links, Network, Requirements
from forestall.twin.engine.backups import Backups
from forestall.twin.engine.cutting import Cutting
from forestall.twin.engine.falling import Falling
from forestall.twin.engine.makes import Kernels, compiled, plain
from forestall.twin.engine.rerouting import Rerouting, failing
from forestall.twin.kernels.buffers import DOWN

Rows = Sequence[ArrayLike]

NODES = 50
LINKS = 90


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The kernels to use, and why not the compiled ones."""

    kernels: Kernels
    mismatches: Sequence[str] = ()
    """Questions that the compiled kernels answered differently; empty if there are none, or none are compiled."""


@cache
def default() -> Choice:
    """The kernels to use in this process; compared once, at the first call."""
    return choose(plain(), compiled())


def choose(written: Kernels, built: Kernels | None) -> Choice:
    """Compare both on a small network, and take the built ones if all answers are the same to the last bit."""
    if built is None:
        return Choice(kernels=written)
    mismatches = tuple(name for name, ask in QUESTIONS.items() if _answer(ask, written) != _answer(ask, built))
    return Choice(kernels=written if mismatches else built, mismatches=mismatches)


def _answer(ask: Callable[[Kernels], Rows], kernels: Kernels) -> Sequence[bytes] | str:
    try:
        return [np.asarray(row, np.float64).tobytes() for row in ask(kernels)]
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return repr(error)


def _network(kernels: Kernels) -> Network:
    """A ring with chords and two ends that hang on it, with metrics that differ by direction and one link down."""
    rng, ring = np.random.default_rng(1), NODES - 5
    chords = [rng.choice(ring, 2, replace=False) for _ in range(LINKS - ring - 4)]
    hanging = [(ring - 1, ring), (ring, ring + 1), (0, ring + 2), (ring + 2, ring + 3)]
    ends = np.array([*((node, (node + 1) % ring) for node in range(ring)), *hanging, *chords])
    links = Links(
        tail=ends[:, 0],
        head=ends[:, 1],
        metric=rng.integers(1, 5, (LINKS, 2)),
        capacity=rng.integers(1, 10, (LINKS, 2)),
        up=np.arange(LINKS) != 7,
    )
    return Network(NODES, links, kernels.memory)


def _cuts(kernels: Kernels) -> Rows:
    cutting, nodes = Cutting(_network(kernels), kernels), np.arange(NODES)
    alone, pairs = cutting.from_anchors(nodes / 7, (0, 20)), cutting.of_pairs(nodes, nodes[::-1], nodes / 7)
    return alone.by_node, alone.by_link, pairs.by_node, pairs.by_link, (alone.today, pairs.today)


def _routes(kernels: Kernels) -> Rows:
    network, goals = _network(kernels), range(0, NODES, 9)
    routing = Rerouting(network, goals, np.outer(range(1, len(goals) + 1), np.arange(NODES) / 7), kernels)
    before = routing.sweep([[link] for link in range(0, LINKS, 4)] + [network.of_nodes([node]) for node in goals])
    routing.commit({**failing((3, 30)), 14: 1, 15: 9, 40: DOWN})
    after, supposed = routing.now, routing.suppose({6: 1, 7: 2, 14: 5})
    rows = (before.lost, before.peak, before.peak_arc, before.over, before.worst, before.cause, after.load)
    return *rows, supposed.load, (after.lost, supposed.lost), routing.distance


def _falls(kernels: Kernels) -> Rows:
    rng = np.random.default_rng(2)
    members = [rng.choice(NODES, size, replace=False).tolist() for size in rng.integers(1, 6, 2 * NODES)]
    gates = [(int(rng.integers(NODES)), int(rng.integers(1, len(found) + 1)), found) for found in members]
    falling = Falling(Requirements.of(NODES, gates), kernels)
    singles = falling.singles(np.arange(NODES) / 7)
    steps = (falling.fail((3, 8)), falling.fail((20,)), falling.repair(3), falling.suppose((30,)), falling.repair(20))
    return singles.size, singles.lost, *steps, falling.down, falling.meeting(range(NODES))


def _backups(kernels: Kernels) -> Rows:
    backups, anchors = Backups(_network(kernels), kernels), (0, 20, 31)
    counts = [backups.counts(range(NODES), anchors, nodes_apart=apart) for apart in (False, True)]
    total, left = backups.capacity_after_each_link(1, 22)
    arcs = [arc for path in backups.paths(10, anchors, nodes_apart=True) for arc in path]
    return *counts, arcs, (total,), left


QUESTIONS: Mapping[str, Callable[[Kernels], Rows]] = {
    "backups": _backups,
    "cuts": _cuts,
    "falls": _falls,
    "routes": _routes,
}
"""What both makes are asked, by name."""
