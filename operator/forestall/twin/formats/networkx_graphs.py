"""Topologies as networkx graphs, for notebooks and for whatever networkx can do with them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import networkx as nx

from forestall.api.base import Key
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.elements import read_network
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.names import OWN
from forestall.twin.formats.plain import BODY, Edges, as_object, head, link_data, node_data, read_head, read_node_data
from forestall.twin.formats.report import UnreadableTopologyError
from forestall.twin.formats.rfc8345 import networks_of
from forestall.twin.topology import NODE, Topology

UNKNOWN = "unknown"
"""The attribute of nodes that links lead to and that are not there."""


def to_networkx(topology: Topology) -> nx.MultiDiGraph[Key]:
    """Nodes by key and links by their ends and id, each with its values as attributes.

    Attributes: `metric`, `capacity` (bit/s; absent where it is not known), `delay` (microseconds), `up`, `passive`,
    and `forestall` for the rest; the graph has one of that name, too. Ends that are not there are `unknown`.
    """
    parts = list(networks_of(topology))
    graph: nx.MultiDiGraph[Key] = nx.MultiDiGraph()
    graph.graph[BODY] = head({network.id: network for network, _, _ in parts}, topology)
    for node in topology.nodes.values():
        data, body = node_data(node)
        graph.add_node(node.key, **data, **{BODY: body})
    for link in topology.links.values():
        data, body = link_data(link)
        tail, head_ = (Key(NODE, link.key.namespace, name) for name in (link.tail, link.head))
        graph.add_nodes_from((end, {UNKNOWN: True}) for end in (tail, head_) if end not in topology.nodes)
        graph.add_edge(tail, head_, link.key.name, **data, **{BODY: body})
    return graph


def from_networkx(graph: nx.Graph[Any], *, source: str = "networkx") -> Topology:
    """The topology of a graph, of ours or of any other: nodes are then named by their text.

    An edge of an undirected graph is two links. UnreadableTopologyError where anything is wrong.
    """
    draft, said = Draft(source), graph.graph.get(BODY)
    if said is not None and isinstance(graph, nx.MultiDiGraph):
        read_head(as_object(deepcopy(said), "graph", draft.report), "graph", draft)
        _read_own(graph, draft)
    else:
        _read_other(graph, draft)
    loaded = draft.loaded()
    for defect in loaded.defects:
        raise UnreadableTopologyError(defect.path, defect.message)
    return loaded.topology


def _read_own(graph: nx.MultiDiGraph[Any], draft: Draft) -> None:
    for key, data in graph.nodes(data=True):
        if UNKNOWN not in data:
            read_node_data(key.namespace, key.name, deepcopy(data), str(key), draft)
    for tail, head_, name, data in graph.edges(keys=True, data=True):
        edges = Edges(tail.namespace, draft)
        edges.read(tail.name, head_.name, deepcopy(data), name, name=name, directed=True)


def _read_other(graph: nx.Graph[Any], draft: Draft) -> None:
    network = str(graph.graph.get("name") or draft.source)
    read_network(network, Fields({OWN + "layer": "ip"}, "graph", draft.report), draft)
    for node, data in graph.nodes(data=True):
        read_node_data(network, str(node), deepcopy(data), str(node), draft)
    edges = Edges(network, draft)
    for tail, head_, data in graph.edges(data=True):
        edges.read(str(tail), str(head_), deepcopy(data), f"{tail}, {head_}", directed=graph.is_directed())
