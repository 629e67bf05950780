"""`twin show`: what there is, what is wrong with the data, and how full the links are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.cli.failures import Failure
from forestall.cli.screen import Screen
from forestall.cli.twins import objects
from forestall.cli.twins.figures import counted, finite, named, rate, use
from forestall.cli.twins.objects import Tally, tallies
from forestall.cli.twins.reading import Read, chosen
from forestall.cli.twins.states import State, state
from forestall.ports import Json
from forestall.twin.analyses.layers import down
from forestall.twin.defects import Defect, defects
from forestall.twin.topology import Topology

MOST_DEFECTS = 50
"""Defects that a table has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How much of one network there is."""

    layer: str
    network: str
    nodes: int
    links: int
    down: int
    """Of both, by themselves or with what they rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was read, and the state of the network in question."""

    read: Read
    defects: Sequence[Defect]
    """Of the documents, and of what they come to."""
    counts: Sequence[Count]
    state: State | None
    """None where it does not follow which network is meant."""
    unclear: str
    """Why."""
    objects: Sequence[Tally]
    """Kubernetes objects; empty where none were asked for."""

    @property
    def snapshot(self) -> str:
        """Id of all that was read."""
        return self.read.topology.id if self.read.snapshot is None else self.read.snapshot.id


def gather(read: Read, network: str) -> Shown:
    """Look at a topology. Raises Failure where a network was named that there is not."""
    found, unclear = None, ""
    try:
        found = state(read.topology, chosen(read.topology, network))
    except Failure as failure:
        if network:
            raise
        unclear = f"{failure.message}: {failure.remedy}"
    return Shown(
        read=read,
        defects=(*read.defects, *defects(read.topology)),
        counts=tuple(_counts(read.topology)),
        state=found,
        unclear=unclear,
        objects=tallies(read),
    )


def _counts(topology: Topology) -> Iterable[Count]:
    nodes = Counter(key.namespace for key in topology.nodes)
    links = Counter(key.namespace for key in topology.links)
    elements = topology.nodes.keys() | topology.links.keys()
    fallen = Counter(key.namespace for key in down(topology) if key in elements)
    for name, network in topology.networks.items():
        yield Count(layer=network.layer, network=name, nodes=nodes[name], links=links[name], down=fallen[name])


def render(screen: Screen, shown: Shown, top: int) -> None:
    """Write all of it as tables."""
    topology = shown.read.topology
    screen.title(shown.read.source, "bold")
    screen.line(f"snapshot {shown.snapshot}")
    for remark in shown.read.remarks:
        screen.line(remark, "yellow")
    if shown.objects:
        objects.render(screen, shown.objects)
        screen.line(_groups(topology))
    if _has_networks(shown):
        screen.heading("Networks")
        rows = [(one.layer, one.network, str(one.nodes), str(one.links), str(one.down)) for one in shown.counts]
        screen.table(("LAYER", "NETWORK", "NODES", "LINKS", "DOWN"), rows)
        screen.line(_beside(topology))
    render_defects(screen, shown.defects)
    if shown.state is not None:
        _utilisation(screen, shown.state, top)
    elif _has_networks(shown):
        screen.heading("Utilisation")
        screen.line(shown.unclear, "yellow")


def _has_networks(shown: Shown) -> bool:
    """Whether networks are to be told of: in a document there should be some, beside objects there may be none."""
    return bool(shown.counts) or not shown.objects


def _groups(topology: Topology) -> str:
    causes = Counter(group.cause for group in topology.groups.values())
    told = ", ".join(f"{number} {cause}" for cause, number in sorted(causes.items()))
    return f"{counted(len(topology.groups), 'risk group')}{f' ({told})' if told else ''}"


def _beside(topology: Topology) -> str:
    demands = (
        f"{counted(len(topology.demands), 'demand')} of {rate(sum(one.amount for one in topology.demands.values()))}"
    )
    return f"{_groups(topology)}, {counted(len(topology.gates), 'gate')}, {demands}"


def render_defects(screen: Screen, found: Sequence[Defect]) -> None:
    """Write what is wrong with the data, if anything is."""
    if not found:
        return
    screen.heading(f"Defects of the data: {len(found)}")
    rows = [(one.path or "-", "left out" if one.fatal else "kept", one.message) for one in found[:MOST_DEFECTS]]
    screen.table(("PATH", "ELEMENT", "MESSAGE"), rows)
    if len(found) > MOST_DEFECTS:
        screen.line(f"and {len(found) - MOST_DEFECTS} more: see all with --output json")


def _utilisation(screen: Screen, found: State, top: int) -> None:
    screen.heading(f"Utilisation of network {found.network}")
    if found.lost or found.ended:
        screen.line(f"{rate(found.lost + found.ended)} of {rate(found.offered)} have no way", "bold red")
    fullest = list(found.utilisation.items())[:top]
    if fullest:
        rows = [_row(found, key, used) for key, used in fullest]
        screen.table(("LINK", "CAPACITY", "LOAD", "UTILISATION"), rows)
    else:
        screen.line("no link has a known capacity")
    caveats(screen, found.caveats)


def _row(found: State, key: Key, used: float) -> Sequence[str]:
    capacity = found.topology.links[key].capacity
    return named(found.topology, key), rate(capacity), rate(used * capacity), use(used)


def caveats(screen: Screen, found: Iterable[str]) -> None:
    """Write what the model leaves out."""
    for place, one in enumerate(found):
        if not place:
            screen.heading("What limits this answer")
        screen.line(one)


def to_json(shown: Shown) -> Json:
    """The same facts as one JSON object."""
    topology = shown.read.topology
    return {
        "source": shown.read.source,
        "snapshot": shown.snapshot,
        "remarks": list(shown.read.remarks),
        "objects": objects.to_json(shown.objects),
        "networks": [
            {"layer": one.layer, "network": one.network, "nodes": one.nodes, "links": one.links, "down": one.down}
            for one in shown.counts
        ],
        "riskGroups": len(topology.groups),
        "gates": len(topology.gates),
        "demands": len(topology.demands),
        "defects": [{"path": one.path, "message": one.message, "fatal": one.fatal} for one in shown.defects],
        "state": None if shown.state is None else state_json(shown.state, shown.state.utilisation),
    }


def state_json(found: State, links: Mapping[Key, float]) -> Json:
    """A state as a JSON object, with these links."""
    return {
        "snapshot": found.topology.id,
        "network": found.network,
        "offered": finite(found.offered),
        "lost": finite(found.lost),
        "ended": finite(found.ended),
        "maxUtilisation": finite(found.peak),
        "links": [
            {"link": key.name, "network": key.namespace, "utilisation": finite(used)} for key, used in links.items()
        ],
        "down": [str(key) for key in sorted(found.down)],
        "affected": [str(key) for key in sorted(found.affected)],
        "caveats": list(found.caveats),
    }
