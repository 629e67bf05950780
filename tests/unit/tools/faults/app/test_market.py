"""The sample service answers for those that it asks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tools.faults.app.market import Market, answers


@asynccontextmanager
async def serving(*addresses: str) -> AsyncIterator[str]:
    server = await asyncio.start_server(Market(addresses).serve, host="127.0.0.1", port=0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def test_a_service_answers_for_those_that_it_asks() -> None:
    async def heard() -> bool:
        async with serving() as stock, serving(stock) as cart, serving(cart, stock) as front:
            return await answers(front)

    assert asyncio.run(heard())


def test_a_service_whose_like_is_silent_does_not_answer_for_it() -> None:
    async def heard() -> tuple[bool, int]:
        async with serving() as gone:
            pass
        async with serving(gone) as front:
            return await answers(front), await Market([gone]).answer("/healthz")

    assert asyncio.run(heard()) == (False, 200)


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/healthz", 200), ("/other", 404)])
def test_there_are_two_pages(path: str, status: int) -> None:
    assert asyncio.run(Market([]).answer(path)) == status


@pytest.mark.parametrize("request_", [b"", b"\r\n\r\n", b"x" * 70_000])
def test_whoever_does_not_speak_http_is_left(request_: bytes) -> None:
    async def ask() -> bytes:
        async with serving() as address:
            reader, writer = await asyncio.open_connection(*address.split(":"))
            writer.write(request_)
            writer.write_eof()
            try:
                return await reader.read()
            except ConnectionResetError:
                return b""
            finally:
                writer.close()

    assert asyncio.run(ask()) == b""
