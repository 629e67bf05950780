"""Where nodes stand in a plane, so that few hops are a short way. The same network is always laid out alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.twin.picture.thinning import Edges, adjacency

Points = NDArray[np.float64]
"""[nodes, 2]"""

ROUNDS: Final = 200
ENOUGH: Final = 1e-5
"""Relative gain of a round below which there is none to follow."""
TOGETHER: Final = 0.55
"""Distance of what belongs together, of that which it would have."""
PUSHES: Final = 60
GOLDEN: Final = 2.399963
"""Radians between two turns of a sunflower: points at such turns are nowhere in a row."""


def laid_out(count: int, edges: Edges, together: Sequence[Collection[int]] = ()) -> Points:
    """Positions by stress majorisation (Gansner, Koren, North 2004): distances come close to numbers of hops.

    Nodes of one set of `together` come closer. The widest way lies across.
    """
    if count < 2:
        return np.zeros((count, 2))
    wanted = _hops(count, edges)
    for members in together:
        for one, other in combinations(sorted(members), 2):
            wanted[one, other] = wanted[other, one] = wanted[one, other] * TOGETHER
    return turned(_majorised(_scaled(wanted), wanted))


def turned(points: Points) -> Points:
    """The points about their middle, turned so that they spread across rather than up."""
    middle: Points = points - points.mean(axis=0)
    across: Points = np.linalg.eigh(middle.T @ middle)[1][:, ::-1]
    return _upright(middle @ across)


def spread(points: Points, least: float) -> Points:
    """The points, pushed apart until no two are closer than `least`, or almost."""
    # Points in the same place would not know which way to go.
    close = np.any(_ways(points)[1] < least, axis=1, keepdims=True)
    found: Points = points + 1e-3 * least * _sunflower(len(points)) * close
    for _ in range(PUSHES):
        ways, length = _ways(found)
        lack = np.clip(least - length, 0.0, None)
        if not lack.any():
            break
        found += 0.5 * (ways / length[:, :, None] * lack[:, :, None]).sum(axis=1)
    return found


def _ways(points: Points) -> tuple[Points, Points]:
    """[nodes, nodes, 2] ways to each point from each, and their lengths; to itself no end of it."""
    ways = points[:, None, :] - points[None, :, :]
    length = np.sqrt((ways**2).sum(axis=2))
    np.fill_diagonal(length, np.inf)
    return ways, length


def _hops(count: int, edges: Edges) -> Points:
    """[nodes, nodes] numbers of hops; what is apart is a little farther than half of the farthest."""
    neighbours, found = adjacency(count, edges), np.full((count, count), np.inf)
    for start in range(count):
        level, hops = {start}, 0
        while level:
            found[start, list(level)] = hops
            level = {other for node in level for other in neighbours[node] if np.isinf(found[start, other])}
            hops += 1
    farthest = found[np.isfinite(found)].max()
    found[np.isinf(found)] = farthest / 2 + 2
    return found


def _scaled(wanted: Points) -> Points:
    """Classical scaling of the distances, to begin with."""
    square = wanted**2
    centred = -0.5 * (square - square.mean(axis=0) - square.mean(axis=1)[:, None] + square.mean())
    size, ways = np.linalg.eigh(centred)
    found = ways[:, -2:] * np.sqrt(np.clip(size[-2:], 0.0, None))
    # What is alike to all others would stand in one place.
    return _upright(found) + 0.05 * _sunflower(len(wanted))


def _majorised(points: Points, wanted: Points) -> Points:
    weight = 1.0 / np.where(wanted > 0, wanted, 1.0) ** 2
    np.fill_diagonal(weight, 0.0)
    inverse = np.linalg.pinv(_laplacian(weight))
    found, before = points, np.inf
    for _ in range(ROUNDS):
        length = np.sqrt(((found[:, None, :] - found[None, :, :]) ** 2).sum(axis=2))
        stress = float((weight * (length - wanted) ** 2).sum())
        if before - stress < ENOUGH * before:
            break
        pull = np.divide(weight * wanted, length, out=np.zeros_like(length), where=length > 1e-9)
        found, before = inverse @ (_laplacian(pull) @ found), stress
    return found


def _laplacian(weight: Points) -> Points:
    return np.diag(weight.sum(axis=1)) - weight


def _upright(points: Points) -> Points:
    """Of the two directions of each axis that in which the first point far from the middle lies."""
    far = np.abs(points) > 0.5 * np.abs(points).max(axis=0, initial=0.0)
    first = points[far.argmax(axis=0), np.arange(2)]
    found: Points = points * np.where(first < 0, -1.0, 1.0)
    return found


def _sunflower(count: int) -> Points:
    turn = GOLDEN * np.arange(count)
    far = np.sqrt((np.arange(count) + 0.5) / max(count, 1))
    found: Points = np.stack([far * np.cos(turn), far * np.sin(turn)], 1)
    return found
