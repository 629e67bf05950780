"""Workers: what fails is tried again, what asks for it is looked at again, and one failure stops nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise

import pytest

from forestall.api.base import Key
from forestall.ports import KubeError
from forestall.runtime.queue import LONGEST_BACKOFF, WorkQueue
from forestall.runtime.telemetry import Metrics
from forestall.runtime.workers import OUTAGE_BACKOFF, work
from tests.unit.runtime.instant import run

A, B = Key("Plan", "shop", "a"), Key("Plan", "shop", "b")


class Reconciler:
    """Answers as told, the last answer for ever; keeps when it was asked for what."""

    def __init__(self, answers: Mapping[Key, list[timedelta | Exception | None]]) -> None:
        self._answers = answers
        self.asked: list[tuple[float, Key]] = []

    async def __call__(self, key: Key) -> timedelta | None:
        self.asked.append((round(asyncio.get_running_loop().time(), 3), key))
        answers = self._answers[key]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def worked(answers: Mapping[Key, list[timedelta | Exception | None]], seconds: float) -> tuple[Reconciler, Metrics]:
    """Work for so many seconds, with two workers."""
    reconciler, metrics = Reconciler(answers), Metrics()

    async def both() -> None:
        queue: WorkQueue[Key] = WorkQueue(asyncio.get_running_loop().time)
        for key in answers:
            queue.add(key)
        workers = [asyncio.create_task(work(queue, {"Plan": reconciler}, metrics)) for _ in range(2)]
        await asyncio.sleep(seconds)
        assert not any(worker.done() for worker in workers)
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
        assert all(worker.cancelled() for worker in workers)

    run(both())
    return reconciler, metrics


def test_a_key_that_needs_no_more_is_left_alone() -> None:
    assert worked({A: [None]}, 3600)[0].asked == [(0, A)]


def test_a_key_is_looked_at_again_when_it_asked_for_it() -> None:
    assert worked({A: [timedelta(seconds=5), None]}, 60)[0].asked == [(0, A), (5, A)]


def test_a_failure_is_tried_again_for_ever() -> None:
    failing, _ = worked({A: [KubeError(422, "Invalid", "")]}, 3600)
    assert len(failing.asked) > 60
    assert [at for at, _ in failing.asked[:4]] == [0, 0.2, 0.6, 1.4]


def test_a_defect_in_one_key_stops_no_other() -> None:
    found, _ = worked({A: [ZeroDivisionError()], B: [timedelta(seconds=1)]}, 10)
    assert len([key for _, key in found.asked if key == B]) == 10


def test_what_failed_and_then_went_well_is_well() -> None:
    assert len(worked({A: [ValueError("once"), None]}, 3600)[0].asked) == 2


def test_every_run_is_counted_by_its_result() -> None:
    _, metrics = worked({A: [ValueError("once"), None]}, 3600)
    counted = {
        result: metrics.registry.get_sample_value(
            "forestall_reconcile_seconds_count", {"kind": "Plan", "result": result}
        )
        for result in ("ok", "error")
    }
    assert counted == {"ok": 1, "error": 1}


@pytest.mark.parametrize(
    ("status", "longest"),
    [*((status, OUTAGE_BACKOFF) for status in (0, 429, 500, 503, 504)), (403, LONGEST_BACKOFF), (422, LONGEST_BACKOFF)],
)
def test_an_outage_is_over_for_a_key_soon_after_it_is_over(status: int, longest: float) -> None:
    asked = worked({A: [KubeError(status, "No", "")]}, 3600)[0].asked
    assert max(later - sooner for (sooner, _), (later, _) in pairwise(asked)) == pytest.approx(longest, abs=0.01)


def test_the_longest_pause_of_an_outage_leaves_time_to_recover_within_five_seconds() -> None:
    assert OUTAGE_BACKOFF <= 3
