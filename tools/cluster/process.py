"""Processes that outlive the program that started them, and the record that lets another one end them."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

LOG_TAIL = 2000
"""Characters of a dead process's log that an error quotes."""


@dataclass(frozen=True)
class Process:
    """A started process.

    `start_time` is in clock ticks since boot: a pid alone may have been given to another process since.
    `log` is the file its output goes to, empty where there is none.
    """

    name: str
    pid: int
    start_time: int
    log: str = ""


def start(
    name: str,
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Process:
    """Start `argv` in a session of its own, its output appended to `log`; it survives the caller.

    `env` replaces the environment whole. Raises FileNotFoundError for a program that is not there.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [str(part) for part in (argv if cwd is None else ("env", "-C", cwd, *argv))]
    # Not subprocess.Popen: its object wants to be kept and waited for, and these processes outlive us.
    pid = os.posix_spawnp(
        command[0],
        command,
        dict(os.environ if env is None else env),
        file_actions=(
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ),
        setsid=True,
    )
    return Process(name, pid, _stat(pid)[1], str(log))


def current(name: str) -> Process:
    """Return the running program itself, for others to see whether it still runs."""
    return Process(name, os.getpid(), _stat(os.getpid())[1])


def alive(process: Process) -> bool:
    """Say whether that very process still runs: not a zombie, not a later process of the same pid."""
    state, start_time = _stat(process.pid)
    if start_time != process.start_time:
        return False
    if state == "Z":
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        return False
    return True


def stop(process: Process, *, grace: float = 10.0) -> None:
    """Ask the process to end, and end it after `grace` seconds; return when it is gone."""
    send(process, signal.SIGTERM)
    with suppress(TimeoutError):
        wait_until(f"{process.name} to end", lambda: not alive(process), timeout=grace)
        return
    send(process, signal.SIGKILL)
    wait_until(f"{process.name} to be gone", lambda: not alive(process))


def send(process: Process, signum: signal.Signals) -> None:
    """Send a signal to that very process; do nothing where it no longer runs."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(process.pid)
        try:
            # The handle is of whatever had the pid when it was opened: checked after, it cannot change again.
            if alive(process):
                signal.pidfd_send_signal(handle, signum)
        finally:
            os.close(handle)


def wait_until(
    what: str,
    condition: Callable[[], bool],
    *,
    timeout: float = 120.0,
    interval: float = 0.05,
    alive_also: Iterable[Process] = (),
) -> float:
    """Wait until `condition` holds and return the seconds that took.

    Raises TimeoutError after `timeout` seconds, and RuntimeError with the end of its log as soon as one of
    the processes in `alive_also` is dead: waiting on would be in vain. Both name `what`.
    """
    began = time.monotonic()
    watched = tuple(alive_also)
    while not condition():
        waited = time.monotonic() - began
        for process in watched:
            if not alive(process):
                raise RuntimeError(f"{process.name} ended while waiting for {what}\n{log_tail(process)}")
        if waited > timeout:
            raise TimeoutError(f"waited {waited:.0f} s for {what}")
        time.sleep(interval)
    return time.monotonic() - began


def log_tail(process: Process) -> str:
    """Return the end of the process's log, empty where there is none."""
    if not process.log or not Path(process.log).exists():
        return ""
    return Path(process.log).read_text(errors="replace")[-LOG_TAIL:]


def _stat(pid: int) -> tuple[str, int]:
    """Return the state letter and the start time, `("", -1)` for a pid that nobody has."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "", -1
    # The second field is the program's name in brackets and may hold anything, spaces and brackets too.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])


class State:
    """What a cluster must know of itself after a crash: a folder with one `state.json`, replaced atomically."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "state.json"

    def create(self) -> None:
        """Make the folder. Raises FileExistsError where it holds anything: it is removed whole one day."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            raise FileExistsError(f"{self.folder} is not empty: choose another folder for the cluster")
        self._write("values", {})

    def remove(self) -> None:
        """Remove the folder and all in it; one that `create` did not make is left alone."""
        if self._file.exists():
            shutil.rmtree(self.folder)

    def record(self, process: Process) -> Process:
        """Remember a started process, in place of an earlier one of its name; return it."""
        self._write("processes", {**self._section("processes"), process.name: asdict(process)})
        return process

    def processes(self) -> list[Process]:
        """Return the recorded processes, the earliest recorded first, dead ones included."""
        return [Process(**fields) for fields in self._section("processes").values()]

    def set(self, key: str, value: Any) -> None:
        """Remember a JSON value under `key`."""
        self._write("values", {**self._section("values"), key: value})

    def get(self, key: str) -> Any:
        """Return the value under `key`, None where there is none."""
        return self._section("values").get(key)

    def _section(self, name: str) -> dict[str, Any]:
        whole = json.loads(self._file.read_text()) if self._file.exists() else {}
        return dict(whole.get(name, {}))

    def _write(self, name: str, section: dict[str, Any]) -> None:
        whole = json.loads(self._file.read_text()) if self._file.exists() else {}
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({**whole, name: section}, indent=1))
        draft.replace(self._file)
