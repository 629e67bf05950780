"""Where the names of nodes stand: beside them, and in each other's way as little as can be."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.api.base import Key
from forestall.twin.picture.scene import WIDTH, Half, Line, Patch, Spot
from forestall.twin.picture.style import percent

SIZE: Final = 14.0
"""Height of letters' line, in pixels."""
SMALL: Final = 11.5
"""The same of utilisations."""
LEAST_HALF: Final = 40.0
"""Length of half a cable that has room for its utilisation."""
LONGEST: Final = 26
"""Letters of a label; more are cut, and stand in the tooltip."""
MOST: Final = 70
"""Labels of one picture."""
UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Categories of characters that are no part of a readable name, or that XML forbids."""
AROUND: Final = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""Below, above, right, left, and the corners: which way a label stands from its node, the best first."""


Box = tuple[float, float, float, float]
"""A rectangle: left, top, right, bottom."""
Boxes = NDArray[np.float64]
"""[boxes, 4]"""


@dataclass(frozen=True, slots=True)
class Label:
    """A name, centred at a point."""

    text: str
    x: float
    y: float
    """Of the middle of its letters."""
    box: Box


def legible(text: str) -> str:
    """The text with a replacement character for each character that cannot be seen or that XML forbids."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in UNSEEN else char for char in text)


def shortened(text: str) -> str:
    """The text as a label has it: its beginning and its end, where it is too long."""
    shown = legible(text)
    if len(shown) <= LONGEST:
        return shown
    half = (LONGEST - 1) // 2
    return f"{shown[:half]}…{shown[-half:]}"


def width_of(text: str, size: float = SIZE) -> float:
    """About how wide the text is, in pixels."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return size * (0.58 * len(text) + 0.45 * wide)


def labels(spots: Sequence[Spot], lines: Sequence[Line], height: float, taken: Sequence[Box] = ()) -> tuple[Label, ...]:
    """A label for each node, or for those that matter most where there are too many; none where it is `taken`."""
    nodes = _rows([_around(spot) for spot in spots])
    ways = _rows([box for line in lines for box in _steps(line)])
    found: list[Label] = []
    for spot in _first(spots, lines):
        boxes = _rows([*taken, *(label.box for label in found)])
        costs = [
            (
                place
                + 4.0 * covered(label.box, boxes)
                + 2.0 * covered(label.box, nodes)
                + 0.6 * covered(label.box, ways)
                + 100.0 * _outside(label.box, height),
                place,
                label,
            )
            for place, label in _candidates(spot)
        ]
        found.append(min(costs, key=lambda item: item[:2])[2])
    return tuple(found)


def shares(halves: Sequence[Half], taken: Sequence[Box] = ()) -> tuple[Label, ...]:
    """The utilisation in the middle of each half, as far as there is room for it; the first ones first."""
    found: list[Label] = []
    for half in halves:
        x, y = ((one + other) / 2 for one, other in zip(half.start, half.stop, strict=True))
        label = _label(percent(half.utilisation or 0.0), x, y, SMALL)
        boxes = _rows([*taken, *(other.box for other in found)])
        if half.length >= LEAST_HALF and not covered(label.box, boxes):
            found.append(label)
    return tuple(found)


def place_names(patches: Sequence[Patch]) -> tuple[Label, ...]:
    """The name of each place, above it."""
    return tuple(map(_place_name, patches))


def covered(box: Box, others: Boxes) -> float:
    """Area of the box that others cover, each counted."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    return float((np.clip(width, 0.0, None) * np.clip(height, 0.0, None)).sum())


def _rows(boxes: Sequence[Box]) -> Boxes:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _outside(box: Box, height: float) -> float:
    left, top, right, bottom = box
    return max(0.0, -left) + max(0.0, right - WIDTH) + max(0.0, -top) + max(0.0, bottom - height)


def _place_name(patch: Patch) -> Label:
    x, y = min(patch.points, key=lambda point: point[1])
    return _label(shortened(patch.group.key.name), x, y - 36)


def _first(spots: Sequence[Spot], lines: Sequence[Line]) -> Sequence[Spot]:
    """Nodes in the order in which they get labels: failed and affected ones first, then by number of cables."""
    degree: Counter[Key] = Counter(end for line in lines for end in line.halves[0].ends)
    ordered = sorted(spots, key=lambda spot: (not spot.failed, not spot.affected, -degree[spot.key], spot.key))
    return ordered[:MOST]


def _candidates(spot: Spot) -> Iterator[tuple[int, Label]]:
    more = f" +{spot.hidden}" if spot.hidden else ""
    text = shortened(spot.name) + more
    for place, (right, down) in enumerate(AROUND):
        far = 0.75 if right and down else 1.0
        x = spot.x + right * far * (spot.radius + 5 + width_of(text) / 2)
        y = spot.y + down * far * (spot.radius + 5 + SIZE / 2)
        yield place, _label(text, x, y)


def _label(text: str, x: float, y: float, size: float = SIZE) -> Label:
    half_width, half_height = width_of(text, size) / 2, size / 2
    return Label(text, x, y, (x - half_width, y - half_height, x + half_width, y + half_height))


def _around(spot: Spot) -> Box:
    return (spot.x - spot.radius, spot.y - spot.radius, spot.x + spot.radius, spot.y + spot.radius)


def _steps(line: Line) -> Iterator[Box]:
    """Small boxes along a cable."""
    for half in line.halves:
        (x, y), (to_x, to_y) = half.start, half.stop
        count = max(1, int(max(abs(to_x - x), abs(to_y - y)) // 10))
        for step in range(count):
            at_x, at_y = x + (to_x - x) * (step + 0.5) / count, y + (to_y - y) * (step + 0.5) / count
            yield at_x - 4, at_y - 4, at_x + 4, at_y + 4
