"""When a value will cross its limit: a trend that single bad samples do not bend, with an interval.

The trend is the median of the slopes between all pairs of samples (Theil and Sen); its interval follows from the order
of the slopes (Sen, after Kendall), without an assumption on how the noise is spread. It is a straight line: seasons and
turns are not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forestall.api.base import Key
from forestall.twin.analyses.answers import Answer, Verdict, verdict
from forestall.twin.topology import Topology

Reals = NDArray[np.float64]

FEWEST: Final = 10
"""Samples that a trend takes."""
MOST: Final = 500
"""Samples that a trend is computed of; more are brought together as medians of runs."""
QUANTILE: Final = 1.959963984540054
"""Of the normal distribution, for an interval of 95 in 100."""
REACH: Final = 4
"""A trend is trusted no further ahead than so many times the span of its samples."""

TREND: Final = "The trend is a straight line; seasons and turns are not seen."
TOO_LITTLE: Final = f"Fewer than {FEWEST} sound samples at different times."
TOO_FAR: Final = f"The horizon is more than {REACH} times as far ahead as the samples reach back."


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction(Answer):
    """Whether a value stays within its limit up to the horizon.

    Fails where the limit is crossed, or will be by the trend; Unknown where only the steeper end of the interval
    crosses it, or the data are too few.
    """

    element: Key
    slope: float | None
    """Per day; None where the data are too few."""
    slope_interval: tuple[float, float] | None
    """Per day; 95 in 100."""
    expected: datetime | None
    """When the limit is crossed by the trend; None where it is not."""
    earliest: datetime | None
    """The same by the end of the interval that is nearer to the limit."""
    latest: datetime | None
    """By the other end."""


def predict(
    topology: Topology,
    element: Key,
    samples: Sequence[tuple[datetime, float]],
    limit: float,
    horizon: timedelta,
    *,
    rising: bool = True,
) -> Prediction:
    """When an attribute of the element crosses the limit, from below or, if not `rising`, from above.

    The horizon is counted from the last sample. Samples may come in any order; those that are not finite are left out.
    TypeError where some times have a zone and some have none.
    """
    sound = sorted((at, value) for at, value in samples if isfinite(value))
    if len({at for at, _ in sound}) < FEWEST:
        return _unknown(topology, element, TOO_LITTLE)
    times, values = _thinned(sound)
    sign = 1.0 if rising else -1.0
    low, middle, high = _slopes(times, sign * values)
    trend = _Trend(sound[0][0], times, sign * values, sign * limit)
    crossings = [trend.crossing(slope) for slope in (high, middle, low)]
    dates = [trend.date(crossing) for crossing in crossings]
    is_close = horizon <= REACH * (sound[-1][0] - sound[0][0])
    return Prediction(
        verdict=_verdict(crossings, float(times[-1]) + horizon.total_seconds(), is_close=is_close),
        topology=topology.id,
        caveats=(TREND,) if is_close else (TREND, TOO_FAR),
        element=element,
        slope=sign * middle * DAY,
        slope_interval=(min(sign * low, sign * high) * DAY, max(sign * low, sign * high) * DAY),
        expected=dates[1],
        earliest=dates[0],
        latest=dates[2],
    )


DAY: Final = 86_400.0


def _unknown(topology: Topology, element: Key, why: str) -> Prediction:
    return Prediction(
        verdict="Unknown",
        topology=topology.id,
        caveats=(why,),
        element=element,
        slope=None,
        slope_interval=None,
        expected=None,
        earliest=None,
        latest=None,
    )


def _thinned(samples: Sequence[tuple[datetime, float]]) -> tuple[Reals, Reals]:
    """Seconds since the first sample, and values; at most MOST, each the median of a run."""
    times = np.array([(at - samples[0][0]).total_seconds() for at, _ in samples])
    values = np.array([value for _, value in samples])
    runs = np.array_split(np.arange(len(samples)), min(len(samples), MOST))
    return (
        np.array([np.median(times[run]) for run in runs]),
        np.array([np.median(values[run]) for run in runs]),
    )


def _slopes(times: Reals, values: Reals) -> tuple[float, float, float]:
    """The lower end of the interval, the median and the upper end of the slopes, per second."""
    one, other = np.triu_indices(len(times), 1)
    span = times[other] - times[one]
    apart = span > 0
    slopes = np.sort((values[other] - values[one])[apart] / span[apart])
    number = len(times)
    width = QUANTILE * sqrt(number * (number - 1) * (2 * number + 5) / 18)
    low = max(round((len(slopes) - width) / 2) - 1, 0)
    high = min(round((len(slopes) + width) / 2), len(slopes) - 1)
    return float(slopes[low]), float(np.median(slopes)), float(slopes[high])


class _Trend:
    """Lines through the middle of the samples, and when they cross the limit."""

    def __init__(self, start: datetime, times: Reals, values: Reals, limit: float) -> None:
        self._start, self._times, self._values, self._limit = start, times, values, limit

    def crossing(self, slope: float) -> float | None:
        """Seconds from the start to when the line is at the limit; the last sample's time if it is past it by then."""
        level = float(np.median(self._values - slope * self._times))
        last = float(self._times[-1])
        if level + slope * last >= self._limit:
            return last
        return (self._limit - level) / slope if slope > 0 else None

    def date(self, crossing: float | None) -> datetime | None:
        """The time; None also for one that is past all calendars."""
        try:
            return None if crossing is None else self._start + timedelta(seconds=crossing)
        except OverflowError:
            return None


def _verdict(crossings: Sequence[float | None], until: float, *, is_close: bool) -> Verdict:
    earliest, expected, _ = (crossing is not None and crossing <= until for crossing in crossings)
    return verdict(fails=expected, known=not earliest and is_close)
