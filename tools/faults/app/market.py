"""A service of the sample market: `python market.py [ADDRESS...]` serves, and asks each ADDRESS while it answers.

`/` answers 200 where every service that it asks does, else 502; `/healthz` asks nobody. A service keeps CACHE
(32) MiB of memory and listens on PORT (8080), both from the environment. Nothing but the standard library is needed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

PATIENCE = 0.4
"""Seconds after which a service that was asked counts as silent."""

DRAIN = 1.0
"""Seconds that the service still answers after it was asked to end: its address is in use a little longer."""


class Market:
    """A service that leans on those at `addresses`, each HOST:PORT."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the one request of a connection and close it."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status = await self.answer(head.split(" ", 2)[1])
            writer.write(f"HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        except (OSError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone, or does not speak HTTP
        finally:
            writer.close()

    async def answer(self, target: str) -> int:
        """Return the status for a request's path."""
        if target == "/healthz":
            return 200
        if target != "/":
            return 404
        heard = await asyncio.gather(*map(answers, self._addresses))
        return 200 if all(heard) else 502


async def answers(address: str) -> bool:
    """Return whether the service at HOST:PORT answers 200 in time."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except OSError:
        return False


async def main(addresses: Sequence[str]) -> None:
    """Serve until asked to end."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    cache = b"\x01" * (int(os.environ.get("CACHE", "32")) << 20)
    async with await asyncio.start_server(Market(addresses).serve, port=int(os.environ.get("PORT", "8080"))):
        await asked.wait()
        await asyncio.sleep(DRAIN)
    del cache


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
