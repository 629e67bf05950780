"""The picture as an SVG document, which stands alone: no script, no reference, all text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from forestall.twin.picture import legend, shapes
from forestall.twin.picture.composing import HOT, scene
from forestall.twin.picture.labels import labels, place_names, shares
from forestall.twin.picture.marks import Marks
from forestall.twin.picture.scene import WIDTH, Half, Scene
from forestall.twin.picture.style import SHEET, percent
from forestall.twin.topology import Topology

HEADER: Final = 64.0
"""Height of the title and the note, in pixels."""
LONGEST: Final = 140
"""Letters of the title and the note."""
SHARES: Final = 14
"""Utilisations that are written out, of the fullest links."""
NAMED: Final = 20
"""Elements that the description names."""


def picture(topology: Topology, network: str, marks: Marks) -> str:
    """A network as SVG. The same content gives the same picture. KeyError where there is no such network."""
    drawn = scene(topology, network, marks)
    height = drawn.height + HEADER + legend.HEIGHT
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH:.0f} {height:.0f}",
            "width": f"{WIDTH:.0f}",
            "height": f"{height:.0f}",
            "role": "img",
            "aria-labelledby": "title description",
        },
    )
    _head(root, drawn, marks)
    _body(shapes.child(root, "g", {"transform": f"translate(0 {HEADER:.0f})"}), drawn)
    legend.draw(shapes.child(root, "g", {"transform": f"translate(0 {drawn.height + HEADER:.0f})"}), drawn)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def _head(root: ET.Element, drawn: Scene, marks: Marks) -> None:
    shapes.child(root, "title", {"id": "title"}, marks.title)
    shapes.child(root, "desc", {"id": "description"}, description(drawn, marks))
    shapes.child(root, "style", {}).text = SHEET
    shapes.child(root, "rect", {"class": "ground", "width": "100%", "height": "100%"})
    shapes.child(root, "text", {"class": "title", "x": "24", "y": "36"}, _cut(marks.title))
    shapes.child(root, "text", {"class": "note", "x": "24", "y": "57"}, _cut(_note(drawn, marks)))


def _body(parent: ET.Element, drawn: Scene) -> None:
    for patch in drawn.patches:
        shapes.patch(parent, patch)
    for line in drawn.lines:
        shapes.cable(parent, line)
    for spot in drawn.spots:
        shapes.node(parent, spot)
    places = place_names(drawn.patches)
    full = shares(fullest(drawn), [label.box for label in places])
    names = labels(drawn.spots, drawn.lines, drawn.height, [label.box for label in (*places, *full)])
    for kind, found in (("place", places), ("share", full), ("name", names)):
        for label in found:
            shapes.name(parent, kind, label)


def fullest(drawn: Scene) -> Sequence[Half]:
    """The halves whose utilisation is written out, the fullest first."""
    halves = [half for line in drawn.lines if not line.failed for half in line.halves]
    hot = ((half.utilisation, half) for half in halves if half.utilisation is not None and half.utilisation >= HOT)
    return [half for _, half in sorted(hot, key=lambda pair: (-pair[0], pair[1].link.key))[:SHARES]]


def description(drawn: Scene, marks: Marks) -> str:
    """The picture in words."""
    failed = [spot.name for spot in drawn.spots if spot.failed]
    failed += [line.halves[0].way for line in drawn.lines if line.failed]
    affected = [spot.name for spot in drawn.spots if spot.affected]
    full = [f"{half.way} is at {percent(half.utilisation or 0.0)}." for half in fullest(drawn)[:1]]
    parts = (f"{drawn.nodes} nodes and {drawn.cables} cables.", *full, _listed("Failed", failed))
    return " ".join(filter(None, (*parts, _listed("Affected", affected), marks.note)))


def _listed(word: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{word}: {', '.join(names[:NAMED])}{more}." if names else ""


def _note(drawn: Scene, marks: Marks) -> str:
    left_out = len(drawn.spots) < drawn.nodes
    thinned = f"{len(drawn.spots)} of {drawn.nodes} nodes are drawn" if left_out else ""
    return " · ".join(filter(None, (marks.note, thinned)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
