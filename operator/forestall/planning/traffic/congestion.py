"""How good it is to carry traffic in some way: the fullest link first, then how full all of them are."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

SLOPES: Final = np.array([1.0, 3.0, 10.0, 70.0, 500.0, 5000.0])
KNEES: Final = np.array([0.0, 1 / 3, 2 / 3, 9 / 10, 1.0, 11 / 10])
"""Utilisation from which each slope holds. (After Fortz and Thorup.)"""
STEPS: Final = np.diff(SLOPES, prepend=0.0)

SHARPNESS: Final = 12
"""Power of utilisations in `pressure`: at 8 the many count too much, at 40 all but one arc is forgotten."""


def congestion(load: Reals, room: Reals) -> float:
    """Sum over arcs of a cost that grows steeper with utilisation; in units of `load`.

    `load` is [arcs], `room` is [arcs] 1 / capacity, 0 where the capacity is without limit: such arcs cost nothing.
    """
    capped = room > 0
    excess = np.maximum((load * room)[capped, None] - KNEES, 0.0)
    return float((excess @ STEPS / room[capped]).sum())


def pressure(use: Reals, scale: float) -> float:
    """Smooth stand-in for the highest of the utilisations `use`, [arcs]: it also falls when the second highest does."""
    return float(((use / scale) ** SHARPNESS).sum())
