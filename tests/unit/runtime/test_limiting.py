"""Each source has its own measure: as many at once as it holds, and no more in time than it refills by."""

from __future__ import annotations

from forestall.runtime.limiting import MOST_SOURCES, Limiter


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_source_may_ask_at_once_and_then_at_its_rate() -> None:
    time = Time()
    limiter = Limiter(time, rate=2.0, burst=3)
    assert [limiter.wait("a") for _ in range(5)] == [0.0, 0.0, 0.0, 0.5, 0.5]
    time.now = 0.5
    assert [limiter.wait("a") for _ in range(2)] == [0.0, 0.5]
    time.now = 1000.0
    assert [limiter.wait("a") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]


def test_one_source_takes_nothing_from_another() -> None:
    limiter = Limiter(Time(), rate=1.0, burst=1)
    assert [limiter.wait(source) for source in ("a", "a", "b", "b")] == [0.0, 1.0, 0.0, 1.0]


def test_thousands_of_sources_take_no_more_room_than_a_thousand() -> None:
    limiter = Limiter(Time(), rate=1.0, burst=1)
    for number in range(MOST_SOURCES):
        limiter.wait(str(number))
    assert limiter.wait("0") == 1.0  # it is remembered, and is now the last that asked
    limiter.wait("one more")
    assert limiter.wait("0") == 1.0
    assert limiter.wait("1") == 0.0  # it was forgotten: it had asked longest ago
