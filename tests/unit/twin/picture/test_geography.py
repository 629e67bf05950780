"""Coordinates are read wherever formats put them; what is no place on earth is none."""

import numpy as np
import pytest

from forestall.twin.picture.geography import NORTHMOST, on_a_map, position
from tests.unit.twin.picture.drawing import network


@pytest.mark.parametrize(
    "attributes",
    [
        {"latitude": 50.0, "longitude": 8.0},
        {"Latitude": "50.0", "Longitude": "8.0"},
        {"lat": 50, "lng": 8},
        {"location": {"lat": 50.0, "lon": 8.0}},
        {"pos": [8.0, 50.0]},
        {"ietf-geo-location:geo-location": {"ellipsoid": {"latitude": "50.0", "longitude": "8.0"}}},
    ],
)
def test_all_forms_of_one_place_are_one(attributes: dict[str, object]) -> None:
    found = position(attributes)
    assert found is not None
    assert found == pytest.approx((8.0, -57.9), abs=0.1)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"latitude": 50.0},
        {"latitude": 91, "longitude": 0},
        {"latitude": 0, "longitude": 181},
        {"latitude": "nan", "longitude": 0},
        {"latitude": "1e999", "longitude": 0},
        {"latitude": True, "longitude": False},
        {"latitude": [], "longitude": {}},
        {"pos": [1, 2, 3]},
        {"location": "here"},
    ],
)
def test_what_is_no_place_is_none(attributes: dict[str, object]) -> None:
    assert position(attributes) is None


def test_the_poles_are_on_the_map() -> None:
    pole = position({"latitude": 90, "longitude": 0})
    assert pole == position({"latitude": NORTHMOST, "longitude": 0})


def test_a_node_of_unknown_place_stands_between_its_neighbours() -> None:
    places = {"a": (50.0, 0.0), "b": (50.0, 10.0), "c": (50.0, 20.0)}
    topology = network(("a", "b"), ("b", "c"), ("a", "x"), ("x", "b"), places=places)
    points = on_a_map(list(topology.nodes.values()), [(0, 1), (1, 2), (0, 3), (3, 1)])
    assert points is not None
    assert np.allclose(points[3], (points[0] + points[1]) / 2)


def test_too_few_places_are_no_map() -> None:
    topology = network(("a", "b"), ("b", "c"), places={"a": (50.0, 0.0), "b": (51.0, 0.0)})
    assert on_a_map(list(topology.nodes.values()), []) is None


def test_one_place_for_all_is_no_map() -> None:
    topology = network(("a", "b"), places={"a": (50.0, 0.0), "b": (50.0, 0.0)})
    assert on_a_map(list(topology.nodes.values()), []) is None
