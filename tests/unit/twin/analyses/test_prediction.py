"""When a value crosses its limit: by a trend that outliers do not bend, and with an interval."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forestall.twin.analyses import Prediction, predict
from tests.unit.twin.analyses.networks import link, square

START, DAY = datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=1)
LINK = link("a-b")


def days(number: int, value: Callable[[int], float]) -> list[tuple[datetime, float]]:
    return [(START + day * DAY, value(day)) for day in range(number)]


def noisy() -> list[tuple[datetime, float]]:
    """60 days of 0.002 a day, with noise ten times as large."""
    noise = np.random.default_rng(4).normal(0.0, 0.02, 60)
    return days(60, lambda day: 0.3 + 0.002 * day + float(noise[day]))


def asked(samples: list[tuple[datetime, float]], limit: float, horizon: int, *, rising: bool = True) -> Prediction:
    return predict(square(), LINK, samples, limit, horizon * DAY, rising=rising)


def test_a_straight_rise_crosses_on_the_day_that_one_would_count() -> None:
    found = asked(days(30, lambda day: 0.3 + 0.01 * day), 0.8, 30)
    assert (found.verdict, found.topology, found.element) == ("Fails", square().id, LINK)
    assert found.slope == pytest.approx(0.01)
    assert found.expected is not None
    assert abs(found.expected - (START + 50 * DAY)) < timedelta(minutes=1)


def test_beyond_the_horizon_it_holds() -> None:
    assert asked(days(30, lambda day: 0.3 + 0.01 * day), 0.8, 10).verdict == "Holds"


def test_a_flat_or_falling_value_never_crosses() -> None:
    assert asked(days(30, lambda day: 0.5), 0.8, 60).expected is None
    assert asked(days(30, lambda day: 0.5 - 0.001 * day), 0.8, 60).verdict == "Holds"


def test_a_limit_may_be_crossed_from_above() -> None:
    found = asked(days(30, lambda day: 100.0 - day), 50.0, 30, rising=False)
    assert found.verdict == "Fails"
    assert found.slope == pytest.approx(-1.0)
    assert found.slope_interval == pytest.approx((-1.0, -1.0))


def test_a_few_bad_samples_do_not_bend_the_trend() -> None:
    found = asked(days(40, lambda day: 9.9 if day in (3, 20, 21) else 0.3 + 0.01 * day), 0.8, 30)
    assert found.slope == pytest.approx(0.01, rel=0.02)


def test_noise_gives_an_interval_that_holds_the_truth() -> None:
    found = asked(noisy(), 0.8, 60)
    assert found.slope_interval is not None
    low, high = found.slope_interval
    assert low < 0.002 < high
    assert found.earliest is not None
    assert found.expected is not None
    assert found.earliest < found.expected


def test_where_only_the_steep_end_crosses_it_is_not_known() -> None:
    samples = noisy()
    found = asked(samples, 0.8, 400)
    assert found.earliest is not None
    assert found.expected is not None
    middle = found.earliest + (found.expected - found.earliest) / 2 - samples[-1][0]
    assert predict(square(), LINK, samples, 0.8, middle).verdict == "Unknown"


def test_what_is_over_the_limit_already_fails_today() -> None:
    found = asked(days(30, lambda day: 0.9 + 0.01 * day), 0.8, 1)
    assert (found.verdict, found.expected) == ("Fails", START + 29 * DAY)


@pytest.mark.parametrize(
    "samples",
    [
        [],
        days(9, float),
        [(START, float(number)) for number in range(50)],
        days(30, lambda day: float("nan")),
    ],
)
def test_too_few_samples_say_nothing(samples: list[tuple[datetime, float]]) -> None:
    found = asked(samples, 1e9, 30)
    assert (found.verdict, found.slope, found.expected) == ("Unknown", None, None)


def test_a_trend_is_not_trusted_far_beyond_its_samples() -> None:
    found = asked(days(12, lambda day: 0.3), 0.8, 365)
    assert (found.verdict, len(found.caveats)) == ("Unknown", 2)


def test_a_crossing_past_all_calendars_is_none() -> None:
    assert asked(days(30, lambda day: day * 1e-12), 1.0, 30).expected is None


def test_order_does_not_matter_and_many_samples_are_brought_together() -> None:
    samples = [(START + minute * timedelta(minutes=10), 0.3 + 1e-5 * minute) for minute in range(5000)]
    one, other = (predict(square(), LINK, each, 0.8, 30 * DAY) for each in (samples, samples[::-1]))
    assert one == other
    assert one.slope == pytest.approx(1e-5 * 144)
