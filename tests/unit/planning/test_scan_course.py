"""Which Jobs work on a question about a network that changes: what runs ends, and what has ended stands until then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forestall.inspection.scans import Scan
from forestall.planning.scan_course import Course, course
from forestall.ports import Json
from tests.unit.planning.test_scan_job import asked

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
INTERVAL = timedelta(seconds=30)
NOW = replace(asked(), topology="now")
EARLIER = replace(asked(), topology="earlier")
EARLIEST = replace(asked(), topology="earliest")


def at(seconds: int) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat()


def job(*, suspend: bool = False, ended: int | None = None, began: int | None = -1000) -> Json:
    """A Job that began and ended so many seconds after noon."""
    conditions = [] if ended is None else [{"type": "Complete", "status": "True", "lastTransitionTime": at(ended)}]
    started = {} if began is None else {"startTime": at(began)}
    return {
        "metadata": {"creationTimestamp": at(-1000)},
        "spec": {"suspend": suspend},
        "status": {**started, "conditions": conditions},
    }


SUSPENDED, RUNNING = job(suspend=True), job()
ENDED, ENDED_BEFORE = job(ended=-300, began=-400), job(ended=-500, began=-600)

CASES: Sequence[tuple[dict[Scan, Json], Course]] = [
    ({}, Course(NOW)),
    ({NOW: SUSPENDED}, Course(NOW)),
    ({NOW: RUNNING}, Course(NOW)),
    ({NOW: ENDED}, Course(NOW)),
    ({NOW: ENDED, EARLIER: RUNNING, EARLIEST: ENDED_BEFORE}, Course(NOW)),
    ({NOW: RUNNING, EARLIER: ENDED}, Course(NOW, EARLIER)),
    ({NOW: RUNNING, EARLIER: ENDED_BEFORE, EARLIEST: ENDED}, Course(NOW, EARLIEST)),
    ({NOW: RUNNING, EARLIER: RUNNING}, Course(NOW)),
    ({NOW: SUSPENDED, EARLIER: RUNNING, EARLIEST: ENDED}, Course(EARLIER, EARLIEST)),
    ({NOW: SUSPENDED, EARLIER: SUSPENDED}, Course(NOW)),
    ({EARLIER: SUSPENDED}, Course(NOW)),
    ({EARLIER: RUNNING}, Course(EARLIER)),
    ({EARLIER: RUNNING, EARLIEST: ENDED}, Course(EARLIER, EARLIEST)),
    ({EARLIER: SUSPENDED, EARLIEST: ENDED}, Course(NOW, EARLIEST)),
    ({EARLIER: ENDED}, Course(NOW, EARLIER)),
]


@pytest.mark.parametrize(("jobs", "expected"), CASES, ids=str)
def test_what_is_there_decides_what_is_done_and_what_stands(jobs: dict[Scan, Json], expected: Course) -> None:
    assert course(NOW, jobs, NOON, INTERVAL) == expected


@pytest.mark.parametrize(
    ("began", "ended", "is_early"),
    [(-400, -201, False), (-400, -199, True), (-31, -30, False), (-30, -29, True), (None, -499, True)],
)
def test_scans_take_half_of_the_time_at_most_and_a_pass_never_needs_two(
    began: int | None, ended: int, is_early: bool
) -> None:
    found = course(NOW, {EARLIER: job(began=began, ended=ended)}, NOON, INTERVAL)
    assert found == Course(None if is_early else NOW, EARLIER)


@pytest.mark.parametrize("change", [{"scenarios": "x"}, {"limit": 0.5}, {"pairs": False}, {"network": "x"}], ids=str)
def test_the_answer_to_another_question_is_none(change: dict[str, Any]) -> None:
    others = {replace(EARLIER, **change): RUNNING, replace(EARLIEST, **change): ENDED}
    assert course(NOW, others, NOON, INTERVAL) == Course(NOW)


def test_the_latest_is_told_first() -> None:
    assert Course(NOW, EARLIER).scans == [NOW, EARLIER]
    assert Course(None, EARLIER).scans == [EARLIER]
