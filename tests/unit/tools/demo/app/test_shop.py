"""The sample service does no more work at a time than it has slots, and says how much that is."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import pytest

from tools.demo.app.shop import Answer, Shop

T = TypeVar("T")

DEADLINE = 60.0


def run(work: Coroutine[None, None, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, DEADLINE))


async def busy(shop: Shop) -> int:
    _, text = await shop.answer("/metrics")
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("app_busy_slots "))


async def begun(*tasks: asyncio.Task[Answer]) -> None:
    """Let new tasks run as far as they get: to their work, or to the wait for a slot."""
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


def test_requests_beyond_the_slots_wait() -> None:
    async def work() -> list[int]:
        shop = Shop(2)
        asked = [asyncio.create_task(shop.answer("/work?seconds=20")) for _ in range(3)]
        await begun(*asked)
        counts = [await busy(shop)]
        last = asyncio.create_task(shop.answer("/"))
        await begun(last)
        # Two slots come free: the third request takes one and keeps it, the last one takes the other and ends.
        asked[0].cancel()
        asked[1].cancel()
        await last
        return [*counts, await busy(shop)]

    assert run(work()) == [2, 1]


def test_health_and_metrics_need_no_slot() -> None:
    async def work() -> tuple[Answer, Answer]:
        shop = Shop(1)
        holding = asyncio.create_task(shop.answer("/work?seconds=20"))
        await begun(holding)
        answers = await shop.answer("/healthz"), await shop.answer("/metrics")
        holding.cancel()
        return answers

    health, metrics = run(work())
    assert health == (200, "ok\n")
    assert metrics[0] == 200
    assert {"app_slots 1", "app_busy_slots 1"} <= set(metrics[1].splitlines())


@pytest.mark.parametrize(
    ("target", "status"), [("/work?seconds=long", 400), ("/nowhere", 404), ("/work?seconds=-1", 200)]
)
def test_what_it_is_asked_for_is_checked(target: str, status: int) -> None:
    assert run(Shop(1).answer(target))[0] == status


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n", b""])
def test_it_answers_over_a_socket_and_outlives_nonsense(request_line: bytes) -> None:
    async def work() -> tuple[bytes, bytes]:
        async with await asyncio.start_server(Shop(1).serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await exchange(port, request_line), await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")

    first, second = run(work())
    assert first.startswith(b"HTTP/1.1 200 ") == request_line.startswith(b"GET")
    assert second.startswith(b"HTTP/1.1 200 ")
    assert second.endswith(b"\r\n\r\nok\n")


async def exchange(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    writer.write_eof()
    received = await reader.read()
    writer.close()
    return received
