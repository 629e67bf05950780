"""What is supposed of a topology, as people write it: `fra-ams:metric=20`, `fra:down`, `demands*1.3`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from forestall.api.base import Key
from forestall.cli.failures import Exit, Failure
from forestall.cli.twins.figures import parsed_rate
from forestall.cli.twins.naming import ALL, HOST, Names
from forestall.twin.analyses.edits import MoveDemand, Resize, ScaleDemands, SetMetric, edited
from forestall.twin.joining import platforms
from forestall.twin.topology import DEMAND, LINK, NODE, Gate, Topology

Edit = Callable[[Topology], Topology]
OPTION: Final = "--change"
ALL_DEMANDS: Final = "demands"
SUPPOSED: Final = "supposed to be down"
FORMS: Final = (
    "write LINK:metric=20, LINK:capacity=10G, LINK:down, NODE:up,"
    " demands*1.3, DEMAND*2, DEMAND:amount=5G or DEMAND:to=NODE"
)
_SCALED: Final = re.compile(r"(.+)\*([0-9]+(?:\.[0-9]+)?)", re.ASCII | re.DOTALL)
_SWITCHED: Final = re.compile(r"(.+):(up|down)", re.DOTALL)
_SET: Final = re.compile(r"(.+):(metric|capacity|amount|from|to)=(.+)", re.DOTALL)
_METRIC: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


class Switch(NamedTuple):
    """An element that is brought up, or down."""

    element: Key
    up: bool


def parsed_change(text: str, names: Names) -> Edit:
    """What the text says to change. Raises Failure where it is no change, or of nothing that there is."""
    if match := _SCALED.fullmatch(text):
        return _scaling(match[1], float(match[2]), names)
    if (switch := parsed_switch(text, names)) is not None:
        return lambda topology: switched(topology, [switch.element], up=switch.up)
    if match := _SET.fullmatch(text):
        return _SETTERS[match[2]](match[1], match[3], names)
    raise Failure(Exit.USAGE, f"{OPTION}: {text!r} is no change", FORMS)


def parsed_switch(text: str, names: Names) -> Switch | None:
    """What is brought up or down; None where the text says something else. Raises Failure where there is no such."""
    match = _SWITCHED.fullmatch(text)
    if match is None:
        return None
    return Switch(names.find(match[1], (*ALL, HOST), option=OPTION), match[2] == "up")


def switched(topology: Topology, elements: Iterable[Key], *, up: bool) -> Topology:
    """The elements, with the members of risk groups, brought up or down. What rests on them follows by itself."""
    wanted = meant(topology, elements)
    nodes = [replace(topology.nodes[key], up=up) for key in sorted(wanted) if key in topology.nodes]
    links = [replace(topology.links[key], up=up) for key in sorted(wanted) if key in topology.links]
    others = sorted(key for key in wanted if key not in topology.nodes and key not in topology.links)
    # What only gates know of has no status: it is down for a gate that nothing can open.
    shut = {Gate(owner=key, needs=1, members=(), reason=SUPPOSED) for key in others}
    kept = [gate for gate in topology.gates if gate not in shut]
    gates = kept if up else [*kept, *sorted(shut, key=lambda gate: gate.owner)]
    return replace(topology.with_nodes(nodes).with_links(links), gates=tuple(gates))


def meant(topology: Topology, elements: Iterable[Key]) -> frozenset[Key]:
    """The elements, members for risk groups, and what Kubernetes nodes among them are in platform networks."""
    members = frozenset(member for element in elements for member in _members(topology, element))
    hosts = [key.name for key in members if key.kind == HOST]
    return members | (
        {Key(NODE, network, name) for network in platforms(topology) for name in hosts} & topology.nodes.keys()
    )


def _members(topology: Topology, element: Key) -> tuple[Key, ...]:
    group = topology.groups.get(element)
    return (element,) if group is None else group.members


def _scaling(element: str, factor: float, names: Names) -> Edit:
    if element == ALL_DEMANDS:
        return _one(ScaleDemands(factor))
    return _one(ScaleDemands(factor, (names.find(element, (DEMAND,), option=OPTION),)))


def _set_metric(element: str, value: str, names: Names) -> Edit:
    if not _METRIC.fullmatch(value):
        raise Failure(
            Exit.USAGE, f"{OPTION}: metric {value!r} is no metric", "write a whole number from 1 to 999999999"
        )
    return _one(SetMetric(names.find(element, (LINK,), option=OPTION), int(value)))


def _set_capacity(element: str, value: str, names: Names) -> Edit:
    capacity = parsed_rate(value, f"{OPTION}: capacity")
    if not capacity:
        raise Failure(Exit.USAGE, f"{OPTION}: a capacity of 0 is none", f"write {element}:down")
    return _one(Resize(names.find(element, (LINK,), option=OPTION), capacity))


def _set_amount(element: str, value: str, names: Names) -> Edit:
    key, amount = names.find(element, (DEMAND,), option=OPTION), parsed_rate(value, f"{OPTION}: amount")
    return lambda topology: topology.with_demands([replace(topology.demands[key], amount=amount)])


def _set_source(element: str, value: str, names: Names) -> Edit:
    key, node = names.find(element, (DEMAND,), option=OPTION), names.find(value, (NODE,), option=OPTION)
    return lambda topology: edited(topology, [MoveDemand(key, node, topology.demands[key].target)])


def _set_target(element: str, value: str, names: Names) -> Edit:
    key, node = names.find(element, (DEMAND,), option=OPTION), names.find(value, (NODE,), option=OPTION)
    return lambda topology: edited(topology, [MoveDemand(key, topology.demands[key].source, node)])


def _one(edit: SetMetric | Resize | ScaleDemands) -> Edit:
    return lambda topology: edited(topology, [edit])


_SETTERS: Final[dict[str, Callable[[str, str, Names], Edit]]] = {
    "metric": _set_metric,
    "capacity": _set_capacity,
    "amount": _set_amount,
    "from": _set_source,
    "to": _set_target,
}
