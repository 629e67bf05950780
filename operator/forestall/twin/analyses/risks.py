"""What two paths have in common, on every layer: elements that both need, and causes that can take both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.twin.analyses.answers import Answer, verdict
from forestall.twin.analyses.layers import foundations, layer_of
from forestall.twin.analyses.routed import routed
from forestall.twin.topology import NODE, Cause, Layer, Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRisk:
    """An element that both need, or a risk group that holds something of both."""

    element: Key
    layer: Layer | None
    """Of the element; None for a risk group."""
    cause: Cause | None
    """Of the risk group; None for an element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRisks(Answer):
    """Whether nothing takes both paths down. Holds where nothing is known that does."""

    risks: tuple[SharedRisk, ...]
    """By key."""


def shared_risks(topology: Topology, one: Sequence[Key], other: Sequence[Key]) -> SharedRisks:
    """What two paths, each the links from its first node to its last, have in common but for those two nodes.

    Unknown where one of the paths rests on nothing and is in no risk group. KeyError for a link that there is not.
    """
    first, second = (_needs(topology, path) for path in (one, other))
    found = sorted(
        [*_elements(topology, first & second), *_groups(topology, first, second)], key=lambda risk: risk.element
    )
    is_known = all(_is_described(topology, path) for path in (one, other))
    return SharedRisks(
        verdict=verdict(fails=bool(found), known=is_known),
        topology=topology.id,
        caveats=() if is_known else ("Of a path it is not known what it rests on, nor is it in any risk group.",),
        risks=tuple(sorted(found, key=lambda risk: risk.element)),
    )


def _needs(topology: Topology, path: Sequence[Key]) -> frozenset[Key]:
    """The links of the path, both ways, its inner nodes, and all that these rest on and its ends do not."""
    links = [topology.links[key] for key in path]
    inner = {Key(NODE, link.key.namespace, end) for link in links for end in (link.tail, link.head)}
    ends = {
        Key(NODE, link.key.namespace, end) for link, end in ((links[0], links[0].tail), (links[-1], links[-1].head))
    }
    found = _both_ways(topology, path) | inner - ends
    return found | foundations(topology, found) - foundations(topology, ends) - ends


def _both_ways(topology: Topology, path: Iterable[Key]) -> frozenset[Key]:
    found = set[Key]()
    for key in path:
        given = routed(topology, key.namespace)
        found.update(given.links(given.cabling.cable[key]))
    return frozenset(found)


def _elements(topology: Topology, common: Iterable[Key]) -> list[SharedRisk]:
    return [SharedRisk(element=key, layer=layer_of(topology, key), cause=None) for key in common]


def _groups(topology: Topology, one: frozenset[Key], other: frozenset[Key]) -> list[SharedRisk]:
    return [
        SharedRisk(element=key, layer=None, cause=group.cause)
        for key, group in topology.groups.items()
        if not one.isdisjoint(group.members) and not other.isdisjoint(group.members)
    ]


def _is_described(topology: Topology, path: Sequence[Key]) -> bool:
    needs = _needs(topology, path)
    return bool(foundations(topology, path)) or any(
        not needs.isdisjoint(group.members) for group in topology.groups.values()
    )
