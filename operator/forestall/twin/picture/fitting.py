"""Points into the picture, and outlines around them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from forestall.twin.picture.layout import Points, spread
from forestall.twin.picture.scene import WIDTH, Point

LEAST_HEIGHT: Final = 420.0
MOST_HEIGHT: Final = 900.0
MARGIN: Final = np.array([96.0, 44.0])
"""Between the outermost nodes and the edge, so that labels have room."""
MOST_STRETCH: Final = 1.6


def fitted(points: Points) -> tuple[Points, float]:
    """The points within the width, no two of them too close, and the height that they take."""
    count = len(points)
    if not count:
        return points, LEAST_HEIGHT
    room = np.array([WIDTH, MOST_HEIGHT]) - 2 * MARGIN
    apart = spread(_scaled(points, room), _least(count))
    low, high = apart.min(axis=0), apart.max(axis=0)
    over = min(1.0, float((room / np.maximum(high - low, 1e-9)).min()))
    height = max(LEAST_HEIGHT, float((high[1] - low[1]) * over + 2 * MARGIN[1]))
    return (apart - (low + high) / 2) * over + np.array([WIDTH / 2, height / 2]), height


def _scaled(points: Points, room: Points) -> Points:
    """As large as there is room; what is flat is stretched upwards, so that labels do not stand in one row."""
    size = np.maximum(np.ptp(points, axis=0), 1e-9)
    scale = float((room / size).min()) if len(points) > 1 else 1.0
    least = LEAST_HEIGHT - 2 * MARGIN[1]
    upwards = float(np.clip(least / (size[1] * scale), 1.0, MOST_STRETCH)) if len(points) > 2 else 1.0
    found: Points = (points - points.mean(axis=0)) * scale * np.array([1.0, upwards])
    return found


def _least(count: int) -> float:
    """Distance that nodes are kept apart, by how many there are."""
    return float(np.clip(525 / np.sqrt(count), 18.0, 82.0))


def hull(points: Collection[Point]) -> list[Point]:
    """The corners of the convex hull, in order (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    return _chain(ordered)[:-1] + _chain(ordered[::-1])[:-1]


def _chain(points: Sequence[Point]) -> list[Point]:
    found: list[Point] = []
    for point in points:
        while len(found) > 1 and _turn(found[-2], found[-1], point) <= 0:
            found.pop()
        found.append(point)
    return found


def _turn(one: Point, two: Point, three: Point) -> float:
    return (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0])
