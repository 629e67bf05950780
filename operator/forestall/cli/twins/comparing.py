"""`twin diff`: what differs between two topologies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from forestall.api.base import Key
from forestall.cli.screen import Screen
from forestall.cli.twins.reading import Read
from forestall.ports import Json
from forestall.twin.difference import Difference, diff
from forestall.twin.topology import Topology
from forestall.twin.views import Intended

MOST_SHOWN = 60
"""Letters of one value in the table."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two topologies, and what differs."""

    one: Read
    other: Read
    differences: Sequence[Difference]


def gather(one: Read, other: Read) -> Compared:
    """Compare them."""
    found = diff(Intended(topology=one.topology), Intended(topology=other.topology))
    return Compared(one, other, found)


def render(screen: Screen, compared: Compared) -> None:
    """Write each added, removed and changed element on one line, each changed field on one of its own."""
    counts = Counter(one.kind for one in compared.differences)
    screen.title(f"{compared.one.source} → {compared.other.source}", "bold")
    if not compared.differences:
        screen.line("nothing differs")
        return
    screen.line(", ".join(f"{number} {kind.lower()}" for kind, number in sorted(counts.items())))
    screen.table(("CHANGE", "ELEMENT", "FIELD", "BEFORE", "AFTER"), list(_rows(compared)))


def _rows(compared: Compared) -> Iterator[Sequence[str]]:
    for one in compared.differences:
        if one.kind != "Changed":
            yield one.kind.lower(), str(one.key), "", "", ""
        for name, before, after in values(compared, one):
            yield "changed", str(one.key), name, _text(before), _text(after)


def values(compared: Compared, difference: Difference) -> Iterator[tuple[str, object, object]]:
    """The fields that changed, with what they were and what they are."""
    one = _element(compared.one.topology, difference.key)
    other = _element(compared.other.topology, difference.key)
    for name in difference.fields:
        yield name, getattr(one, name, None), getattr(other, name, None)


def _element(topology: Topology, key: Key) -> object:
    parts: Sequence[Mapping[Key, object]] = (topology.nodes, topology.links, topology.groups, topology.demands)
    found = next((part[key] for part in parts if key in part), None)
    return topology.networks.get(key.name) if found is None else found


def _text(value: object) -> str:
    """A value in words; what is long is cut, for JSON has it whole."""
    text = _said(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _said(value: object) -> str:
    match value:
        case None:
            return "-"
        case Key():
            return str(value)
        case tuple():
            return ", ".join(map(_said, value)) or "-"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def to_json(compared: Compared) -> Json:
    """The same facts as one JSON object. Values are as texts."""
    return {
        "before": compared.one.topology.id,
        "after": compared.other.topology.id,
        "differences": [
            {
                "kind": one.kind,
                "element": str(one.key),
                "fields": [
                    {"name": name, "before": _said(before), "after": _said(after)}
                    for name, before, after in values(compared, one)
                ],
            }
            for one in compared.differences
        ],
    }
