"""Makes an address inside a node's network reachable at a loopback port of this machine.

Runs as a process of its own: `python -m tools.cluster.forward PID PORT HOST:PORT` listens on 127.0.0.1:PORT
and opens each connection's other half inside the network of the process PID.
"""

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from tools.cluster.namespaces import network_of

CHUNK = 1 << 16
CONNECT_TIMEOUT = 10.0
"""Seconds until an address inside counts as unreachable."""


def serve(listener: socket.socket, connect: Callable[[], socket.socket]) -> None:
    """Accept connections until the listener is closed, and tie each to one that `connect` opens."""
    with suppress(OSError):
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=_tie, args=(accepted, connect), daemon=True).start()


def connect_inside(pid: int, host: str, port: int) -> socket.socket:
    """Open a connection to `host`:`port` from within the network of the process `pid`."""
    with network_of(pid):
        opened = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT)
    opened.settimeout(None)
    return opened


def _tie(accepted: socket.socket, connect: Callable[[], socket.socket]) -> None:
    with accepted, suppress(OSError), connect() as opened:
        back = threading.Thread(target=_pump, args=(opened, accepted), daemon=True)
        back.start()
        _pump(accepted, opened)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy one direction until its end, then pass the end on; the other direction may still flow."""
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def main(pid: int, port: int, address: str) -> None:
    """Forward until ended."""
    host, _, inner = address.rpartition(":")
    with socket.create_server(("127.0.0.1", port), backlog=128) as listener:
        serve(listener, lambda: connect_inside(pid, host, int(inner)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
