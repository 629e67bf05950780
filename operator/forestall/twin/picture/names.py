"""What nodes are called, where their documents give them numbers for identifiers."""

from __future__ import annotations

from typing import Final

from forestall.api.base import Key
from forestall.twin.topology import NODE, NetworkLink, Topology

NAMES: Final = ("label", "name")
"""Attributes that hold it, in the formats that have one: GraphML as the Topology Zoo writes it, NetJSON, topohub."""


def called(topology: Topology, node: Key) -> str:
    """The name of a node in its attributes, or else its identifier."""
    known = topology.nodes.get(node)
    said = (known.attributes.get(name) for name in NAMES) if known is not None else ()
    return next((name for name in said if isinstance(name, str) and name.strip()), node.name)


def ends(topology: Topology, link: NetworkLink) -> str:
    """From where to where a link leads."""
    tail, head = (Key(NODE, link.key.namespace, name) for name in (link.tail, link.head))
    return f"{called(topology, tail)} → {called(topology, head)}"
