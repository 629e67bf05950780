"""Liveness, readiness and metrics over HTTP, from what the process itself can feel: loop lag, queue and watch age."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from forestall.runtime.telemetry import Metrics

LONGEST_LAG = 5.0
LONGEST_WAIT = 120.0
LONGEST_SILENCE = 180.0
BEAT = 0.5


class Health:
    """What the process says of itself. `queue_age` and `watch_age` give seconds."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        time: Callable[[], float],
        queue_age: Callable[[], float],
        watch_age: Callable[[], float],
        ready: Callable[[], bool],
    ) -> None:
        self._metrics, self._time = metrics, time
        self._queue_age, self._watch_age, self._ready = queue_age, watch_age, ready
        self.lag = 0.0

    def problems(self) -> list[str]:
        """Why the process should be restarted; empty while it is well."""
        felt = (
            (self.lag, LONGEST_LAG, "the event loop lags"),
            (self._queue_age(), LONGEST_WAIT, "the oldest key in the queue waits"),
            (self._watch_age(), LONGEST_SILENCE, "the watches hear nothing of an API server that answers"),
        )
        return [f"{what} {value:.0f} s" for value, limit, what in felt if value > limit]

    async def beat(self) -> None:
        """Measure the event loop's lag for ever."""
        while True:
            before = self._time()
            await asyncio.sleep(BEAT)
            self.lag = max(self._time() - before - BEAT, 0.0)
            self._metrics.loop_lag.observe(self.lag)

    async def serve(self, port: int) -> tuple[web.AppRunner, int]:
        """Answer on `port` until the runner is cleaned up; returns it and the port in use."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._scrape)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", port)  # noqa: S104  # the kubelet and Prometheus ask from outside the pod
        await site.start()
        return runner, int(runner.addresses[0][1])

    async def _healthz(self, _: web.Request) -> web.Response:
        problems = self.problems()
        return web.Response(text="; ".join(problems) or "ok", status=503 if problems else 200)

    async def _readyz(self, _: web.Request) -> web.Response:
        ready = self._ready()
        return web.Response(text="ok" if ready else "not synchronised yet", status=200 if ready else 503)

    async def _scrape(self, _: web.Request) -> web.Response:
        text = await asyncio.to_thread(generate_latest, self._metrics.registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})
