"""What the colours and signs of a picture mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from xml.etree import ElementTree as ET

from forestall.twin.picture.labels import width_of
from forestall.twin.picture.scene import Scene
from forestall.twin.picture.shapes import child, cross
from forestall.twin.picture.style import NAMES

HEIGHT: Final = 52.0
"""In pixels."""
MIDDLE: Final = 24.0
Sign = Callable[[ET.Element, float], None]
"""Draws a sign that begins at x."""


def draw(parent: ET.Element, drawn: Scene) -> None:
    """Draw the keys to all that is in the picture, in one row."""
    x = 24.0
    for sign, text in _keys(drawn):
        sign(parent, x)
        child(parent, "text", {"class": "key", "x": f"{x + 30:.1f}", "y": f"{MIDDLE + 4:.1f}"}, text)
        x += 30 + width_of(text, 13) + 20


def _keys(drawn: Scene) -> Iterator[tuple[Sign, str]]:
    halves = [half for line in drawn.lines for half in line.halves]
    if any(half.utilisation is not None for half in halves):
        yield from ((_bar(f"u{place}"), name) for place, name in enumerate(NAMES))
    if any(half.utilisation is None for half in halves):
        yield _bar("unknown"), "not known"
    if any(spot.failed for spot in drawn.spots) or any(line.failed for line in drawn.lines):
        yield _failed, "failed"
    if any(spot.affected for spot in drawn.spots):
        yield _affected, "affected"
    if any(spot.hidden for spot in drawn.spots):
        yield _more, "more that it stands for"


def _bar(kind: str) -> Sign:
    def sign(parent: ET.Element, x: float) -> None:
        place = {"x": f"{x:.1f}", "y": f"{MIDDLE - 4:.1f}", "width": "24", "height": "8", "rx": "2"}
        child(parent, "rect", {"class": kind, **place})

    return sign


def _failed(parent: ET.Element, x: float) -> None:
    child(parent, "circle", {"class": "fallen", "cx": f"{x + 12:.1f}", "cy": f"{MIDDLE:.1f}", "r": "8"})
    cross(parent, x + 12, MIDDLE, 6.0)


def _affected(parent: ET.Element, x: float) -> None:
    place = {"cx": f"{x + 12:.1f}", "cy": f"{MIDDLE:.1f}"}
    child(parent, "circle", {"class": "halo", **place, "r": "12"})
    child(parent, "circle", {"class": "suffers", **place, "r": "7"})


def _more(parent: ET.Element, x: float) -> None:
    child(parent, "text", {"class": "key", "x": f"{x + 6:.1f}", "y": f"{MIDDLE + 4:.1f}"}, "+9")
