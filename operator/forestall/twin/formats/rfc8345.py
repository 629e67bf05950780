"""RFC 8345 documents as JSON (RFC 7951), with the attributes of RFC 8346, RFC 8944 and RFC 8795 and our own."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from forestall.api.base import Key
from forestall.twin.formats import extension, values
from forestall.twin.formats.bodies import Context, link_body, may_be_te, network_body, node_body, types_of
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.elements import read_link, read_network, read_node, type_names
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.lag import members_of
from forestall.twin.formats.names import L3, LINKS, NETWORKS, SRLG, UNKNOWN_LAYER
from forestall.twin.formats.parsing import Json
from forestall.twin.formats.report import LeftOutError
from forestall.twin.topology import Network, NetworkLink, NetworkNode, RiskGroup, Topology

_SRLG: Final = re.compile(re.escape(SRLG) + r"(0|[1-9][0-9]{0,9})", re.ASCII)


def read(document: Json, draft: Draft) -> None:
    """Reads a document into the draft."""
    fields = Fields(document, "", draft.report)
    root = fields.inner(NETWORKS)
    networks = list(root.each("network"))
    names = Counter(item.left["network-id"] for item in networks if isinstance(item.left.get("network-id"), str))
    for network in networks:
        with draft.report.leaving_out():
            name = network.needed("network-id", values.identifier)
            if names[name] > 1:
                message = f"network-id: {name!r} is there twice: give all of it once; none of it is read"
                raise LeftOutError(network.path, message)
            _read_network(name, network, draft)
    extension.read(root, draft)
    root.close()
    fields.prune(NETWORKS)
    fields.close()


def written(topology: Topology) -> Json:
    """The topology as a document, which `read` reads as it is, but for the provenance."""
    contexts = dict(_contexts(topology))
    told = {group.key for group in topology.groups.values() if _is_told(group, topology, contexts)}
    root: Json = {"network": list(_networks(topology, contexts)), **extension.written(topology, told=told)}
    return {NETWORKS: root}


def networks_of(topology: Topology) -> Iterator[tuple[Network, list[NetworkNode], list[NetworkLink]]]:
    """Each network with its nodes and links; those that no network is given for are in one of the name they say."""
    nodes: defaultdict[str, list[NetworkNode]] = defaultdict(list)
    links: defaultdict[str, list[NetworkLink]] = defaultdict(list)
    for node in topology.nodes.values():
        nodes[node.key.namespace].append(node)
    for link in topology.links.values():
        links[link.key.namespace].append(link)
    for name in sorted({*topology.networks, *nodes, *links}):
        yield topology.networks.get(name, Network(id=name, layer=UNKNOWN_LAYER)), nodes[name], links[name]


def _read_network(name: str, fields: Fields, draft: Draft) -> None:
    nodes, links = list(fields.each("node")), list(fields.each(LINKS))
    types = read_network(name, fields, draft)
    for node in nodes:
        with draft.report.leaving_out():
            read_node(name, node.needed("node-id", values.identifier), node, draft)
    for link in links:
        with draft.report.leaving_out():
            read_link(name, link.needed("link-id", values.identifier), link, draft, routed=L3 in types)


def _networks(topology: Topology, contexts: Mapping[Key, Context]) -> Iterator[Json]:
    for network, nodes, links in networks_of(topology):
        body: Json = {"network-id": network.id, **network_body(network)}
        if nodes:
            body["node"] = [{"node-id": node.key.name, **node_body(node)} for node in nodes]
        if links:
            body[LINKS] = [{"link-id": link.key.name, **link_body(link, contexts[link.key])} for link in links]
        yield body


def _contexts(topology: Topology) -> Iterator[tuple[Key, Context]]:
    members = members_of(topology.gates)
    srlgs = _srlgs(topology)
    for network, _, links in networks_of(topology):
        types = frozenset(type_names(types_of(network)))
        for link in links:
            yield link.key, Context(types, members.get(link.key, ()), srlgs.get(link.key, ()))


def _srlgs(topology: Topology) -> Mapping[Key, tuple[int, ...]]:
    """Numbers of the shared risk link groups of each link."""
    found: defaultdict[Key, list[int]] = defaultdict(list)
    for group in topology.groups.values():
        number = _number(group)
        for key in group.members if number is not None else ():
            found[key].append(number or 0)
    return {key: tuple(sorted(numbers)) for key, numbers in found.items()}


def _number(group: RiskGroup) -> int | None:
    match = _SRLG.fullmatch(group.key.name)
    number = int(match[1]) if match else 2**32
    return number if group.cause == "srlg" and number < 2**32 else None


def _is_told(group: RiskGroup, topology: Topology, contexts: Mapping[Key, Context]) -> bool:
    """Whether the links of a group say all that there is to say of it."""
    plain = _number(group) is not None and group.probability is None and bool(group.members)
    return plain and all(
        key in topology.links and may_be_te(topology.links[key], contexts[key]) for key in group.members
    )
