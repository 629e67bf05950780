"""Names of members in documents, and what they stand for. Those of another module than their parent's are qualified."""

from __future__ import annotations

from typing import Final

from forestall.twin.topology import Layer

NETWORKS: Final = "ietf-network:networks"
LINKS: Final = "ietf-network-topology:link"
POINTS: Final = "ietf-network-topology:termination-point"
SUPPORTING_NETWORK: Final = "supporting-network"
SUPPORTING_NODE: Final = "supporting-node"
SUPPORTING_LINK: Final = "supporting-link"
SUPPORTING_POINT: Final = "supporting-termination-point"
TYPES: Final = "network-types"

L3: Final = "ietf-l3-unicast-topology:l3-unicast-topology"
L3_LINK: Final = "ietf-l3-unicast-topology:l3-link-attributes"
L2: Final = "ietf-l2-topology:l2-topology"
L2_LINK: Final = "ietf-l2-topology:l2-link-attributes"
L2_POINT: Final = "ietf-l2-topology:l2-termination-point-attributes"
TE_TOPOLOGY: Final = "ietf-te-topology:te-topology"
TE: Final = "ietf-te-topology:te"
TE_LINK: Final = "te-link-attributes"
TE_BANDWIDTH: Final = ("max-link-bandwidth", "te-bandwidth", "generic")

KEPT_TYPES: Final = "ietf-network:network-types"
"""The attribute of a network that keeps its types, where its layer does not say them."""

OWN: Final = "forestall-topology:"
"""Before the names of our own members, described in docs/reference/forestall-topology.yang."""
ATTRIBUTE: Final = OWN + "attribute"
MINIMUM_LINKS: Final = OWN + "minimum-links"

LAYER_OF_TYPE: Final[dict[str, Layer]] = {
    L3: "ip",
    L2: "link",
    "ietf-wson-topology:wson-topology": "physical",
    "ietf-otn-topology:otn-topology": "physical",
}
"""The layer of a network of these types; the first one counts."""
TYPES_OF_LAYER: Final[dict[Layer, dict[str, object]]] = {"ip": {L3: {}}, "link": {L2: {}}}
"""The types of a network of which only the layer is known."""
UNKNOWN_LAYER: Final[Layer] = "ip"

SRLG: Final = "srlg-"
"""Before the number of a shared risk link group (RFC 8795) in the name of its risk group."""
