"""The sample's load: so many requests a second, however slowly they are answered.

`python load.py ADDRESS RATE SECONDS` asks http://ADDRESS/work RATE times a second to hold a slot for SECONDS, each
time on a connection of its own. Nothing but the standard library is needed.
"""

import asyncio
import sys
from contextlib import suppress

PATIENCE = 10.0
"""Seconds after which a request is given up."""


async def ask(host: str, port: int, seconds: float) -> None:
    """Make one request and read its answer to the end; whatever goes wrong, the load goes on."""
    with suppress(OSError):
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(f"GET /work?seconds={seconds} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                await reader.read()
            finally:
                writer.close()


async def drive(address: str, rate: float, seconds: float) -> None:
    """Make `rate` requests a second for ever, evenly in time."""
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    following = loop.time()
    async with asyncio.TaskGroup() as requests:
        while True:
            requests.create_task(ask(host, int(port), seconds))
            following += 1 / rate
            await asyncio.sleep(following - loop.time())


if __name__ == "__main__":
    asyncio.run(drive(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
