"""Cables, nodes, places and names as elements of an SVG document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

from forestall.twin.picture.labels import Label, legible
from forestall.twin.picture.scene import Half, Line, Patch, Spot
from forestall.twin.picture.style import percent, shade
from forestall.twin.topology import UNLIMITED

GIGA: Final = 1e9


def child(parent: ET.Element, tag: str, said: Mapping[str, str], text: str = "") -> ET.Element:
    """A new element in `parent`, of legible text."""
    element = ET.SubElement(parent, tag, dict(said))
    if text:
        element.text = legible(text)
    return element


def cross(parent: ET.Element, x: float, y: float, size: float) -> None:
    """A cross, which stands for a failure."""
    one = f"M{x - size:.1f} {y - size:.1f} L{x + size:.1f} {y + size:.1f}"
    other = f"M{x - size:.1f} {y + size:.1f} L{x + size:.1f} {y - size:.1f}"
    for kind in ("under", "cross"):
        child(parent, "path", {"class": kind, "d": f"{one} {other}"})


def patch(parent: ET.Element, drawn: Patch) -> None:
    """A place."""
    points = " L".join(f"{x:.1f} {y:.1f}" for x, y in drawn.points)
    shape = child(parent, "path", {"class": "patch", "d": f"M{points} Z"})
    child(shape, "title", {}, f"{drawn.group.cause} {drawn.group.key.name}")


def cable(parent: ET.Element, line: Line) -> None:
    """A cable, as an arrow each way up to its middle."""
    group = child(parent, "g", {"class": "cable"})
    for half in line.halves:
        kind = "down" if line.failed else shade(half.utilisation)
        shape = child(group, "path", {"class": f"half {kind}", "d": _arrow(half, line.width)})
        child(shape, "title", {}, _told(half, failed=line.failed))
    if line.failed:
        cross(group, *line.middle, 8.0)


def node(parent: ET.Element, spot: Spot) -> None:
    """A node."""
    group, place = child(parent, "g", {"class": "spot"}), {"cx": f"{spot.x:.1f}", "cy": f"{spot.y:.1f}"}
    if spot.affected:
        child(group, "circle", {"class": "halo", **place, "r": f"{spot.radius + 8:.1f}"})
    kind = "fallen" if spot.failed else "suffers" if spot.affected else "node"
    circle = child(group, "circle", {"class": kind, **place, "r": f"{spot.radius:.1f}"})
    child(circle, "title", {}, _standing(spot))
    if spot.failed:
        cross(group, spot.x, spot.y, spot.radius * 0.95)


def name(parent: ET.Element, kind: str, label: Label) -> None:
    """A name."""
    child(parent, "text", {"class": kind, "x": f"{label.x:.1f}", "y": f"{label.y:.1f}"}, label.text)


def _told(half: Half, *, failed: bool) -> str:
    link = half.link
    state = "failed" if failed else "not known" if half.utilisation is None else percent(half.utilisation)
    of = f" of {link.capacity / GIGA:g} Gbit/s" if 0 < link.capacity < UNLIMITED and not failed else ""
    return f"{link.key.name}: {half.way}: {state}{of}, metric {link.metric}"


def _arrow(half: Half, width: float) -> str:
    (x, y), (to_x, to_y) = half.start, half.stop
    length = max(math.hypot(to_x - x, to_y - y), 1e-9)
    along_x, along_y = (to_x - x) / length, (to_y - y) / length
    side, end = width / 2, max(length - 0.8, 0.0)
    neck = max(length - min(2.2 * width, 0.6 * length), 0.0)
    outline = ((0, side), (neck, side), (neck, width), (end, 0), (neck, -width), (neck, -side), (0, -side))
    points = (f"{x + far * along_x - up * along_y:.1f} {y + far * along_y + up * along_x:.1f}" for far, up in outline)
    return f"M{' L'.join(points)} Z"


def _standing(spot: Spot) -> str:
    states = [*(["failed"] * spot.failed), *(["affected"] * spot.affected)]
    hidden = [f"stands for {spot.hidden} more"] if spot.hidden else []
    return ": ".join(filter(None, (_whole_name(spot), ", ".join([*states, *hidden]))))


def _whole_name(spot: Spot) -> str:
    return spot.name if spot.name == spot.key.name else f"{spot.name} ({spot.key.name})"
