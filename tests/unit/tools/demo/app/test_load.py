"""The load keeps its rate, whatever becomes of its requests."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from tools.demo.app.load import drive

DEADLINE = 60.0

Treatment = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]]


async def keep_waiting(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize("treatment", [keep_waiting, reset])
def test_requests_go_on_although_none_is_answered(treatment: Treatment) -> None:
    asked: list[bytes] = []

    async def work() -> None:
        enough = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n"))
            if len(asked) == 20:
                enough.set()
            await treatment(reader, writer)
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            driving = asyncio.create_task(drive(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", 1000, 0.5))
            await enough.wait()
            driving.cancel()
            with suppress(asyncio.CancelledError):
                await driving

    asyncio.run(asyncio.wait_for(work(), DEADLINE))
    assert set(asked) == {b"GET /work?seconds=0.5 HTTP/1.1\r\n"}
