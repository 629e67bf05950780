"""Rows of numbers for kernels."""

from __future__ import annotations

import numpy as np
import pytest

from forestall.twin.engine.memory import Arrays, Lists, Memory
from forestall.twin.kernels.buffers import Floats, Ints


def held(*rows: Ints | Floats) -> list[list[float]]:
    """What rows hold."""
    return [[row[place] for place in range(len(row))] for row in rows]


EITHER = pytest.mark.parametrize("memory", [Lists(), Arrays()], ids=["lists", "arrays"])


@EITHER
def test_rows_are_copies_of_what_they_are_made_from(memory: Memory) -> None:
    given = np.array([1, 2])

    whole, real = memory.whole(given), memory.real(given)
    given[0] = 9

    assert held(whole, real) == [[1, 2], [1.0, 2.0]]


@EITHER
@pytest.mark.parametrize("number", [2**31, -(2**31) - 1])
def test_numbers_of_more_than_32_bits_are_refused(memory: Memory, number: int) -> None:
    with pytest.raises(OverflowError):
        memory.whole([number])


@EITHER
def test_columns_are_rows_of_their_own(memory: Memory) -> None:
    one, other = memory.int_columns(3, 7, 8)
    real, second = memory.float_columns(2, 2)

    one[1], real[0] = 0, 1.5

    assert held(one, other) == [[7, 0, 7], [8, 8, 8]]
    assert held(real, second) == [[1.5, 0.0], [0.0, 0.0]]


@EITHER
def test_blank_rows_hold_one_value(memory: Memory) -> None:
    assert held(memory.ints(2, 3), memory.longs(1, 2**40), memory.floats(2)) == [[3, 3], [2**40], [0.0, 0.0]]
