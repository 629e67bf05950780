"""The forwarder copies both directions faithfully and passes each end on."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tools.cluster import forward


@pytest.fixture
def upstream() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener


@pytest.fixture
def through(upstream: socket.socket) -> Iterator[socket.socket]:
    """A connection to the forwarder, whose other side leads to `upstream`."""

    def connect() -> socket.socket:
        return socket.create_connection(upstream.getsockname())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=forward.serve, args=(listener, connect), daemon=True).start()
        with socket.create_connection(listener.getsockname(), timeout=60) as connection:
            yield connection


def everything(source: socket.socket) -> bytes:
    return b"".join(iter(lambda: source.recv(1 << 16), b""))


def test_what_one_end_sends_the_other_gets(through: socket.socket, upstream: socket.socket) -> None:
    inner, _ = upstream.accept()
    with inner:
        through.sendall(b"question")
        assert inner.recv(100) == b"question"
        inner.sendall(b"answer")
        assert through.recv(100) == b"answer"


def test_an_end_is_passed_on_while_the_other_direction_still_flows(
    through: socket.socket, upstream: socket.socket
) -> None:
    inner, _ = upstream.accept()
    with inner:
        through.sendall(b"all of it")
        through.shutdown(socket.SHUT_WR)
        assert everything(inner) == b"all of it"
        inner.sendall(b"much more" * 100_000)
    assert everything(through) == b"much more" * 100_000


def test_where_nothing_listens_the_connection_is_closed() -> None:
    def refuse() -> socket.socket:
        raise ConnectionRefusedError

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=forward.serve, args=(listener, refuse), daemon=True).start()
        with socket.create_connection(listener.getsockname(), timeout=60) as connection:
            assert everything(connection) == b""
