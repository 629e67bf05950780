"""Reads networks, nodes and links from their bodies: the objects that RFC 8345 has for them, without identifiers.

All formats are read through these. An element without usable ends or metric is left out; anything else that is
unusable is taken as not given. Both are told. What is not known here is kept in the attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from forestall.api.base import Key
from forestall.twin.formats import values
from forestall.twin.formats.draft import Draft
from forestall.twin.formats.fields import Fields
from forestall.twin.formats.names import (
    ATTRIBUTE,
    KEPT_TYPES,
    L2_LINK,
    L3_LINK,
    LAYER_OF_TYPE,
    MINIMUM_LINKS,
    OWN,
    POINTS,
    SUPPORTING_LINK,
    SUPPORTING_NETWORK,
    SUPPORTING_NODE,
    SUPPORTING_POINT,
    TE,
    TE_BANDWIDTH,
    TE_LINK,
    TYPES,
    TYPES_OF_LAYER,
    UNKNOWN_LAYER,
)
from forestall.twin.formats.parsing import parsed
from forestall.twin.formats.report import LeftOutError, UnreadableTopologyError, UnusableError
from forestall.twin.topology import (
    LAYERS,
    LINK,
    NODE,
    UNLIMITED,
    Layer,
    Network,
    NetworkLink,
    NetworkNode,
    TerminationPoint,
)

R = TypeVar("R")

ROUNDING: Final = 1e-6
"""Relative: two capacities that differ by less are one, written with different precision."""
UP: Final = {"up": True, "unknown": True, "preparing-maintenance": True}
DOWN: Final = {"down": False, "testing": False, "maintenance": False}
STATUS: Final = UP | DOWN
"""Whether a resource of that status (RFC 8776) carries traffic."""


def read_network(name: str, fields: Fields, draft: Draft) -> frozenset[str]:
    """Reads what a network says of itself; gives the names of its types."""
    types = fields.inner(TYPES)
    names = frozenset(type_names(types.left))
    layer = _layer(fields, names)
    fields.left.pop(TYPES, None)
    supporting = _list(fields, SUPPORTING_NETWORK, _network_ref)
    attributes = _attributes(fields)
    if types.left and types.left != TYPES_OF_LAYER.get(layer):
        attributes[KEPT_TYPES] = types.left
    draft.add_network(Network(id=name, layer=layer, supporting=supporting, attributes=attributes), fields.path)
    return names


def read_node(network: str, name: str, fields: Fields, draft: Draft) -> None:
    """Reads a node. LeftOutError where it is nothing."""
    node = NetworkNode(
        key=Key(NODE, network, name),
        up=_up(fields),
        supporting=_refs(fields, SUPPORTING_NODE, NODE, "node-ref"),
        points=_points(fields),
        passive=fields.wanted(OWN + "passive", values.boolean, default=False),
        attributes=_attributes(fields),
        provenance=draft.provenance,
    )
    draft.add_node(node, fields.path)


def read_link(network: str, name: str, fields: Fields, draft: Draft, *, routed: bool) -> None:
    """Reads a link. LeftOutError where it is nothing. `routed`: whether its metric is that of RFC 8346."""
    source, target = fields.inner("source"), fields.inner("destination")
    key = Key(LINK, network, name)
    link = NetworkLink(
        key=key,
        tail=source.needed("source-node", values.identifier),
        head=target.needed("dest-node", values.identifier),
        tail_point=source.wanted("source-tp", values.text, ""),
        head_point=target.wanted("dest-tp", values.text, ""),
        metric=_metric(fields, routed=routed),
        capacity=_capacity(fields),
        delay=_delay(fields),
        up=_up(fields),
        supporting=(
            *_refs(fields, SUPPORTING_LINK, LINK, "link-ref"),
            *_refs(fields, OWN + SUPPORTING_NODE, NODE, "node-ref"),
        ),
        passive=fields.wanted(OWN + "passive", values.boolean, default=False),
        attributes=_link_attributes(fields, key, draft),
        provenance=draft.provenance,
    )
    draft.add_link(link, fields.path)


def type_names(types: dict[str, Any]) -> Iterator[str]:
    """Names of the types of a network, and of those that refine them."""
    for name, inner in types.items():
        yield name
        yield from inner if isinstance(inner, dict) else ()


def reference(fields: Fields, kind: str, name: str) -> Key:
    """An element of a network that is referred to by `network-ref` and `name`. LeftOutError where none is."""
    found = Key(kind, fields.needed("network-ref", values.identifier), fields.needed(name, values.identifier))
    fields.close()
    return found


def _layer(fields: Fields, types: frozenset[str]) -> Layer:
    said = fields.wanted(OWN + "layer", _layer_named, None)
    known = said or next((layer for name, layer in LAYER_OF_TYPE.items() if name in types), None)
    if known is None:
        message = f"{TYPES}: none of them says of which layer the network is: it is taken as {UNKNOWN_LAYER}, "
        fields.report.kept(fields.at(TYPES), f"{message}say so with {OWN}layer")
    return known or UNKNOWN_LAYER


def _layer_named(value: object) -> Layer:
    for layer in LAYERS:
        if value == layer:
            return layer
    raise UnusableError(f"one of {', '.join(LAYERS)} was expected")


def _network_ref(fields: Fields) -> str:
    return fields.needed("network-ref", values.identifier)


def _refs(fields: Fields, member: str, kind: str, name: str) -> tuple[Key, ...]:
    return _list(fields, member, lambda item: reference(item, kind, name))


def _list(fields: Fields, member: str, reader: Callable[[Fields], R]) -> tuple[R, ...]:
    """What the objects at a member say, each once; without those that are unusable."""
    found: dict[R, None] = {}
    for item in fields.each(member) if member in fields.left else ():
        with fields.report.leaving_out():
            found[reader(item)] = None
    return tuple(found)


def _points(fields: Fields) -> tuple[TerminationPoint, ...]:
    found: dict[str, TerminationPoint] = {}
    for item in fields.each(POINTS) if POINTS in fields.left else ():
        with fields.report.leaving_out():
            point = _point(item)
            if found.setdefault(point.name, point) != point:
                raise LeftOutError(item.path, f"tp-id: {point.name!r} is there twice with different content: keep one")
    return tuple(found.values())


def _point(fields: Fields) -> TerminationPoint:
    name = fields.needed("tp-id", values.identifier)
    supporting = _list(fields, SUPPORTING_POINT, _point_ref)
    minimum = fields.wanted(MINIMUM_LINKS, values.minimum, None)
    kept = {} if minimum is None else {MINIMUM_LINKS: minimum}
    return TerminationPoint(name=name, supporting=supporting, attributes={**_attributes(fields), **kept})


def _point_ref(fields: Fields) -> tuple[str, str, str]:
    point = fields.needed("tp-ref", values.identifier)
    _, network, node = reference(fields, NODE, "node-ref")
    return network, node, point


def _metric(fields: Fields, *, routed: bool) -> int:
    """The metric: our own, that of RFC 8346, or without the latter that of RFC 8795; 1 where none is given."""
    if OWN + "metric" in fields.left:
        fields.check_counter(OWN + "metric")
        return fields.needed(OWN + "metric", values.metric)
    if L3_LINK in fields.left and "metric1" in (l3 := fields.inner(L3_LINK)).left:
        l3.check_counter("metric1")
        return l3.needed("metric1", values.metric)
    if not routed and TE in fields.left and "te-default-metric" in (te := fields.inner(TE).inner(TE_LINK)).left:
        return te.needed("te-default-metric", values.metric)
    return 1


def _capacity(fields: Fields) -> float:
    """The capacity: our own, or else those of RFC 8795 and RFC 8944 where they do not contradict each other."""
    own = fields.wanted(OWN + "capacity", values.capacity, None)
    said = [found for found in (own, _bandwidth(fields), _rate(fields)) if found is not None]
    if not said:
        return UNLIMITED
    if max(said) - min(said) <= ROUNDING * max(said) + 1000:
        return said[0]
    fields.report.kept(
        fields.path,
        f"capacity: {' and '.join(f'{one:g}' for one in said)} bit/s contradict each other: give max-link-bandwidth in "
        "bytes per second, rate in kbit/s, our own capacity in bit/s",
    )
    return UNLIMITED if own is None else own


def _bandwidth(fields: Fields) -> float | None:
    if TE not in fields.left:
        return None
    link = fields.inner(TE).inner(TE_LINK)
    outer, inner, name = TE_BANDWIDTH
    holder = link.inner(outer).inner(inner)
    if "," in str(holder.left.get(name)):
        return None
    found = holder.wanted(name, values.bandwidth, None)
    link.inner(outer).prune(inner)
    link.prune(outer)
    return found


def _rate(fields: Fields) -> float | None:
    if L2_LINK not in fields.left:
        return None
    link = fields.inner(L2_LINK)
    link.check_counter("rate")
    return link.wanted("rate", values.rate, None)


def _delay(fields: Fields) -> int | None:
    own = fields.wanted(OWN + "delay", values.delay, None)
    said = fields.inner(L2_LINK).wanted("delay", values.delay, None) if L2_LINK in fields.left else None
    return said if own is None else own


def _up(fields: Fields) -> bool:
    """Whether it carries traffic: as we say ourselves, or by its operational, or else administrative status."""
    own = fields.wanted(OWN + "up", values.boolean, None)
    if TE not in fields.left:
        return own is not False
    te = fields.inner(TE)
    status = te.left.get("oper-status")
    if status in ("up", "down"):
        del te.left["oper-status"]
    elif not (isinstance(status, str) and status in STATUS):
        te.wanted("oper-status", _status, None)
    fields.prune(TE)
    said = status == "up" if status in ("up", "down") else implied(te.left)
    return said if own is None else own


def _status(_: object) -> None:
    raise UnusableError(f"one of {', '.join(STATUS)} was expected")


def implied(te: dict[str, Any]) -> bool:
    """Whether what is kept of the status of a resource says that it carries traffic."""
    inner = te.get(TE_LINK) or te.get("te-node-attributes")
    administrative = inner.get("admin-status") if isinstance(inner, dict) else None
    said = (status for status in (te.get("oper-status"), administrative) if isinstance(status, str))
    return next((STATUS[status] for status in said if status in STATUS), True)


def _link_attributes(fields: Fields, key: Key, draft: Draft) -> dict[str, Any]:
    if TE in fields.left:
        link = fields.inner(TE).inner(TE_LINK)
        if "te-srlgs" in link.left:
            for number in link.inner("te-srlgs").values("value", values.uint32):
                draft.share(number, key)
            link.prune("te-srlgs")
        fields.inner(TE).prune(TE_LINK)
    for name in (TE, L2_LINK, L3_LINK):
        fields.prune(name)
    for name in ("source", "destination"):
        fields.inner(name).close()
        fields.left.pop(name, None)
    return _attributes(fields)


def _attributes(fields: Fields) -> dict[str, Any]:
    """What is kept: members that are not known here, and our own list of those that have no module."""
    listed: dict[str, Any] = {}
    for item in fields.each(ATTRIBUTE) if ATTRIBUTE in fields.left else ():
        with fields.report.leaving_out():
            listed[item.needed("name", values.identifier)] = item.needed("value", _json)
    return {**fields.attributes(), **listed}


def _json(value: object) -> object:
    if not isinstance(value, str):
        raise UnusableError("JSON in a text was expected")
    try:
        return parsed(value)
    except UnreadableTopologyError as error:
        raise UnusableError(error.message) from error
