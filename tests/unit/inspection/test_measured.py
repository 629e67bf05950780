"""Measurements: what is no single number is no value."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from forestall.api.base import Operator
from forestall.inspection.measured import UnmeasuredError, compare, limit_text, single_value
from forestall.ports import Measurement
from tests.unit.inspection.scenes import QUERY, measured


def test_the_one_series_of_a_query_is_its_value() -> None:
    assert single_value(QUERY, measured("0.25")) == Decimal("0.25")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e18", "-1e300"])
def test_a_value_that_is_no_number_to_rest_on_is_refused(value: str) -> None:
    with pytest.raises(UnmeasuredError, match="no verdict"):
        single_value(QUERY, measured(value))


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "not asked"),
        (measured(error="connection refused"), "connection refused"),
        (measured("1", error="a partial answer"), "a partial answer"),
        (measured(), "no series"),
        (measured("1", "1"), "2 series"),
    ],
)
def test_an_answer_without_exactly_one_series_says_what_is_wrong(
    answers: Mapping[str, Measurement], message: str
) -> None:
    with pytest.raises(UnmeasuredError, match=message):
        single_value(QUERY, answers)


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        ("GreaterThan", False, False, True),
        ("GreaterOrEqual", False, True, True),
        ("LessThan", True, False, False),
        ("LessOrEqual", True, True, False),
    ],
)
def test_values_compare_with_the_limit_as_it_was_written(
    operator: Operator, below: bool, equal: bool, above: bool
) -> None:
    assert compare(Decimal("0.0999"), operator, 0.1) is below
    assert compare(Decimal("0.1000"), operator, 0.1) is equal
    assert compare(Decimal("0.1001"), operator, 0.1) is above


@pytest.mark.parametrize(
    ("operator", "limit", "text"),
    [
        ("GreaterThan", 0.8, "above 0.8"),
        ("GreaterOrEqual", 100.0, "at or above 100"),
        ("LessThan", 1e-9, "below 0.000000001"),
        ("LessOrEqual", -1.5, "at or below -1.5"),
    ],
)
def test_a_limit_reads_as_words(operator: Operator, limit: float, text: str) -> None:
    assert limit_text(operator, limit) == text
