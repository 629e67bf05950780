"""The sample service: every pod has a fixed number of work slots, and a request waits until one is free.

`/` uses a slot for a few milliseconds, `/work?seconds=0.5` for as long as it says; `/healthz` and `/metrics` use
none. SLOTS (8) and PORT (8080) come from the environment. Nothing but the standard library is needed.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

GLANCE = 0.005
"""Seconds that `/` holds its slot."""

LONGEST = 30.0
"""Seconds that a request may hold its slot at most."""

DRAIN = 2.0
"""Seconds that the service still answers after it was asked to end: its address is in use a little longer."""

METRICS = """# HELP app_slots Work slots of the pod
# TYPE app_slots gauge
app_slots {slots}
# HELP app_busy_slots Work slots in use
# TYPE app_busy_slots gauge
app_busy_slots {busy}
"""

Answer = tuple[int, str]


class Shop:
    """A service with `slots` work slots."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._busy = 0
        self._free = asyncio.Semaphore(slots)
        self._routes: dict[str, Callable[[dict[str, list[str]]], Awaitable[Answer]]] = {
            "/": self._glance,
            "/work": self._work,
            "/healthz": self._health,
            "/metrics": self._metrics,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection and close it."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, body = await self.answer(head.split(" ", 2)[1])
            writer.write(_response(status, body))
            await writer.drain()
        except (OSError, ValueError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone, or does not speak HTTP
        finally:
            writer.close()

    async def answer(self, target: str) -> Answer:
        """Return status and text for a request's path and query."""
        parts = urlsplit(target)
        route = self._routes.get(parts.path)
        return await route(parse_qs(parts.query)) if route else (404, "there is no such page\n")

    async def _glance(self, _: dict[str, list[str]]) -> Answer:
        return await self._use(GLANCE)

    async def _work(self, query: dict[str, list[str]]) -> Answer:
        try:
            seconds = float(query.get("seconds", ["0.1"])[0])
        except ValueError:
            return 400, "seconds must be a number\n"
        return await self._use(min(max(seconds, 0.0), LONGEST))

    async def _use(self, seconds: float) -> Answer:
        async with self._free:
            self._busy += 1
            try:
                await asyncio.sleep(seconds)
            finally:
                self._busy -= 1
        return 200, "done\n"

    async def _health(self, _: dict[str, list[str]]) -> Answer:
        return 200, "ok\n"

    async def _metrics(self, _: dict[str, list[str]]) -> Answer:
        return 200, METRICS.format(slots=self._slots, busy=self._busy)


def _response(status: int, body: str) -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: text/plain; version=0.0.4\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()


async def main() -> None:
    """Serve until asked to end."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    shop = Shop(int(os.environ.get("SLOTS", "8")))
    async with await asyncio.start_server(shop.serve, port=int(os.environ.get("PORT", "8080")), backlog=1024):
        await asked.wait()
        await asyncio.sleep(DRAIN)


if __name__ == "__main__":
    asyncio.run(main())
