"""Small networks, and what is in the pictures of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from xml.etree import ElementTree as ET

from forestall.api.base import Key
from forestall.twin.picture import Marks, picture
from forestall.twin.topology import LINK, NODE, Network, NetworkLink, NetworkNode, RiskGroup, Topology

NET = "net"
SVG = "{http://www.w3.org/2000/svg}"


def node(name: str) -> Key:
    return Key(NODE, NET, name)


def link(tail: str, head: str, number: int = 1) -> Key:
    return Key(LINK, NET, f"{tail}-{head}-{number}")


def network(
    *cables: tuple[str, str],
    alone: Iterable[str] = (),
    places: Mapping[str, tuple[float, float]] | None = None,
    groups: Sequence[RiskGroup] = (),
) -> Topology:
    """Nodes, and cables of 10 Gbit/s that lead both ways; `places` are (latitude, longitude)."""
    names = dict.fromkeys([*(end for cable in cables for end in cable), *alone])
    at = {name: {"latitude": north, "longitude": east} for name, (north, east) in (places or {}).items()}
    links, seen = [], list[tuple[str, str]]()
    for tail, head in cables:
        seen.append((tail, head))
        number = seen.count((tail, head))
        for one, other in ((tail, head), (head, tail)):
            point = str(number)
            key = link(one, other, number)
            links.append(NetworkLink(key=key, tail=one, head=other, tail_point=point, head_point=point, capacity=1e10))
    return Topology.of(
        networks=[Network(id=NET, layer="ip")],
        nodes=[NetworkNode(key=node(name), attributes=at.get(name, {})) for name in names],
        links=links,
        groups=groups,
    )


def drawn(
    topology: Topology,
    *,
    title: str = "a network",
    note: str = "",
    utilisation: Mapping[Key, float] | None = None,
    failed: Collection[Key] = (),
    affected: Collection[Key] = (),
) -> ET.Element:
    """The picture, parsed."""
    marks = Marks(title=title, note=note, utilisation=utilisation or {}, failed=failed, affected=affected)
    return ET.XML(picture(topology, NET, marks))


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    """Elements of a class, in order."""
    return [element for element in root.iter() if name in element.get("class", "").split()]


def texts(root: ET.Element, name: str) -> list[str]:
    return [element.text or "" for element in of_class(root, name)]


def tooltips(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}title")][1:]
