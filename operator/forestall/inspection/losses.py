"""What may be lost: elements that an inspection takes away together, each loss by its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key
from forestall.api.inspectionpolicy import Inspection, InspectionPolicy
from forestall.api.networkpolicy import (
    ContingencyInspection,
    ContingencyScope,
    LossScope,
    SinglePointOfFailureInspection,
)
from forestall.inspection.remembering import remembered
from forestall.twin.analyses.layers import down, layers
from forestall.twin.analyses.routed import cabling
from forestall.twin.joining import has, together
from forestall.twin.topology import GROUP, NODE, Topology
from forestall.twin.view import View

MOST: Final = 5_000
"""Losses that one pass over a policy examines."""
NOTHING: Final = ""
"""The name of the loss of nothing: now."""
_CAUSES: Final[Mapping[LossScope, str]] = {"Zone": "zone", "Rack": "rack"}


@dataclass(frozen=True, slots=True)
class Loss:
    """Elements that go together."""

    name: str
    """Unlike that of any other: node/worker-1, link/backbone/a-b, riskGroup/duct-7."""
    elements: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Stakes:
    """What inspections take away, of what is there, and what of it is lost already."""

    ahead: tuple[Loss, ...] = ()
    """Losses that may come."""
    live: tuple[Loss, ...] = ()
    """Losses that are there."""
    beyond: int = 0
    """How many more may come than one pass examines."""


def stakes(policy: InspectionPolicy, view: View) -> Stakes:
    """All that the policy's inspections take away, alone and not in pairs: what its goals are predicted under."""
    found = {loss.name: loss for item in policy.spec.inspections for loss in _examined(item, view)}
    gone, known = _gone(view), {loss: _known(view, loss) for loss in found.values()}
    ahead = [loss for loss, elements in known.items() if not elements <= gone]
    live = tuple(loss for loss, elements in known.items() if elements and elements <= gone)
    return Stakes(tuple(ahead[:MOST]), live, max(len(ahead) - MOST, 0))


def names(inspection: SinglePointOfFailureInspection, view: View) -> frozenset[str]:
    """Names of the losses that one inspection is about."""
    return frozenset(loss.name for loss in _single(inspection, view))


@remembered
def hosts(topology: Topology, losses: tuple[Loss, ...]) -> Mapping[str, frozenset[str]]:
    """By loss: names of the Kubernetes nodes that go with it, from whatever layer they rest on."""
    found = {loss.name: together(topology, loss.elements) for loss in losses}
    if topology.nodes:
        known = layers(topology)
        falling = known.falling()
        for name, lost in found.items():
            fallen = falling.suppose([known.number[key] for key in lost if key in known.number])
            found[name] = together(topology, (*lost, *(known.keys[number] for number in fallen)))
    return {name: frozenset(key.name for key in lost if key.kind == "Node") for name, lost in found.items()}


def name_of(topology: Topology, elements: Sequence[Key]) -> str:
    """A loss in words: of a cable its first link, and of several elements all of them."""
    ends = {topology.links[key].tail: key for key in elements if key in topology.links}
    cable = len(elements) == 2 and set(ends) == {topology.links[key].head for key in ends.values()}
    return " and ".join(label(key) for key in (elements[:1] if cable else elements))


def label(key: Key) -> str:
    """An element's name as losses bear it."""
    if key.kind == "Node":
        return f"node/{key.name}"
    if key.kind == GROUP:
        return f"riskGroup/{key.name}"
    return f"{'networkNode' if key.kind == NODE else 'link'}/{key.namespace}/{key.name}"


def _examined(inspection: Inspection, view: View) -> Iterator[Loss]:
    if inspection.single_point_of_failure is not None:
        yield from _single(inspection.single_point_of_failure, view)
    if inspection.contingency is not None:
        yield from _contingent(inspection.contingency, view.topology)


def _single(asked: SinglePointOfFailureInspection, view: View) -> Iterator[Loss]:
    topology = view.topology
    match asked.scope:
        case "Node":
            yield from _each(topology, ((view.nodes[name].key,) for name in sorted(view.nodes)))
        case "NetworkNode":
            yield from _each(topology, _nodes(topology, _networks(asked, topology)))
        case "NetworkLink":
            yield from _each(topology, _cables(topology, _networks(asked, topology)))
        case "RiskGroup":
            yield from _each(topology, _groups(topology))
        case scope:
            yield from _each(topology, _groups(topology, _CAUSES[scope]))


def _contingent(asked: ContingencyInspection, topology: Topology) -> Iterator[Loss]:
    network = frozenset((asked.network,))
    found: dict[ContingencyScope, Callable[[], Iterator[tuple[Key, ...]]]] = {
        "Node": lambda: _nodes(topology, network),
        "Link": lambda: _cables(topology, network),
        "Site": lambda: _groups(topology, "site"),
        "RiskGroup": lambda: _groups(topology),
    }
    scopes = [scope for scope in asked.scopes if scope != "Pairs"] or ["Node", "Link"]
    return (loss for scope in scopes for loss in _each(topology, found[scope]()))


def _each(topology: Topology, elements: Iterable[tuple[Key, ...]]) -> Iterator[Loss]:
    return (Loss(name_of(topology, lost), lost) for lost in elements)


def _nodes(topology: Topology, networks: Collection[str]) -> Iterator[tuple[Key, ...]]:
    return ((key,) for key in topology.nodes if key.namespace in networks)


def _groups(topology: Topology, cause: str = "") -> Iterator[tuple[Key, ...]]:
    return ((key,) for key, group in topology.groups.items() if cause in {"", group.cause})


def _networks(inspection: SinglePointOfFailureInspection, topology: Topology) -> frozenset[str]:
    if inspection.network is not None:
        return frozenset((inspection.network,))
    return frozenset(name for name, network in topology.networks.items() if network.layer != "platform")


def _cables(topology: Topology, networks: Iterable[str]) -> Iterator[tuple[Key, ...]]:
    """Both ways of each cable."""
    for network in sorted(networks):
        for one, other in cabling(topology, network).cables:
            yield (one.key,) if other is None else (one.key, other.key)


def _known(view: View, loss: Loss) -> frozenset[Key]:
    """What of a loss is there, whatever a risk group names beside it."""
    found = together(view.topology, loss.elements)
    return frozenset(key for key in found if has(view.topology, key) or (key.kind == "Node" and key.name in view.nodes))


def _gone(view: View) -> frozenset[Key]:
    """Elements that are down now: Kubernetes nodes that are not ready, and of networks all that is down."""
    nodes = (node.key for node in view.nodes.values() if not node.ready)
    return frozenset((*nodes, *down(view.topology)))
