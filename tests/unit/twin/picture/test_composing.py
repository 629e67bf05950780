"""Nodes are drawn apart, parallel cables beside each other, places as patches, and names in nobody's way."""

from itertools import combinations
from math import dist

import numpy as np

from forestall.api.base import Key
from forestall.twin.picture import Marks
from forestall.twin.picture.composing import radius, scene
from forestall.twin.picture.labels import covered, labels
from forestall.twin.picture.scene import WIDTH
from forestall.twin.topology import GROUP, RiskGroup
from tests.unit.twin.picture.drawing import NET, network, node

GRID = [(f"{x}{y}", f"{x + dx}{y + dy}") for x in range(6) for y in range(6) for dx, dy in ((0, 1), (1, 0))]
MARKS = Marks(title="")


def site(name: str, *members: str) -> RiskGroup:
    return RiskGroup(key=Key(GROUP, "", name), cause="site", members=tuple(map(node, members)))


def test_all_nodes_stand_within_the_picture_and_apart() -> None:
    found = scene(network(*GRID), NET, MARKS)
    assert all(0 < spot.x < WIDTH and 0 < spot.y < found.height for spot in found.spots)
    assert all(dist((a.x, a.y), (b.x, b.y)) > 3 * a.radius for a, b in combinations(found.spots, 2))


def test_labels_hardly_overlap() -> None:
    found = scene(network(*GRID), NET, MARKS)
    names = labels(found.spots, found.lines, found.height)
    pairs = combinations(names, 2)
    overlapping = [(one.text, other.text) for one, other in pairs if covered(one.box, np.array([other.box])) > 0]
    assert len(names) == len(found.spots)
    assert not overlapping


def test_parallel_cables_do_not_cover_each_other() -> None:
    found = scene(network(("a", "b"), ("a", "b"), ("a", "b")), NET, MARKS)
    assert len({line.middle for line in found.lines}) == 3


def test_full_links_are_drawn_over_others_and_failed_ones_over_all() -> None:
    topology = network(("a", "b"), ("b", "c"), ("c", "a"))
    keys = list(topology.links)
    marks = Marks(title="", utilisation={keys[0]: 0.9, keys[1]: 0.9}, failed={keys[2]})
    assert [line.failed for line in scene(topology, NET, marks).lines] == [False, False, True]


def test_a_place_is_a_patch_around_its_nodes_which_stand_close() -> None:
    pairs = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "a")]
    apart = {spot.key.name: (spot.x, spot.y) for spot in scene(network(*pairs), NET, MARKS).spots}
    found = scene(network(*pairs, groups=[site("left", "a", "b")]), NET, MARKS)
    at = {spot.key.name: (spot.x, spot.y) for spot in found.spots}
    assert [patch.group.key.name for patch in found.patches] == ["left"]
    before, after = (dist(where["a"], where["b"]) / dist(where["c"], where["d"]) for where in (apart, at))
    assert after < 0.8 * before


def test_a_place_of_all_nodes_or_of_one_says_nothing() -> None:
    groups = [site("all", "a", "b"), site("one", "a")]
    assert not scene(network(("a", "b"), groups=groups), NET, MARKS).patches


def test_nodes_with_coordinates_stand_as_on_a_map() -> None:
    places = {"north": (60.0, 10.0), "south": (40.0, 10.0), "east": (50.0, 20.0)}
    found = scene(network(("north", "south"), ("south", "east"), places=places), NET, MARKS)
    at = {spot.key.name: spot for spot in found.spots}
    assert at["north"].y < at["east"].y < at["south"].y
    assert at["east"].x > at["north"].x == at["south"].x


def test_many_nodes_are_drawn_smaller() -> None:
    assert radius(10) > radius(100) > radius(200)
