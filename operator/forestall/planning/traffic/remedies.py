"""Remedies of networks as edits: what to do in which order, how to take it back, what the twin says of each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forestall.api.base import Key
from forestall.twin.analyses.answers import Verdict, all_of, verdict
from forestall.twin.analyses.changes import SINGLES, Change, Moment, what_if
from forestall.twin.analyses.edits import Edit, MoveDemand, PutIn, SetMetric, TakeOut, edited
from forestall.twin.analyses.routed import routed
from forestall.twin.analyses.scenarios import Kind
from forestall.twin.topology import NODE, NetworkLink, NetworkNode, Topology

Steps = tuple[tuple[Edit, ...], ...]
"""Edits that are made together, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What can be done, and what the twin says of it."""

    steps: Steps
    inverse: Steps
    """What takes the steps back, the last one first."""
    change: Change
    """The network before the steps, after each of them and in the end, each with every examined failure."""

    @property
    def verdict(self) -> Verdict:
        """Fails where anything is worse than before, at any time."""
        return self.change.verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Remedy):
    """Elements taken out once their traffic has left them."""

    staying: Mapping[Key, float]
    """Traffic in bit per second on each link that is to be drained and that some of it does not leave."""

    @property
    def verdict(self) -> Verdict:
        """Fails also where traffic stays: what is then taken out interrupts it."""
        return all_of(verdict(fails=bool(self.staying), known=True), self.change.verdict)

    @property
    def drained(self) -> Moment:
        """The network when traffic has left, or should have, and nothing is taken out yet."""
        return self.change.during[0]


def set_metrics(
    topology: Topology,
    network: str,
    metrics: Mapping[Key, int],
    *,
    kinds: Sequence[Kind] = SINGLES,
    limit: float = 1.0,
) -> Remedy:
    """Change the metrics of links, one after the other in the order given. Those that are as wanted are left out.

    `kinds` are the failures that are tried, `limit` the utilisation above which a link is overloaded. KeyError for a
    network or link that there is not; ValueError for an unsound metric, or where the network cannot be routed.
    """
    wanted = {key: metric for key, metric in metrics.items() if topology.links[key].metric != metric}
    steps = tuple((SetMetric(key, metric),) for key, metric in wanted.items())
    inverse = tuple((SetMetric(key, topology.links[key].metric),) for key in reversed(wanted))
    return Remedy(steps=steps, inverse=inverse, change=what_if(topology, network, steps, kinds=kinds, limit=limit))


def move_demand(
    topology: Topology,
    network: str,
    demand: Key,
    *,
    source: Key | None = None,
    target: Key | None = None,
    kinds: Sequence[Kind] = SINGLES,
    limit: float = 1.0,
) -> Remedy:
    """Let a demand begin or end at another node. Errors as by `set_metrics`; KeyError also for a demand or node.

    While only some of it has moved, no link carries more than before or after, whichever is more.
    """
    now = topology.demands[demand]
    steps = ((MoveDemand(demand, source or now.source, target or now.target),),)
    inverse = ((MoveDemand(demand, now.source, now.target),),)
    return Remedy(steps=steps, inverse=inverse, change=what_if(topology, network, steps, kinds=kinds, limit=limit))


def drain(
    topology: Topology,
    network: str,
    elements: Iterable[Key],
    *,
    highest: int,
    kinds: Sequence[Kind] = SINGLES,
    limit: float = 1.0,
) -> Drain:
    """Raise the metrics of links, or of all links at nodes, to the `highest`, both ways; then take the elements out.

    Demands that begin or end at such a node do not leave it: move them first. What is out already is left alone.
    Errors as by `set_metrics`.
    """
    out = [key for key in sorted(set(elements)) if _element(topology, key).up]
    links = sorted(_links(topology, network, out), key=lambda link: link.key)
    raised = tuple(SetMetric(link.key, highest) for link in links if link.metric < highest)
    steps: Steps = (raised, tuple(TakeOut(key) for key in out))
    inverse: Steps = (
        tuple(PutIn(key) for key in out),
        tuple(SetMetric(edit.link, topology.links[edit.link].metric) for edit in raised),
    )
    return Drain(
        steps=steps,
        inverse=inverse,
        change=what_if(topology, network, steps, kinds=kinds, limit=limit),
        staying=_carried(edited(topology, raised), network, [link.key for link in links]),
    )


def _element(topology: Topology, key: Key) -> NetworkNode | NetworkLink:
    return topology.nodes[key] if key.kind == NODE else topology.links[key]


def _links(topology: Topology, network: str, elements: Sequence[Key]) -> Iterator[NetworkLink]:
    """The links, and those at the nodes, with their ways back."""
    given = routed(topology, network)
    nodes = {given.cabling.node[key] for key in elements if key.kind == NODE}
    cables = {given.cabling.cable[key] for key in elements if key.kind != NODE}
    tail, head = given.cabling.tail, given.cabling.head
    cables.update(np.flatnonzero(np.isin(tail, list(nodes)) | np.isin(head, list(nodes))).tolist())
    return (topology.links[key] for cable in cables for key in given.links(cable))


def _carried(topology: Topology, network: str, links: Sequence[Key]) -> Mapping[Key, float]:
    """Traffic of those of the links that carry any."""
    given = routed(topology, network)
    load = given.route().now.load
    arcs = {given.link(arc): arc for arc in range(2 * given.cables - 1, -1, -1)}
    return {key: float(load[arcs[key]]) for key in links if load[arcs[key]] > 0}
