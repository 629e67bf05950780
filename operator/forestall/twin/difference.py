"""What differs between two views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Literal

from forestall.api.base import Key
from forestall.twin import model
from forestall.twin.topology import Demand, Gate, Network, NetworkLink, NetworkNode, RiskGroup, Topology
from forestall.twin.view import View
from forestall.twin.views import Intended

Elements = Mapping[Key, model.Element | Network | NetworkNode | NetworkLink | RiskGroup | Gate | Demand]


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that is not the same in both views."""

    key: Key
    kind: Literal["Added", "Removed", "Changed"]
    """As from the one to the other."""
    fields: tuple[str, ...] = ()
    """Names of those of its fields that changed, ordered."""


def diff(one: View | Intended, other: View | Intended) -> tuple[Difference, ...]:
    """All that differs, ordered by key.

    What only one of them can tell of is left out: what should be says nothing of the cluster's objects. Where values
    come from makes no difference, nor does what is measured beside the elements (`Snapshot.loads`).
    """
    return tuple(_differences(_elements(one, other), _elements(other, one)))


def _elements(view: View | Intended, beside: View | Intended) -> Elements:
    objects = view.objects if isinstance(view, View) and isinstance(beside, View) else {}
    return {**objects, **_networks(view.topology)}


def _networks(topology: Topology) -> Elements:
    networks = {Key("Network", "", name): network for name, network in topology.networks.items()}
    gates = {Key("Gate", str(one.owner), " ".join(map(str, one.members))): one for one in topology.gates}
    return {**networks, **topology.nodes, **topology.links, **topology.groups, **gates, **topology.demands}


def _differences(before: Elements, after: Elements) -> Iterator[Difference]:
    for key in sorted(before.keys() | after.keys()):
        if key not in before:
            yield Difference(key, "Added")
        elif key not in after:
            yield Difference(key, "Removed")
        elif before[key] is not after[key]:
            names = (field.name for field in fields(before[key]) if field.name != "provenance")
            changed = [name for name in names if getattr(before[key], name) != getattr(after[key], name)]
            yield from [Difference(key, "Changed", tuple(sorted(changed)))] if changed else []
