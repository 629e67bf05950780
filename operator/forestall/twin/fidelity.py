"""How much of what it describes the twin knows, as shares from 0 to 1, rounded to 1e-4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from forestall.api.base import Key
from forestall.twin.topology import GROUP, LINK, NODE, UNLIMITED, Topology

STEP: Final = Decimal("0.0001")


def coverage(known: int, missing: int) -> Decimal | None:
    """F1: elements that are known, of all that are described. None where nothing is described."""
    return _share(known, known + missing)


def completeness(parts: Iterable[Topology], whole: Topology, *, unusable: int = 0) -> Decimal | None:
    """F2: required attributes of `parts` that are known, of all that are required. None where none is.

    Required are the capacity of each link, and that whatever is referred to is in `whole`. `unusable` ones were given
    and are not known.
    """
    found = [known for part in parts for known in (*_capacities(part), *_references(part, whole))]
    return _share(sum(found), len(found) + unusable)


def _share(number: int, total: int) -> Decimal | None:
    return (Decimal(number) / total).quantize(STEP) if total else None


def _capacities(part: Topology) -> Iterator[bool]:
    return (link.capacity != UNLIMITED for link in part.links.values())


def _references(part: Topology, whole: Topology) -> Iterator[bool]:
    """Whether each reference leads somewhere; those to the cluster's objects are not judged."""
    known = {NODE: whole.nodes, LINK: whole.links, GROUP: whole.groups}
    for key in _referred(part):
        if key.kind in known:
            yield key in known[key.kind]
    yield from (name in whole.networks for network in part.networks.values() for name in network.supporting)


def _referred(part: Topology) -> Iterator[Key]:
    for node in part.nodes.values():
        yield from node.supporting
    for link in part.links.values():
        yield from (Key(NODE, link.key.namespace, link.tail), Key(NODE, link.key.namespace, link.head))
        yield from link.supporting
    for group in part.groups.values():
        yield from group.members
    for gate in part.gates:
        yield from (gate.owner, *gate.members)
    for demand in part.demands.values():
        yield from (demand.source, demand.target)
