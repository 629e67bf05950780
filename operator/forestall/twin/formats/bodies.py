"""Writes networks, nodes and links as the objects that RFC 8345 has for them.

Values go where a standard has a place for them, if the types of the network allow it and it can hold them exactly;
the others go to our own members. So what is written is read again as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key
from forestall.twin.formats import values
from forestall.twin.formats.elements import implied
from forestall.twin.formats.fields import is_qualified
from forestall.twin.formats.names import (
    ATTRIBUTE,
    KEPT_TYPES,
    L2,
    L2_LINK,
    L3,
    L3_LINK,
    LAYER_OF_TYPE,
    OWN,
    POINTS,
    SUPPORTING_LINK,
    SUPPORTING_NETWORK,
    SUPPORTING_NODE,
    SUPPORTING_POINT,
    TE,
    TE_BANDWIDTH,
    TE_LINK,
    TE_TOPOLOGY,
    TYPES,
    TYPES_OF_LAYER,
)
from forestall.twin.formats.parsing import Json
from forestall.twin.topology import LINK, NODE, UNLIMITED, Network, NetworkLink, NetworkNode, TerminationPoint

NO_TYPES: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a link elsewhere."""

    types: frozenset[str] = NO_TYPES
    """Names of the types of its network."""
    members: tuple[Key, ...] = ()
    """Its member links, where it is aggregated."""
    srlgs: tuple[int, ...] = ()
    """Numbers of the shared risk link groups that it is in."""


PLAIN: Final = Context()
"""Of a link in a network without types: all of its values are our own members."""


def types_of(network: Network) -> Json:
    """The types of a network: as they were read, or as its layer has them."""
    kept = network.attributes.get(KEPT_TYPES)
    return kept if isinstance(kept, dict) else TYPES_OF_LAYER.get(network.layer, {})


def network_body(network: Network) -> Json:
    """What a network says of itself."""
    types = types_of(network)
    kept = {name: value for name, value in network.attributes.items() if name != KEPT_TYPES}
    body = _attributes(kept)
    if types:
        body[TYPES] = types
    if network.layer != _implied_layer(types):
        body[OWN + "layer"] = network.layer
    if network.supporting:
        body[SUPPORTING_NETWORK] = [{"network-ref": name} for name in network.supporting]
    return body


def node_body(node: NetworkNode) -> Json:
    """A node, without its identifier."""
    body = _attributes(node.attributes)
    if node.supporting:
        body[SUPPORTING_NODE] = _refs(node.supporting, "node-ref")
    if node.points:
        body[POINTS] = [point_body(point) for point in node.points]
    if node.passive:
        body[OWN + "passive"] = True
    _put_status(body, up=node.up, is_te=TE in body)
    return body


def point_body(point: TerminationPoint) -> Json:
    """A termination point."""
    body = {"tp-id": point.name, **_attributes(point.attributes)}
    if point.supporting:
        body[SUPPORTING_POINT] = [
            {"network-ref": network, "node-ref": node, "tp-ref": name} for network, node, name in point.supporting
        ]
    return body


def link_body(link: NetworkLink, context: Context = PLAIN) -> Json:
    """A link, without its identifier."""
    body = _attributes(link.attributes)
    body["source"] = {"source-node": link.tail} | ({"source-tp": link.tail_point} if link.tail_point else {})
    body["destination"] = {"dest-node": link.head} | ({"dest-tp": link.head_point} if link.head_point else {})
    _put_supporting(body, link, context.members)
    with_te = may_be_te(link, context)
    _put_status(body, up=link.up, is_te=with_te)
    _put_metric(body, link.metric, context.types, is_te=with_te)
    _put_capacity(body, link.capacity, context.types, is_te=with_te)
    _put_delay(body, link.delay, context.types)
    if with_te and context.srlgs:
        _put(body, (TE, TE_LINK, "te-srlgs", "value"), list(context.srlgs))
    if link.passive:
        body[OWN + "passive"] = True
    return body


def may_be_te(link: NetworkLink, context: Context) -> bool:
    """Whether a link may have the attributes of RFC 8795, which allows it to rest on one link at most."""
    beneath = {key for key in link.supporting if key.kind == LINK}.union(context.members)
    return TE_TOPOLOGY in context.types and len(beneath) <= 1


def _put_status(body: Json, *, up: bool, is_te: bool) -> None:
    te = body.get(TE)
    if up == (implied(te) if isinstance(te, dict) else True):
        return
    if not (is_te and _put(body, (TE, "oper-status"), "up" if up else "down")):
        body[OWN + "up"] = up


def _put_metric(body: Json, metric: int, types: frozenset[str], *, is_te: bool) -> None:
    """Where it is looked for; left out where it is the one that is taken unless one is given."""
    if L3 in types:
        done = _put(body, (L3_LINK, "metric1"), str(metric))
    else:
        done = is_te and metric < 2**32 and _put(body, (TE, TE_LINK, "te-default-metric"), metric)
    if not done and (metric != 1 or L3_LINK in body or TE in body):
        body[OWN + "metric"] = str(metric)


def _put_capacity(body: Json, capacity: float, types: frozenset[str], *, is_te: bool) -> None:
    if capacity == UNLIMITED:
        return
    bandwidth = values.as_bandwidth(capacity) if is_te else None
    rate = values.as_rate(capacity) if L2 in types else None
    done = [
        bandwidth is not None and _put(body, (TE, TE_LINK, *TE_BANDWIDTH), bandwidth),
        rate is not None and _put(body, (L2_LINK, "rate"), rate),
    ]
    if not any(done):
        body[OWN + "capacity"] = values.written(capacity)


def _put_delay(body: Json, delay: int | None, types: frozenset[str]) -> None:
    if delay is None:
        return
    if not (L2 in types and delay < 2**32 and _put(body, (L2_LINK, "delay"), delay)):
        body[OWN + "delay"] = str(delay)


def _put(body: Json, path: Sequence[str], value: object) -> bool:
    """Puts a value into objects that are made anew on the way; False where something else is in the way."""
    holder = body
    for name in path[:-1]:
        inner = holder.get(name, {})
        if not isinstance(inner, dict):
            return False
        holder[name] = holder = {**inner}
    if path[-1] in holder:
        return False
    holder[path[-1]] = value
    return True


def _put_supporting(body: Json, link: NetworkLink, members: Sequence[Key]) -> None:
    links = tuple(dict.fromkeys((*(key for key in link.supporting if key.kind == LINK), *members)))
    nodes = tuple(key for key in link.supporting if key.kind == NODE)
    if links:
        body[SUPPORTING_LINK] = _refs(links, "link-ref")
    if nodes:
        body[OWN + SUPPORTING_NODE] = _refs(nodes, "node-ref")


def _refs(keys: Sequence[Key], name: str) -> list[Json]:
    return [{"network-ref": key.namespace, name: key.name} for key in keys]


def _implied_layer(types: Json) -> str | None:
    names = {*types, *(name for inner in types.values() if isinstance(inner, dict) for name in inner)}
    return next((layer for name, layer in LAYER_OF_TYPE.items() if name in names), None)


def _attributes(attributes: Mapping[str, object]) -> Json:
    """Those of modules as members, the others in a list, as JSON in text."""
    body = {name: value for name, value in attributes.items() if is_qualified(name)}
    listed = [
        {"name": name, "value": json.dumps(value, sort_keys=True)}
        for name, value in sorted(attributes.items())
        if not is_qualified(name)
    ]
    return body | ({ATTRIBUTE: listed} if listed else {})
