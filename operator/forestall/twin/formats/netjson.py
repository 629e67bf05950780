"""NetJSON: a NetworkGraph, or a NetworkCollection of several.

Its links lead both ways; those that we write lead one way and say so by a `link-id` among their properties.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from forestall.twin.formats import values
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.elements import read_network
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.names import ATTRIBUTE
from forestall.twin.formats.parsing import Json
from forestall.twin.formats.plain import BODY, Edges, as_object, head, link_data, node_data, read_head, read_node_data
from forestall.twin.formats.rfc8345 import networks_of
from forestall.twin.topology import Network, NetworkLink, NetworkNode, Topology

GRAPH: Final = "NetworkGraph"
COLLECTION: Final = "NetworkCollection"
UNSAID: Final[Json] = {"protocol": "static", "version": None, "metric": None}
"""What a NetworkGraph must say and the model has nothing of."""


def read(document: Json, draft: Draft) -> None:
    """Reads a document into the draft."""
    fields = Fields(document, "", draft.report)
    said = fields.left.pop(BODY, None)
    if said is not None:
        read_head(as_object(said, fields.at(BODY), draft.report), fields.at(BODY), draft)
    graphs = list(fields.each("collection")) if fields.left.get("type") == COLLECTION else [fields]
    for graph in graphs:
        with draft.report.leaving_out():
            _read_graph(graph, draft, is_own=said is not None)


def written(topology: Topology) -> Json:
    """The topology as a document, which `read` reads as it is, but for the provenance."""
    parts = list(networks_of(topology))
    graphs = [_graph(*part) for part in parts]
    said = {BODY: head({network.id: network for network, _, _ in parts}, topology)}
    return {**graphs[0], **said} if len(graphs) == 1 else {"type": COLLECTION, "collection": graphs, **said}


def _read_graph(fields: Fields, draft: Draft, *, is_own: bool) -> None:
    name = fields.wanted("topology_id", values.identifier, draft.source)
    nodes, links = list(fields.each("nodes")), list(fields.each("links"))
    if not is_own:
        _read_network(name, fields, draft)
    for node in nodes:
        said = node.inner("properties").left
        node.left.pop("properties", None)
        read_node_data(name, node.left.pop("id", None), {**node.left, **said}, node.path, draft)
    edges = Edges(name, draft)
    for link in links:
        with draft.report.leaving_out():
            _read_link(link, edges)


def _read_network(name: str, fields: Fields, draft: Draft) -> None:
    """Reads what others say of a network."""
    fields.left.pop("type", None)
    said = {key: value for key, value in fields.left.items() if key not in UNSAID or value != UNSAID[key]}
    listed = [{"name": key, "value": json.dumps(value)} for key, value in said.items()]
    read_network(name, Fields({ATTRIBUTE: listed}, fields.path, draft.report), draft)


def _read_link(fields: Fields, edges: Edges) -> None:
    tail, head_ = fields.needed("source", values.identifier), fields.needed("target", values.identifier)
    cost = fields.left.pop("cost", None)
    said = fields.inner("properties").left
    fields.left.pop("properties", None)
    body = as_object(said.pop(BODY, {}), fields.path, fields.report)
    name = body.pop("link-id", None)
    data = {**fields.left, **said, "metric": cost, BODY: body}
    edges.read(tail, head_, data, fields.path, name=name, directed=name is not None)


def _graph(network: Network, nodes: Sequence[NetworkNode], links: Sequence[NetworkLink]) -> Json:
    return {
        "type": GRAPH,
        "topology_id": network.id,
        **UNSAID,
        "nodes": [_node(node) for node in nodes],
        "links": [_link(link) for link in links],
    }


def _node(node: NetworkNode) -> Json:
    data, body = node_data(node)
    return {"id": node.key.name, "properties": {**data, **({BODY: body} if body else {})}}


def _link(link: NetworkLink) -> Json:
    data, body = link_data(link)
    cost = data.pop("metric")
    properties = {**data, BODY: {**body, "link-id": link.key.name}}
    return {"source": link.tail, "target": link.head, "cost": cost, "properties": properties}
