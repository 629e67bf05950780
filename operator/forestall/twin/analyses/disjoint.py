"""How many ways from one node to another have no link, or no node, in common; up to three."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.routed import Routed
from forestall.twin.engine import Backups, Links, Network, default

MOST = 3
"""Disjoint ways that are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disjoint:
    """Ways that have nothing in common."""

    by_link: int
    by_node: int
    paths: tuple[tuple[Key, ...], ...]
    """As links: ways that share no inner node, or, where there is only one of those, no link."""


def disjoint(given: Routed, source: int, target: int) -> Disjoint:
    """The ways from source to target in the network as it is."""
    return _directed(given, source, target) if given.one_way else _both_ways(given, source, target)


def _both_ways(given: Routed, source: int, target: int) -> Disjoint:
    whole, split = given.build(metrics=False), _with_split_target(given, target)
    by_link, by_node = (Backups(network, default().kernels) for network in (whole, split))
    copies = range(given.nodes, split.nodes)
    apart = by_node.paths(source, copies, nodes_apart=True)
    found = apart if len(apart) > 1 else by_link.paths(source, [target], nodes_apart=False)
    return Disjoint(
        by_link=int(by_link.counts([source], [target], nodes_apart=False)[0]),
        by_node=len(apart),
        paths=tuple(tuple(map(given.link, path)) for path in found),
    )


def _with_split_target(given: Routed, target: int) -> Network:
    """The network with one node for each cable of the target instead of it, so that each can be the end of a way."""
    ends = np.stack([given.cabling.tail, given.cabling.head], 1)
    cables, sides = np.nonzero(ends == target)
    ends[cables, sides] = given.nodes + np.arange(len(cables))
    links = Links(tail=ends[:, 0], head=ends[:, 1], up=given.up)
    return Network(given.nodes + len(cables), links, default().kernels.memory, spare=int(not given.cables))


def _directed(given: Routed, source: int, target: int) -> Disjoint:
    """Where some cables have no way back: as the most that flows if each link, or each node, carries one unit."""
    units = np.ones_like(given.capacity)
    units[given.one_way, 1] = 0.0
    flat = replace(given, capacity=units).build(metrics=False)
    return Disjoint(
        by_link=_flow(flat, source, target),
        by_node=_flow(_with_split_nodes(given), given.nodes + source, target),
        paths=(),
    )


def _with_split_nodes(given: Routed) -> Network:
    """Each node as two, in and out, with one unit from in to out; each open arc leads from an out to an in."""
    (tail, head), nodes = given.arcs, np.arange(given.nodes)
    is_open = given.is_open
    links = Links(
        tail=np.concatenate([nodes, given.nodes + tail[is_open]]),
        head=np.concatenate([given.nodes + nodes, head[is_open]]),
        capacity=np.tile([1.0, 0.0], (given.nodes + int(is_open.sum()), 1)),
    )
    return Network(2 * given.nodes, links, default().kernels.memory)


def _flow(network: Network, source: int, target: int) -> int:
    total, _ = Backups(network, default().kernels).capacity_after_each_link(source, target)
    return min(round(total), MOST)
