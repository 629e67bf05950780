"""Reads measurements: a value that is missing, ambiguous or no number is Unknown, never a pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Final

from forestall.api.base import Operator
from forestall.ports import Measurement

STEP = Decimal("0.0001")
"""What measured and predicted values are rounded to."""

LARGEST = Decimal(10) ** 18
"""Values that are not smaller are taken for a fault of the measurement."""

_COMPARISONS: Final[Mapping[Operator, tuple[Callable[[Decimal, Decimal], bool], str]]] = MappingProxyType(
    {
        "GreaterThan": (gt, "above"),
        "GreaterOrEqual": (ge, "at or above"),
        "LessThan": (lt, "below"),
        "LessOrEqual": (le, "at or below"),
    }
)


class UnmeasuredError(ValueError):
    """There is no value that could be judged. The message says why, and the remedy."""


def answer(query: str, measurements: Mapping[str, Measurement]) -> Measurement:
    """The answer to a query. Raises UnmeasuredError where there is none, or none with a series."""
    found = measurements.get(query)
    if found is None:
        raise UnmeasuredError("the query was not asked: bind a Prometheus source to the twin")
    if found.error:
        raise UnmeasuredError(found.error)
    if not found.samples:
        raise UnmeasuredError("the query returns no series: check its labels and that its target is scraped")
    return found


def single_value(query: str, measurements: Mapping[str, Measurement]) -> Decimal:
    """The one value of a query. Raises UnmeasuredError where there is not exactly one number."""
    samples = answer(query, measurements).samples
    if len(samples) > 1:
        raise UnmeasuredError(f"the query returns {len(samples)} series where one is needed: aggregate it")
    return finite(samples[0].value)


def finite(value: Decimal) -> Decimal:
    """The value itself. Raises UnmeasuredError where it is no number, or too large for one."""
    if not value.is_finite() or abs(value) >= LARGEST:
        raise UnmeasuredError(f"the query's value is {value:.4}: no verdict can rest on it")
    return value


def compare(value: Decimal, operator: Operator, limit: float) -> bool:
    """Whether `value operator limit` holds; the limit is taken as it was written, not as its binary neighbour."""
    return _COMPARISONS[operator][0](value, Decimal(str(limit)))


def limit_text(operator: Operator, limit: float) -> str:
    """The comparison in words, for example `above 0.8`."""
    return f"{_COMPARISONS[operator][1]} {Decimal(str(limit)).normalize():f}"
