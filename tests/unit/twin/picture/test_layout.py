"""Distances in the plane come close to numbers of hops, and the same network is always laid out alike."""

import numpy as np
import pytest

from forestall.twin.picture.layout import laid_out, spread

CYCLE = [(node, (node + 1) % 8) for node in range(8)]


def test_a_chain_is_laid_out_in_a_row_across() -> None:
    points = laid_out(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    order = np.argsort(points[:, 0]).tolist()
    assert order in ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0])
    assert np.ptp(points[:, 1]) < 0.1 * np.ptp(points[:, 0])


def test_neighbours_in_a_circle_are_nearer_than_what_is_opposite() -> None:
    points = laid_out(8, CYCLE)
    near = [np.linalg.norm(points[one] - points[other]) for one, other in CYCLE]
    far = [np.linalg.norm(points[node] - points[(node + 4) % 8]) for node in range(8)]
    assert max(near) < 0.6 * min(far)


def test_parts_that_are_not_joined_stand_apart() -> None:
    points = laid_out(4, [(0, 1), (2, 3)])
    assert np.linalg.norm(points[0] - points[2]) > np.linalg.norm(points[0] - points[1])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_smallest_networks_have_points_too(count: int) -> None:
    found = laid_out(count, [])
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()


def test_equal_nodes_of_a_clique_get_places_of_their_own() -> None:
    points = laid_out(6, [(one, other) for one in range(6) for other in range(one)])
    assert len({tuple(point) for point in np.round(points, 3).tolist()}) == 6


def test_the_same_network_is_laid_out_alike() -> None:
    assert np.array_equal(laid_out(8, CYCLE), laid_out(8, CYCLE))


def test_points_in_one_place_are_pushed_apart() -> None:
    points = spread(np.zeros((5, 2)), 10.0)
    ways = np.linalg.norm(points[:, None] - points[None, :], axis=2) + 1e9 * np.eye(5)
    assert ways.min() > 9.0
