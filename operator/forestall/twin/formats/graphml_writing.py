"""Writes GraphML, by hand: anything reads it, and its data are what `graphml_reading` makes elements of again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from forestall.twin.formats.plain import BODY, Data, head, link_data, node_data
from forestall.twin.formats.rfc8345 import networks_of
from forestall.twin.topology import NetworkLink, NetworkNode, Topology

NAMESPACE: Final = "http://graphml.graphdrawing.org/xmlns"
KEYS: Final = (
    ("graph", BODY, "string"),
    ("node", "up", "boolean"),
    ("node", "passive", "boolean"),
    ("node", BODY, "string"),
    ("edge", "metric", "long"),
    ("edge", "capacity", "double"),
    ("edge", "delay", "long"),
    ("edge", "up", "boolean"),
    ("edge", "passive", "boolean"),
    ("edge", BODY, "string"),
)
"""Of the data that is written: what it belongs to, its name and type."""


def written(topology: Topology) -> str:
    """The topology as a document, which is read as it is, but for the provenance."""
    return "\n".join(_lines(topology))


def _lines(topology: Topology) -> Iterator[str]:
    parts = list(networks_of(topology))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<graphml xmlns="{NAMESPACE}">'
    for domain, name, kind in KEYS:
        yield f'<key id="{domain}-{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>'
    yield '<graph id="topology" edgedefault="directed">'
    yield _data("graph", BODY, head({network.id: network for network, _, _ in parts}, topology))
    for _, nodes, _ in parts:
        yield from (_node(node) for node in nodes)
    for _, _, links in parts:
        yield from (_edge(link) for link in links)
    yield "</graph>"
    yield "</graphml>"


def _node(node: NetworkNode) -> str:
    name = quoteattr(_id(node.key.namespace, node.key.name))
    return f"<node id={name}>{_all('node', *node_data(node))}</node>"


def _edge(link: NetworkLink) -> str:
    network = link.key.namespace
    ends = f"source={quoteattr(_id(network, link.tail))} target={quoteattr(_id(network, link.head))}"
    return f"<edge id={quoteattr(_id(network, link.key.name))} {ends}>{_all('edge', *link_data(link))}</edge>"


def _id(network: str, name: str) -> str:
    """An identifier that is one in the whole document, and can be taken apart again."""
    return f"{quote(network, safe='')}/{quote(name, safe='')}"


def _all(domain: str, data: Data, body: Mapping[str, object]) -> str:
    said = "".join(_data(domain, name, value) for name, value in data.items())
    return said + (_data(domain, BODY, body) if body else "")


def _data(domain: str, name: str, value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f'<data key="{domain}-{name}">{escape(text)}</data>'
