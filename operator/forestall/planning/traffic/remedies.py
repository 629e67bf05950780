"""Remedies of networks as edits: what to do in which order, and how to take it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.twin.analyses.edits import Edit, MoveDemand, PutIn, SetMetric, TakeOut, edited
from forestall.twin.analyses.failing import Failing
from forestall.twin.analyses.routed import routed
from forestall.twin.topology import NODE, NetworkLink, NetworkNode, Topology

Steps = tuple[tuple[Edit, ...], ...]
"""Edits, those of one step made together, the steps in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What can be done about the traffic of a network. What it comes to is for `forestall.twin.analyses.changes`."""

    steps: Steps
    inverse: Steps
    """What takes the steps back, the last one first."""
    lasting: bool = True
    """Whether the network may be left for long as it is between two steps, so that a loss then counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Remedy):
    """Elements taken out once their traffic has left them."""

    staying: Mapping[Key, float]
    """Traffic in bit per second on each link that is to be drained and that some of it does not leave: what is then
    taken out interrupts it."""


def set_metrics(topology: Topology, metrics: Mapping[Key, int]) -> Remedy:
    """Change the metrics of links, one after the other in the order given. Those that are as wanted are left out.

    KeyError for a link that there is not.
    """
    wanted = {key: metric for key, metric in metrics.items() if topology.links[key].metric != metric}
    return Remedy(
        steps=tuple((SetMetric(key, metric),) for key, metric in wanted.items()),
        inverse=tuple((SetMetric(key, topology.links[key].metric),) for key in reversed(wanted)),
        lasting=False,
    )


def move_demand(topology: Topology, demand: Key, *, source: Key | None = None, target: Key | None = None) -> Remedy:
    """Let a demand begin or end at another node. KeyError for a demand that there is not.

    While only some of it has moved, no link carries more than before or after, whichever is more.
    """
    now = topology.demands[demand]
    return Remedy(
        steps=((MoveDemand(demand, source or now.source, target or now.target),),),
        inverse=((MoveDemand(demand, now.source, now.target),),),
    )


def drain(topology: Topology, network: str, elements: Iterable[Key], *, highest: int) -> Drain:
    """Raise the metrics of all links of the network that go with the elements, which may be of any layer, to the
    `highest`, both ways; then take the elements out.

    Demands that begin or end at a node that goes do not leave it: move them first. What is out already is left alone.
    KeyError for a network or element that there is not; ValueError where the network cannot be routed so.
    """
    out = [key for key in sorted(set(elements)) if _element(topology, key).up]
    links = _links(topology, network, out)
    raised = tuple(SetMetric(link.key, highest) for link in links if link.metric < highest)
    return Drain(
        steps=(raised, tuple(TakeOut(key) for key in out)),
        inverse=(
            tuple(PutIn(key) for key in out),
            tuple(SetMetric(edit.link, topology.links[edit.link].metric) for edit in raised),
        ),
        staying=_carried(edited(topology, raised), network, [link.key for link in links]),
    )


def _element(topology: Topology, key: Key) -> NetworkNode | NetworkLink:
    return topology.nodes[key] if key.kind == NODE else topology.links[key]


def _links(topology: Topology, network: str, elements: Sequence[Key]) -> Sequence[NetworkLink]:
    """The links that go with the elements, with their ways back, by key."""
    given = routed(topology, network)
    gone = Failing(given).of(elements).cables
    return [topology.links[key] for key in sorted(key for cable in gone for key in given.links(cable))]


def _carried(topology: Topology, network: str, links: Sequence[Key]) -> Mapping[Key, float]:
    """Traffic of those of the links that carry any."""
    given = routed(topology, network)
    load = given.route().now.load
    return {key: float(load[given.arc(key)]) for key in links if load[given.arc(key)] > 0}
