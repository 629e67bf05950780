"""Documents of small networks to change and to read."""

from __future__ import annotations

import json
from typing import Any

from forestall.api.base import Key
from forestall.twin.formats import Loaded, load
from forestall.twin.topology import LINK, NODE, NetworkLink, NetworkNode

Json = dict[str, Any]

L3: Json = {"ietf-l3-unicast-topology:l3-unicast-topology": {}}
L2: Json = {"ietf-l2-topology:l2-topology": {}}
TE: Json = {"ietf-te-topology:te-topology": {}}
LINKS = "/ietf-network:networks/network/0/ietf-network-topology:link"


def link(name: str = "ab", tail: str = "a", head: str = "b", **members: Any) -> Json:
    """Members are given with underscores for what no name of Python has: `l3`, `te` and so on are short for theirs."""
    said = {SHORT.get(key, key): value for key, value in members.items()}
    return {"link-id": name, "source": {"source-node": tail}, "destination": {"dest-node": head}, **said}


SHORT = {
    "l3": "ietf-l3-unicast-topology:l3-link-attributes",
    "l2": "ietf-l2-topology:l2-link-attributes",
    "te": "ietf-te-topology:te",
    "capacity": "forestall-topology:capacity",
    "metric": "forestall-topology:metric",
    "up": "forestall-topology:up",
    "supporting": "supporting-link",
}


def network(*links: Json, types: Json | None = None, nodes: list[Json] | None = None, **members: Any) -> Json:
    """A network `n` of the nodes a and b unless others are given."""
    return {
        "network-id": "n",
        "network-types": L3 if types is None else types,
        "node": nodes or [{"node-id": "a"}, {"node-id": "b"}],
        "ietf-network-topology:link": list(links),
        **members,
    }


def document(*networks: Json, **beside: Any) -> str:
    """Beside networks: lists of our own, such as `risk_group`."""
    own = {f"forestall-topology:{name.replace('_', '-')}": value for name, value in beside.items()}
    return json.dumps({"ietf-network:networks": {"network": list(networks), **own}})


def bandwidth(text: str) -> Json:
    """A TE link of that many bytes per second."""
    return {"te-link-attributes": {"max-link-bandwidth": {"te-bandwidth": {"generic": text}}}}


def read(*links: Json, types: Json | None = None) -> Loaded:
    """What is read of a network with these links."""
    return load(document(network(*links, types=types)), source="test")


def link_of(loaded: Loaded, name: str = "ab") -> NetworkLink:
    """The link of that name."""
    return loaded.topology.links[Key(LINK, "n", name)]


def node_of(loaded: Loaded, name: str) -> NetworkNode:
    """The node of that name."""
    return loaded.topology.nodes[Key(NODE, "n", name)]


def told(loaded: Loaded) -> list[tuple[str, str, bool]]:
    """Where the defects are, the field that each names first, and whether something is left out."""
    return [(defect.path, defect.message.partition(":")[0], defect.fatal) for defect in loaded.defects]
