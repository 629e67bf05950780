"""topohub: node-link JSON as networkx writes it, with distances, demands and published link loads."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Final

from forestall.api.base import Key
from forestall.twin.formats import values
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.elements import read_network
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.names import ATTRIBUTE, OWN
from forestall.twin.formats.parsing import Json
from forestall.twin.formats.plain import Edges, read_node_data
from forestall.twin.topology import DEMAND, NODE, Demand

DEMANDS: Final = "demands"


def read(document: Json, draft: Draft) -> None:
    """Reads a document into the draft.

    Edges lead both ways and have metric 1, as the published loads have it. Demands have no unit there and are taken
    as bit/s; each is one of both directions. Identifiers of nodes become texts.
    """
    fields = Fields(document, "", draft.report)
    graph = fields.inner("graph")
    network = graph.wanted("name", values.identifier, draft.source)
    demands = graph.inner(DEMANDS)
    for node in fields.each("nodes"):
        with draft.report.leaving_out():
            read_node_data(network, node.needed("id", _name), node.left, node.path, draft)
    edges, directed = Edges(network, draft), fields.wanted("directed", values.boolean, default=False)
    for edge in fields.each("links" if "links" in fields.left else "edges"):
        with draft.report.leaving_out():
            tail, head = edge.needed("source", _name), edge.needed("target", _name)
            edge.left.pop("key", None)
            edges.read(tail, head, edge.left, edge.path, directed=directed)
    _read_demands(network, demands, draft)
    graph.left.pop(DEMANDS, None)
    _read_network(network, graph, draft)


def _read_network(name: str, graph: Fields, draft: Draft) -> None:
    listed = [{"name": key, "value": json.dumps(value)} for key, value in graph.left.items()]
    read_network(name, Fields({OWN + "layer": "ip", ATTRIBUTE: listed}, graph.path, draft.report), draft)


def _read_demands(network: str, fields: Fields, draft: Draft) -> None:
    """Reads `{tail: {head: amount}}`, each in both directions; those of the same ends add up."""
    totals: defaultdict[tuple[str, str], float] = defaultdict(float)
    for tail in list(fields.left):
        row = fields.inner(tail)
        for head in list(row.left):
            amount = row.wanted(head, values.number, 0.0)
            for ends in ((tail, head), (head, tail)) if tail != head else ():
                totals[ends] += amount
    for (tail, head), amount in totals.items():
        source, target = Key(NODE, network, tail), Key(NODE, network, head)
        key = Key(DEMAND, "", f"{tail} to {head}")
        draft.add_demand(Demand(key=key, source=source, target=target, amount=amount), fields.path)


def _name(value: object) -> str:
    """An identifier, which may be a number."""
    return str(values.uint32(value)) if isinstance(value, int) else values.identifier(value)
