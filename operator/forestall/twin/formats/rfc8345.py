"""Reads RFC 8345 documents as JSON (RFC 7951), with the attributes of RFC 8346, RFC 8944 and RFC 8795 and our own.

An element without usable identifiers, ends or metric is left out; anything else unusable is taken as not given.
Both are told. What is not known here is kept in the attributes.
"""

from __future__ import annotations

from typing import Final

from forestall.api.base import Key
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.parsing import Json
from forestall.twin.formats.report import LeftOutError
from forestall.twin.formats.values import identifier, metric, text
from forestall.twin.topology import (
    LINK,
    NODE,
    Layer,
    Network,
    NetworkLink,
    NetworkNode,
    TerminationPoint,
)

NETWORKS: Final = "ietf-network:networks"
LINKS: Final = "ietf-network-topology:link"
POINTS: Final = "ietf-network-topology:termination-point"
TYPES: Final = "network-types"
L3_LINK: Final = "ietf-l3-unicast-topology:l3-link-attributes"
L2_LINK: Final = "ietf-l2-topology:l2-link-attributes"
TE: Final = "ietf-te-topology:te"
TE_LINK: Final = "te-link-attributes"
OWN: Final = "forestall-topology:"

UNKNOWN_LAYER: Final[Layer] = "ip"
LAYER_OF_TYPE: Final[dict[str, Layer]] = {
    "ietf-l3-unicast-topology:l3-unicast-topology": "ip",
    "ietf-l2-topology:l2-topology": "link",
}


def read(document: Json, draft: Draft) -> None:
    """Reads the document into the draft."""
    root = Fields(document, "", draft.report).inner(NETWORKS)
    networks = list(root.each("network"))
    for network in networks:
        _read_network(network, draft)


def _read_network(fields: Fields, draft: Draft) -> None:
    try:
        name = fields.needed("network-id", identifier)
    except LeftOutError as error:
        draft.report.left_out(error.path, str(error))
        return
    for node in fields.each("node"):
        _read_node(name, node, draft)
    for link in fields.each(LINKS):
        _read_link(name, link, draft)
    supporting = tuple(item.needed("network-ref", identifier) for item in fields.each("supporting-network"))
    layer = _layer(fields)
    draft.add_network(Network(id=name, layer=layer, supporting=supporting, attributes=fields.attributes()), fields.path)


def _layer(fields: Fields) -> Layer:
    types = fields.inner(TYPES).left
    return next((layer for name, layer in LAYER_OF_TYPE.items() if name in types), UNKNOWN_LAYER)


def _read_node(network: str, fields: Fields, draft: Draft) -> None:
    try:
        name = fields.needed("node-id", identifier)
        points = tuple(_point(item) for item in fields.each(POINTS))
        supporting = tuple(_ref(NODE, item, "node-ref") for item in fields.each("supporting-node"))
    except LeftOutError as error:
        draft.report.left_out(error.path, str(error))
        return
    node = NetworkNode(
        key=Key(NODE, network, name),
        supporting=supporting,
        points=points,
        attributes=fields.attributes(),
        provenance=draft.provenance,
    )
    draft.add_node(node, fields.path)


def _point(fields: Fields) -> TerminationPoint:
    return TerminationPoint(name=fields.needed("tp-id", identifier), attributes=fields.attributes())


def _ref(kind: str, fields: Fields, name: str) -> Key:
    return Key(kind, fields.needed("network-ref", identifier), fields.needed(name, identifier))


def _read_link(network: str, fields: Fields, draft: Draft) -> None:
    try:
        source, target = fields.inner("source"), fields.inner("destination")
        link = NetworkLink(
            key=Key(LINK, network, fields.needed("link-id", identifier)),
            tail=source.needed("source-node", identifier),
            head=target.needed("dest-node", identifier),
            tail_point=source.wanted("source-tp", text, ""),
            head_point=target.wanted("dest-tp", text, ""),
            metric=_metric(fields),
            supporting=tuple(_ref(LINK, item, "link-ref") for item in fields.each("supporting-link")),
            provenance=draft.provenance,
        )
    except LeftOutError as error:
        draft.report.left_out(error.path, str(error))
        return
    draft.add_link(link, fields.path)


def _metric(fields: Fields) -> int:
    l3 = fields.inner(L3_LINK)
    return l3.needed("metric1", metric) if "metric1" in l3.left else 1
