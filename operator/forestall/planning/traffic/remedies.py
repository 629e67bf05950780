"""Remedies of networks as edits: what to do in which order, and how to take it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.twin.analyses.edits import Edit, MoveDemand, PutIn, SetMetric, TakeOut, edited
from forestall.twin.analyses.failing import Failing
from forestall.twin.analyses.routed import routed
from forestall.twin.topology import NODE, Demand, NetworkLink, NetworkNode, Topology

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReHome(Remedy):
    """Another home for what is homed at a node."""

    node: Key
    home: Key
    staying: Mapping[Key, float]
    """Demands between the two, in bit per second, which stay as they are: they would begin and end at one node."""


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


def re_home(topology: Topology, network: str, node: Key, home: Key) -> ReHome:
    """Let every demand that begins or ends at `node` begin or end at `home`, all in one step.

    KeyError for a network or node that there is not; ValueError where the two are one, or nothing can move.
    """
    for end in (node, home):
        if end.namespace != network or end not in topology.nodes:
            raise KeyError(end)
    if node == home:
        raise ValueError(f"{node.name} cannot be a new home for what is homed there: name another node")
    moving, staying = homed(topology, node, home)
    if not moving:
        raise ValueError(f"nothing that is homed at {node.name} can be homed at {home.name}")
    return ReHome(
        steps=(tuple(_home_moved(one, node, home) for one in moving),),
        inverse=(tuple(MoveDemand(one.key, one.source, one.target) for one in moving),),
        node=node,
        home=home,
        staying={one.key: one.amount for one in staying},
    )


def homed(topology: Topology, node: Key, home: Key) -> tuple[Sequence[Demand], Sequence[Demand]]:
    """The demands that begin or end at a node: those that can have another home, and those that lie between the two."""
    moving, staying = list[Demand](), list[Demand]()
    for one in topology.demands.values():
        if node in (one.source, one.target):
            between = {one.source, one.target} <= {node, home}
            (staying if between else moving).append(one)
    return moving, staying


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


def _home_moved(demand: Demand, node: Key, home: Key) -> MoveDemand:
    source, target = (home if end == node else end for end in (demand.source, demand.target))
    return MoveDemand(demand.key, source, target)


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
