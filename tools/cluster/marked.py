"""Processes that carry a cluster's mark in their environment, found without any record of them.

A program that is killed right after it started a process has had no time to write it down. The mark is there
from the process's first moment.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tools.cluster.process import wait_until

VARIABLE = "FORESTALL_CLUSTER"


def mark(cluster: Path) -> dict[str, str]:
    """Return the part of an environment that marks a process as one of the cluster in that folder."""
    return {VARIABLE: str(cluster.resolve())}


def marked(cluster: Path) -> list[int]:
    """Return the pids of the cluster's live processes, those that inherited the mark included."""
    return [pid for pid in _pids() if _is_marked(pid, cluster)]


def end_all(cluster: Path) -> None:
    """End every marked process, and with a namespace's first process all that is inside; wait until they are gone."""
    wait_until("the cluster's processes to end", lambda: _ended(cluster))


def _ended(cluster: Path) -> bool:
    found = marked(cluster)
    parents = {_parent(pid) for pid in _pids()}
    for pid in found:
        # One that has a child waits for it and must live to bury it: it ends by itself when the child has.
        if pid not in parents or _is_first(pid):
            _kill(pid, cluster)
    return not found


def _kill(pid: int, cluster: Path) -> None:
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            # Looked at again behind the handle: from here on it cannot mean another process.
            if _is_marked(pid, cluster):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)


def _is_marked(pid: int, cluster: Path) -> bool:
    ((name, value),) = mark(cluster).items()
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return False
    return f"{name}={value}".encode() in environment.split(b"\0")


def _is_first(pid: int) -> bool:
    """Say whether the process is number 1 in a namespace of its own."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(numbers) > 1 and numbers[-1] == "1"


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _parent(pid: int) -> int:
    """Return the pid of a process's parent, 0 for a pid that nobody has."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
