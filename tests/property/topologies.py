"""Random topologies with all that the model can say; some of what they refer to is not there."""

from __future__ import annotations

import struct
from typing import TypeVar, get_args

from hypothesis import strategies as st

from forestall.api.base import Key
from forestall.twin.topology import (
    DEMAND,
    GROUP,
    LAYERS,
    LINK,
    NODE,
    UNLIMITED,
    Cause,
    Demand,
    Gate,
    Network,
    NetworkLink,
    NetworkNode,
    RiskGroup,
    TerminationPoint,
    Topology,
)

T = TypeVar("T")

TYPES: tuple[dict[str, object], ...] = (
    {},
    {"ietf-te-topology:te-topology": {}},
    {"ietf-l2-topology:l2-topology": {}, "ietf-te-topology:te-topology": {}},
    {"ietf-te-topology:te-topology": {"ietf-wson-topology:wson-topology": {}}},
    {"example-net:example": {}},
)
IDS = st.one_of(
    st.sampled_from(("a", "b", "urn:node:1", "a/b", "ü", "-", " x", "<&\"'>", "%2F")),
    st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn")), min_size=1, max_size=4),
)
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False))
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
Attributes = st.SearchStrategy[dict[str, object]]
PLAIN: Attributes = st.dictionaries(
    st.one_of(st.sampled_from(("label", "pos", "metric", "up", "id")), IDS), JSON_VALUES, max_size=3
)
ATTRIBUTES: Attributes = st.builds(dict.__or__, PLAIN, st.dictionaries(st.just("example-net:colour"), JSON_VALUES))
LINK_ATTRIBUTES: Attributes = st.sampled_from(
    (
        {},
        {"ietf-l3-unicast-topology:l3-link-attributes": {"name": "east", "metric2": "7"}},
        {"ietf-l2-topology:l2-link-attributes": {"duplex": "full-duplex"}},
        {"ietf-te-topology:te": {"te-link-attributes": {"admin-status": "maintenance", "te-nsrlgs": {"id": [3]}}}},
        {"ietf-te-topology:te": {"oper-status": "testing"}},
        {"ietf-te-topology:te": {"te-link-attributes": {"max-link-bandwidth": {"te-bandwidth": {"generic": "0,2"}}}}},
    )
)
ALL_LINK_ATTRIBUTES: Attributes = st.builds(dict.__or__, ATTRIBUTES, LINK_ATTRIBUTES)
CAPACITIES = st.one_of(
    st.just(UNLIMITED),
    st.sampled_from((1e9, 10e9, 9_920_000_000.0, 0.1, 1e18, 1.5e-3)),
    st.integers(1, 2**40).map(float),
    st.floats(1e-6, 1e18).map(lambda value: struct.unpack("f", struct.pack("f", value))[0]),
    st.floats(1e-6, 1e18),
)


@st.composite
def topologies(draw: st.DrawFn, *, plain: bool = False) -> Topology:
    """`plain`: without what belongs to other modules than those of RFC 8345, RFC 8346 and our own."""
    names = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    networks = [draw(_networks(name, names, plain)) for name in names]
    node_keys = draw(_keys(NODE, names, most=5)) or [Key(NODE, names[0], "a")]
    link_keys = draw(_keys(LINK, names, most=6))
    anything = st.sampled_from([*node_keys, *link_keys, Key("Pod", "shop", "web-1"), Key("Node", "", "worker")])
    return Topology.of(
        networks=networks,
        nodes=[draw(_nodes(key, node_keys, PLAIN if plain else ATTRIBUTES)) for key in node_keys],
        links=[
            draw(_links(key, [*link_keys, *node_keys], PLAIN if plain else ALL_LINK_ATTRIBUTES)) for key in link_keys
        ],
        groups=[
            draw(_groups(name, anything, link_keys)) for name in draw(st.lists(GROUP_NAMES, max_size=3, unique=True))
        ],
        gates=draw(st.lists(_gates(anything), max_size=2)),
        demands=[
            Demand(
                key=Key(DEMAND, "", name),
                source=draw(st.sampled_from(node_keys)),
                target=draw(st.sampled_from(node_keys)),
                amount=draw(st.floats(0, 1e15)),
            )
            for name in draw(st.lists(IDS, max_size=2, unique=True))
        ],
    )


GROUP_NAMES = st.one_of(IDS, st.sampled_from(("srlg-0", "srlg-7", "srlg-4294967295", "srlg-4294967296", "srlg-07")))


def _keys(kind: str, networks: list[str], most: int) -> st.SearchStrategy[list[Key]]:
    return st.lists(st.builds(Key, st.just(kind), st.sampled_from(networks), IDS), max_size=most, unique=True)


@st.composite
def _networks(draw: st.DrawFn, name: str, names: list[str], plain: bool) -> Network:
    types = {} if plain else draw(st.sampled_from(TYPES))
    kept = {"ietf-network:network-types": types} if types else {}
    return Network(
        id=name,
        layer=draw(st.sampled_from([layer for layer in LAYERS if not (plain and layer == "link")])),
        supporting=draw(_some(st.sampled_from(names))),
        attributes={**draw(PLAIN if plain else ATTRIBUTES), **kept},
    )


@st.composite
def _nodes(draw: st.DrawFn, key: Key, keys: list[Key], attributes: Attributes) -> NetworkNode:
    points = draw(st.lists(IDS, max_size=2, unique=True))
    return NetworkNode(
        key=key,
        up=draw(st.booleans()),
        supporting=draw(_some(st.sampled_from([*keys, Key(NODE, "gone", "x")]))),
        points=tuple(
            TerminationPoint(name=name, supporting=draw(_some(st.tuples(IDS, IDS, IDS))), attributes=draw(attributes))
            for name in points
        ),
        passive=draw(st.booleans()),
        attributes=draw(attributes),
    )


@st.composite
def _links(draw: st.DrawFn, key: Key, keys: list[Key], attributes: Attributes) -> NetworkLink:
    supporting = draw(_some(st.sampled_from(keys)))
    return NetworkLink(
        key=key,
        tail=draw(IDS),
        head=draw(IDS),
        tail_point=draw(st.one_of(st.just(""), IDS)),
        head_point=draw(st.one_of(st.just(""), IDS)),
        metric=draw(st.one_of(st.integers(1, 100), st.just(2**32 - 1))),
        capacity=draw(CAPACITIES),
        delay=draw(st.one_of(st.none(), st.integers(0, 10_000), st.just(2**40))),
        up=draw(st.booleans()),
        supporting=tuple(sorted(supporting)),
        passive=draw(st.booleans()),
        attributes=draw(attributes),
    )


@st.composite
def _groups(draw: st.DrawFn, name: str, anything: st.SearchStrategy[Key], links: list[Key]) -> RiskGroup:
    among = st.one_of(anything, st.sampled_from(links)) if links else anything
    return RiskGroup(
        key=Key(GROUP, "", name),
        cause=draw(st.one_of(st.just("srlg"), st.sampled_from(get_args(Cause)))),
        members=tuple(sorted(draw(_some(among)))),
        probability=draw(st.one_of(st.none(), st.floats(0, 1))),
    )


def _gates(anything: st.SearchStrategy[Key]) -> st.SearchStrategy[Gate]:
    reasons = st.sampled_from(("", "quorum", "minimum links of both sides"))
    return st.builds(Gate, owner=anything, needs=st.integers(0, 5), members=_some(anything), reason=reasons)


def _some(one: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(one, max_size=3, unique=True).map(tuple)
