"""A bound for networks that are too large for linear programming here, by its dual."""

from __future__ import annotations

import numpy as np

from forestall.twin.engine import FAR, Kernels
from tests.bench.twin.congested import Congested, Reals

ROUNDS = 400


def least_peak_at_least(case: Congested, kernels: Kernels) -> float:
    """Utilisation below which the fullest link cannot be brought; at most a little less than the least possible.

    Whatever lengths arcs have, traffic times distance is at most the sum of load times length, and so at most the
    peak times the sum of capacity times length. Good lengths are found by sending traffic where there is room, again
    and again (Frank and Wolfe).
    """
    capacity, best = case.capacity.ravel(), 0.0
    load = case.routed(kernels).now.load
    longest = 0.9 * (FAR // case.nodes - 1)
    for steepness in np.geomspace(10, 200, ROUNDS):
        use = load / capacity
        length = np.exp(steepness * (use / use.max() - 1)) / capacity
        metric = np.maximum(1, np.rint(length / length.max() * longest)).astype(np.int64)
        short = case.routed(kernels, metric).now.load
        best = max(best, float(short @ metric / (capacity @ metric)))
        load = _mixed(load, short, capacity, steepness)
    return best


def _mixed(load: Reals, short: Reals, capacity: Reals, steepness: float) -> Reals:
    """The loads on the line between both that fill the fullest links least."""
    shares = np.linspace(0, 1, 101)[1:, None] ** 2
    loads: Reals = load + shares * (short - load)
    fullness = loads / capacity / (load / capacity).max()
    best = int(np.logaddexp.reduce(steepness * fullness, axis=1).argmin())
    mixed: Reals = loads[best]
    return mixed
