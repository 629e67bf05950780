"""Nodes and edges of graphs: attributes by plain names, for formats that have no modules.

Those that the model has are `metric`, `capacity` (bit/s), `delay` (microseconds), `up`, `passive` and, in graphs of
others, `srlg` (numbers divided by commas); all others are kept as they are. What only RFC 8345 has a form for is in
the attribute `forestall`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Final

from forestall.twin.formats import extension, values
from forestall.twin.formats.bodies import link_body, network_body, node_body
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.elements import read_link, read_network, read_node
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.names import ATTRIBUTE, OWN, TE, TE_LINK
from forestall.twin.formats.parsing import Json, parsed
from forestall.twin.formats.report import Report, UnreadableTopologyError
from forestall.twin.topology import UNLIMITED, Network, NetworkLink, NetworkNode, Topology

VALUES: Final = ("metric", "capacity", "delay", "up", "passive")
BODY: Final = "forestall"

Data = dict[str, object]


def node_data(node: NetworkNode) -> tuple[Data, Json]:
    """A node as attributes, and what RFC 8345 has for the rest of it."""
    return {"up": node.up, "passive": node.passive}, node_body(replace(node, up=True, passive=False))


def link_data(link: NetworkLink) -> tuple[Data, Json]:
    """A link as attributes, and what RFC 8345 has for the rest of it but its identifier and the nodes at its ends."""
    body = link_body(replace(link, up=True, passive=False, metric=1, capacity=UNLIMITED, delay=None))
    for end, node in (("source", "source-node"), ("destination", "dest-node")):
        del body[end][node]
        if not body[end]:
            del body[end]
    said = {name: getattr(link, name) for name in VALUES}
    return {name: value for name, value in said.items() if value not in (None, UNLIMITED)}, body


def head(networks: Mapping[str, Network], topology: Topology) -> Json:
    """What is said beside nodes and links: of networks, risk groups, gates and demands."""
    listed = [{"network-id": network.id, **network_body(network)} for network in networks.values()]
    return {"network": listed, **extension.written(topology)}


def read_head(said: Json, path: str, draft: Draft) -> None:
    """Reads what `head` says."""
    fields = Fields(said, path, draft.report)
    for network in fields.each("network"):
        with draft.report.leaving_out():
            read_network(network.needed("network-id", values.identifier), network, draft)
    extension.read(fields, draft)
    fields.close()


def read_node_data(network: str, name: object, data: Data, path: str, draft: Draft) -> None:
    """Reads a node from its attributes."""
    fields = _fields(data, path, draft.report)
    fields.left["node-id"] = name
    with draft.report.leaving_out():
        read_node(network, fields.needed("node-id", values.identifier), fields, draft)


class Edges:
    """Reads the edges of a network as links."""

    def __init__(self, network: str, draft: Draft) -> None:
        self._network, self._draft = network, draft
        self._named: Counter[tuple[str, str]] = Counter()

    def read(self, tail: str, head: str, data: Data, path: str, *, name: object = None, directed: bool) -> None:
        """Reads an edge: as one link, or else as one of each direction, named by their ends unless `name` is."""
        back = None if directed else deepcopy(data)
        self._read(tail, head, data, path, name)
        if back is not None:
            self._read(head, tail, back, path, None if name is None else f"{name}, back")

    def _read(self, tail: str, head: str, data: Data, path: str, name: object) -> None:
        fields = _fields(data, path, self._draft.report)
        for end, node, value in (("source", "source-node", tail), ("destination", "dest-node", head)):
            fields.left[end] = {**fields.inner(end).left, node: value}
        fields.left["link-id"] = self._name(tail, head) if name is None else name
        with self._draft.report.leaving_out():
            read_link(self._network, fields.needed("link-id", values.identifier), fields, self._draft, routed=False)

    def _name(self, tail: str, head: str) -> str:
        self._named[tail, head] += 1
        number = self._named[tail, head]
        return f"{tail} to {head}" if number == 1 else f"{tail} to {head}, {number}"


def as_object(said: object, path: str, report: Report) -> Json:
    """The object that the attribute `forestall` holds, itself or as JSON."""
    try:
        found = parsed(said) if isinstance(said, str) else said
    except UnreadableTopologyError as error:
        found = error.message
    if isinstance(found, dict):
        return {**found}
    report.kept(path, f"{BODY}: an object was expected, itself or as JSON: it is taken as not given")
    return {}


def _fields(data: Data, path: str, report: Report) -> Fields:
    body = as_object(data.pop(BODY, {}), path, report)
    for name in VALUES:
        value = data.pop(name, None)
        if value is not None:
            body[OWN + name] = _counted(value)
    if "srlg" in data:
        body.setdefault(TE, {TE_LINK: {"te-srlgs": {"value": _numbers(data.pop("srlg"))}}})
    listed = [{"name": name, "value": _text(name, value, path, report)} for name, value in data.items()]
    if listed:
        body[ATTRIBUTE] = [*body.get(ATTRIBUTE, ()), *(item for item in listed if item["value"] is not None)]
    return Fields(body, path, report)


def _counted(value: object) -> object:
    """A whole number as text, however it is written."""
    if isinstance(value, float) and value.is_integer() and value < 2**64:
        return str(int(value))
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value < 2**64 else value


def _numbers(value: object) -> object:
    if isinstance(value, str):
        return [
            int(part) if part.isascii() and part.isdigit() and len(part) < 11 else part
            for part in value.replace(" ", "").split(",")
        ]
    return value if isinstance(value, list) else [value]


def _text(name: str, value: object, path: str, report: Report) -> str | None:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        report.kept(path, f"{name[:40]}: JSON does not have such a value: it is not kept")
        return None
