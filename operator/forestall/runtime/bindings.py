"""Series of bound queries, joined by label to elements of the twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from forestall.api.base import Key
from forestall.api.networktwin import MetricBinding
from forestall.ports import Measurement
from forestall.twin.joining import Ends, Measured
from forestall.twin.topology import LINK, NODE, Topology

Points = Mapping[tuple[str, str, str], Key]
"""Links by network, node and termination point that they leave from."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What the bindings of a twin measure."""

    loads: Mapping[Key, Decimal]
    networks: Measured


def bound(bindings: Sequence[MetricBinding], answers: Mapping[str, Measurement], topology: Topology) -> Bound:
    """All that is measured. Series without the labels, or whose value makes no sense, are left out."""
    points = points_of(topology) if any(one.point_label for one in bindings) else {}
    loads: dict[Key, Decimal] = {}
    up: dict[Key, bool] = {}
    capacities: dict[Key, float] = {}
    demands: dict[Ends, float] = {}
    for binding, answer in ((one, answers[one.query]) for one in bindings if one.query in answers):
        match binding.attribute:
            case "load":
                loads |= joined(binding, answer, points)
            case "up":
                up |= {key: value != 0 for key, value in joined(binding, answer, points).items()}
            case "capacity":
                found = joined(binding, answer, points)
                capacities |= {key: float(value) for key, value in found.items() if value > 0}
            case "demand":
                demands |= carried(binding, answer)
    return Bound(loads, Measured(up, capacities, demands))


def points_of(topology: Topology) -> Points:
    """Links by where they leave from, as far as the topology says and no two of them leave from the same point."""
    found: dict[tuple[str, str, str], Key] = {}
    shared = set()
    for key, link in topology.links.items():
        point = (key.namespace, link.tail, link.tail_point)
        if point in found:
            shared.add(point)
        found[point] = key
    return {point: key for point, key in found.items() if point[2] and point not in shared}


def joined(binding: MetricBinding, answer: Measurement, points: Points) -> dict[Key, Decimal]:
    """Elements and their values."""
    pairs = ((_element(binding, labels, points), value) for labels, value in _finite(answer))
    return {key: value for key, value in pairs if key is not None}


def carried(binding: MetricBinding, answer: Measurement) -> dict[Ends, float]:
    """Demands between two nodes, in three significant digits: more would make every reading another topology."""
    found: dict[Ends, float] = {}
    for labels, value in _finite(answer):
        names = labels.get(binding.name_label), labels.get(binding.target_label)
        source, target = (Key(NODE, binding.network, name or "") for name in names)
        if all(names) and source != target and value >= 0:
            found[source, target] = float(f"{value:.3g}")
    return found


def _finite(answer: Measurement) -> Iterator[tuple[Mapping[str, str], Decimal]]:
    return ((sample.labels, sample.value) for sample in answer.samples if sample.value.is_finite())


def _element(binding: MetricBinding, labels: Mapping[str, str], points: Points) -> Key | None:
    name = labels.get(binding.name_label, "")
    if not name:
        return None
    if binding.point_label:
        return points.get((binding.network, name, labels.get(binding.point_label, "")))
    if binding.kind in {NODE, LINK}:
        return Key(binding.kind, binding.network, name)
    return Key(binding.kind, "" if binding.kind == "Node" else labels.get(binding.namespace_label, ""), name)
