"""Health: what the process feels of itself, and what it tells the kubelet and Prometheus."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import aiohttp
import pytest
from prometheus_client import Metric
from prometheus_client.registry import Collector

from forestall.runtime.health import Health
from forestall.runtime.telemetry import Metrics
from tests.unit.runtime.instant import run


def health(queue_age: float = 0.0, watch_age: float = 0.0, *, ready: bool = True) -> Health:
    return Health(Metrics(), time=float, queue_age=lambda: queue_age, watch_age=lambda: watch_age, ready=lambda: ready)


WAITS, SILENT = "the oldest key in the queue waits", "the watches hear nothing of an API server that answers"


@pytest.mark.parametrize(
    ("queue_age", "watch_age", "told"),
    [
        (120.0, 180.0, []),
        (121.0, 0.0, [f"{WAITS} 121 s"]),
        (0.0, 181.0, [f"{SILENT} 181 s"]),
        (500.0, 500.0, [f"{WAITS} 500 s", f"{SILENT} 500 s"]),
    ],
)
def test_it_is_well_until_a_limit_is_passed(queue_age: float, watch_age: float, told: list[str]) -> None:
    assert health(queue_age, watch_age).problems() == told


def test_a_loop_that_lags_is_a_problem() -> None:
    lagging = health()
    lagging.lag = 5.1
    assert lagging.problems() == ["the event loop lags 5 s"]


def test_its_beat_measures_the_lag() -> None:
    metrics = Metrics()

    async def beat() -> Health:
        loop = asyncio.get_running_loop()
        slow = Health(
            metrics, time=lambda: loop.time() * 3, queue_age=lambda: 0.0, watch_age=lambda: 0.0, ready=lambda: True
        )
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow.beat(), 2)
        return slow

    slow = run(beat())
    assert slow.lag == pytest.approx(1.0)  # half a second that took three times as long
    told = [metrics.registry.get_sample_value(f"forestall_loop_lag_seconds_{part}") for part in ("count", "sum")]
    assert told == pytest.approx([3, 3.0])


def answers(told: Health) -> dict[str, tuple[int, str]]:
    """Status and body of each path."""

    async def ask() -> dict[str, tuple[int, str]]:
        runner, port = await told.serve(0)
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", trust_env=False) as session:
                found = {}
                for path in ("/healthz", "/readyz", "/metrics"):
                    async with session.get(path) as answer:
                        found[path] = (answer.status, await answer.text())
                return found
        finally:
            await runner.cleanup()

    return asyncio.run(ask())


def test_a_process_that_is_well_says_so() -> None:
    found = answers(health())
    assert (found["/healthz"], found["/readyz"]) == ((200, "ok"), (200, "ok"))
    assert found["/metrics"][0] == 200
    assert "forestall_approval_policy_enforced 0.0" in found["/metrics"][1]


def test_a_process_that_is_not_well_says_why() -> None:
    found = answers(health(queue_age=500.0, ready=False))
    assert found["/healthz"] == (503, "the oldest key in the queue waits 500 s")
    assert found["/readyz"] == (503, "not synchronised yet")


def test_a_scrape_does_not_hold_the_event_loop() -> None:
    """Counting what the operator holds takes longer than the loop may be held."""
    scraped, gone_on = threading.Event(), threading.Event()

    class Slow(Collector):
        def collect(self) -> Iterator[Metric]:
            scraped.set()
            assert gone_on.wait(60), "nothing else ran meanwhile"
            yield from ()

    async def scrape() -> None:
        told = Health(metrics, time=float, queue_age=lambda: 0.0, watch_age=lambda: 0.0, ready=lambda: True)
        runner, port = await told.serve(0)
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", trust_env=False) as session:
                answer = asyncio.create_task(session.get("/metrics"))
                assert await asyncio.to_thread(scraped.wait, 60)
                gone_on.set()
                assert (await answer).status == 200
        finally:
            await runner.cleanup()

    metrics = Metrics()
    metrics.registry.register(Slow())
    asyncio.run(scrape())
