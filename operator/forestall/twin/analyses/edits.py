"""Changes of a network, one at a time. Each gives a new topology; the old one stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce, singledispatch
from itertools import groupby
from math import inf

from forestall.api.base import Key
from forestall.twin.topology import LINK, NetworkLink, Topology


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Take a node or link of any layer out of service."""

    element: Key


@dataclass(frozen=True, slots=True)
class PutIn:
    """Put a node or link back into service."""

    element: Key


@dataclass(frozen=True, slots=True)
class SetMetric:
    """Change what a link costs in routing; the way back is a link of its own."""

    link: Key
    metric: int


@dataclass(frozen=True, slots=True)
class Resize:
    """Change the capacity of a link, in bit per second; the way back is a link of its own."""

    link: Key
    capacity: float


@dataclass(frozen=True, slots=True)
class AddLink:
    """Add a link; the way back is a link of its own."""

    link: NetworkLink


@dataclass(frozen=True, slots=True)
class RemoveLink:
    """Remove a link for good; the way back is a link of its own."""

    link: Key


@dataclass(frozen=True, slots=True)
class MoveDemand:
    """Let a demand begin and end at other nodes."""

    demand: Key
    source: Key
    target: Key


@dataclass(frozen=True, slots=True)
class ScaleDemands:
    """Multiply demands, all or some of them."""

    factor: float
    demands: tuple[Key, ...] | None = None


Edit = TakeOut | PutIn | SetMetric | Resize | AddLink | RemoveLink | MoveDemand | ScaleDemands


def edited(topology: Topology, edits: Iterable[Edit]) -> Topology:
    """The topology after the edits, in order.

    KeyError for an element that there is not; ValueError for a link that there is already, or an unsound number.
    """
    return reduce(_alike, (list(run) for _, run in groupby(edits, type)), topology)


def _alike(topology: Topology, edits: Sequence[Edit]) -> Topology:
    """After edits of one kind. Thousands of demands may move at once: one by one, each would copy all of them."""
    moves = [edit for edit in edits if isinstance(edit, MoveDemand)]
    return _moved(topology, moves) if moves else reduce(lambda before, edit: _apply(edit, before), edits, topology)


@singledispatch
def _apply(edit: Edit, topology: Topology) -> Topology:
    raise TypeError(f"{edit!r} is no edit of {topology.id}")


@_apply.register
def _(edit: TakeOut, topology: Topology) -> Topology:
    return _with_status(topology, edit.element, up=False)


@_apply.register
def _(edit: PutIn, topology: Topology) -> Topology:
    return _with_status(topology, edit.element, up=True)


@_apply.register
def _(edit: SetMetric, topology: Topology) -> Topology:
    if edit.metric < 1:
        raise ValueError(f"{edit.link}: a metric of at least 1 was expected")
    return topology.with_links([replace(topology.links[edit.link], metric=edit.metric)])


@_apply.register
def _(edit: Resize, topology: Topology) -> Topology:
    if not edit.capacity > 0:
        raise ValueError(f"{edit.link}: a capacity above 0 was expected")
    return topology.with_links([replace(topology.links[edit.link], capacity=edit.capacity)])


@_apply.register
def _(edit: AddLink, topology: Topology) -> Topology:
    if edit.link.key in topology.links or edit.link.key.kind != LINK:
        raise ValueError(f"{edit.link.key}: the key of a new link was expected")
    return replace(topology, links=dict(sorted([*topology.links.items(), (edit.link.key, edit.link)])))


@_apply.register
def _(edit: RemoveLink, topology: Topology) -> Topology:
    return replace(topology, links=_without(topology.links, edit.link))


@_apply.register
def _(edit: ScaleDemands, topology: Topology) -> Topology:
    if not 0 <= edit.factor < inf:
        raise ValueError(f"{edit.factor}: a factor that is not negative and has a limit was expected")
    keys = topology.demands if edit.demands is None else edit.demands
    scaled = (replace(topology.demands[key], amount=topology.demands[key].amount * edit.factor) for key in keys)
    return topology.with_demands(scaled)


def _moved(topology: Topology, moves: Iterable[MoveDemand]) -> Topology:
    moved = []
    for move in moves:
        for end in (move.source, move.target):
            topology.nodes[end]  # KeyError for a node that there is not
        moved.append(replace(topology.demands[move.demand], source=move.source, target=move.target))
    return topology.with_demands(moved)


def _with_status(topology: Topology, element: Key, *, up: bool) -> Topology:
    if element in topology.nodes:
        return topology.with_nodes([replace(topology.nodes[element], up=up)])
    return topology.with_links([replace(topology.links[element], up=up)])


def _without(links: Mapping[Key, NetworkLink], key: Key) -> Mapping[Key, NetworkLink]:
    if key not in links:
        raise KeyError(key)
    return {other: link for other, link in links.items() if other != key}
