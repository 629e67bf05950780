"""Rows of numbers for kernels: lists where kernels run as they are written, arrays where they are compiled."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forestall.twin.kernels.buffers import Floats, Ints
from forestall.twin.kernels.buffers import Memory as Blank


class Memory(Blank, Protocol):
    """Rows that are blank, or hold given values. All rows are copies."""

    def whole(self, values: ArrayLike, /) -> Ints:
        """A row of whole numbers of 32 bits; OverflowError for what does not fit."""

    def real(self, values: ArrayLike, /) -> Floats:
        """A row of floats."""


class Lists:
    """Rows as lists, which plain Python reads faster than arrays."""

    def ints(self, size: int, value: int = 0) -> Ints:
        """A row of `size` whole numbers."""
        return [value] * size

    def longs(self, size: int, value: int = 0) -> Ints:
        """A row of `size` whole numbers."""
        return [value] * size

    def floats(self, size: int, value: float = 0.0) -> Floats:
        """A row of `size` floats."""
        return [value] * size

    def int_columns(self, size: int, *values: int) -> tuple[Ints, ...]:
        """A row of `size` whole numbers for each value."""
        return tuple([value] * size for value in values)

    def float_columns(self, size: int, number: int) -> tuple[Floats, ...]:
        """So many rows of `size` floats, all 0."""
        return tuple([0.0] * size for _ in range(number))

    def whole(self, values: ArrayLike) -> Ints:
        """A row of whole numbers."""
        found: list[int] = _narrow(values).tolist()
        return found

    def real(self, values: ArrayLike) -> Floats:
        """A row of floats."""
        found: list[float] = np.asarray(values, np.float64).ravel().tolist()
        return found


class Arrays:
    """Rows as numpy arrays, which compiled kernels need."""

    def ints(self, size: int, value: int = 0) -> Ints:
        """A row of `size` whole numbers of 32 bits."""
        return np.full(size, value, np.int32)

    def longs(self, size: int, value: int = 0) -> Ints:
        """A row of `size` whole numbers of 64 bits."""
        return np.full(size, value, np.int64)

    def floats(self, size: int, value: float = 0.0) -> Floats:
        """A row of `size` floats."""
        return np.full(size, value, np.float64)

    def int_columns(self, size: int, *values: int) -> tuple[Ints, ...]:
        """A row of `size` whole numbers of 32 bits for each value: columns of one table, which spares caches."""
        return tuple(np.tile(np.array(values, np.int32), (size, 1)).T)

    def float_columns(self, size: int, number: int) -> tuple[Floats, ...]:
        """So many rows of `size` floats, all 0: columns of one table."""
        return tuple(np.zeros((size, number)).T)

    def whole(self, values: ArrayLike) -> Ints:
        """A row of whole numbers of 32 bits."""
        return _narrow(values)

    def real(self, values: ArrayLike) -> Floats:
        """A row of floats."""
        return np.array(values, np.float64).ravel()


def _narrow(values: ArrayLike) -> NDArray[np.int32]:
    wide = np.array(values, np.int64).ravel()
    if wide.size and (wide.max() >= 2**31 or wide.min() < -(2**31)):
        raise OverflowError("a number has more than 32 bits")
    return wide.astype(np.int32)
