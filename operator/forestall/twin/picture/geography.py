"""Where nodes stand on the earth, as far as their attributes say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from forestall.twin.picture.layout import Points
from forestall.twin.picture.thinning import Edges, adjacency
from forestall.twin.topology import NetworkNode

ENOUGH: Final = 0.75
"""Share of the nodes whose place must be known for the others to be put beside their neighbours."""
NORTHMOST: Final = 85.0
"""Degrees; Mercator's map ends there."""
GEO: Final = "ietf-geo-location:geo-location"
PLACES: Final = (GEO, "location", "ellipsoid")
LATITUDES: Final = ("latitude", "lat")
LONGITUDES: Final = ("longitude", "lon", "lng", "long")


def on_a_map(nodes: Sequence[NetworkNode], edges: Edges) -> Points | None:
    """[nodes, 2] positions on Mercator's map, north up; None where too few are known, or all are one.

    Read are RFC 9179's geo-location, `location` of NetJSON, `latitude` and `longitude` of GraphML, topohub's `pos`.
    """
    found = [position(node.attributes) for node in nodes]
    known = [place for place in found if place is not None]
    if len(known) < max(2, ENOUGH * len(nodes)) or len(set(known)) < 2:
        return None
    points = np.array([place or (np.nan, np.nan) for place in found])
    _fill(points, edges)
    centred: Points = points - points.mean(axis=0)
    return centred


def position(attributes: Mapping[str, object]) -> tuple[float, float] | None:
    """Where the attributes say that it is, on Mercator's map, in degrees of longitude; None where they do not."""
    said = {name.lower(): value for name, value in attributes.items()}
    for name in PLACES:
        inner = said.get(name)
        if isinstance(inner, Mapping):
            return position(inner)
    pair = said.get("pos")
    if isinstance(pair, (list, tuple)) and len(pair) == 2:
        return _projected(pair[1], pair[0])
    return _projected(_first(said, LATITUDES), _first(said, LONGITUDES))


def _first(said: Mapping[str, object], names: Sequence[str]) -> object:
    return next((said[name] for name in names if name in said), None)


def _projected(latitude: object, longitude: object) -> tuple[float, float] | None:
    north, east = _number(latitude), _number(longitude)
    if north is None or east is None or abs(north) > 90 or abs(east) > 180:
        return None
    angle = math.radians(max(-NORTHMOST, min(NORTHMOST, north)))
    return east, -math.degrees(math.log(math.tan(math.pi / 4 + angle / 2)))


def _number(value: object) -> float | None:
    """A number, which may be written as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def _fill(points: Points, edges: Edges) -> None:
    """Put what is not known in the middle of its neighbours, or else of all."""
    neighbours, middle = adjacency(len(points), edges), np.nanmean(points, axis=0)
    for node in np.flatnonzero(np.isnan(points[:, 0])).tolist():
        around = points[sorted(neighbours[node])]
        known = around[~np.isnan(around[:, 0])]
        points[node] = known.mean(axis=0) if len(known) else middle
