"""A node's private namespaces: its own network, mounts, processes, host name.

Only loopback and our own bridge exist inside: nothing can leave, ports never collide, and ending the first
process ends every process, mount and interface of the node at once.
"""

import ctypes
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.cluster import process
from tools.cluster.node import Node
from tools.cluster.process import Process, State

CLONE_NEWNET = 0x40000000

KINDS = ("--net", "--mount", "--propagation=private", "--pid", "--mount-proc", "--ipc", "--uts")
"""Namespaces of a node, for unshare."""

SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What a kubelet wants in /proc/sys. None of it belongs to a namespace: a node gets files of its own instead."""

SETUP = """set -e
exec 9<{cluster}
mount -t tmpfs -o mode=755 tmpfs /run
for folder in /var/lib /var/log; do
  mkdir -p /run/covers$folder/upper /run/covers$folder/work
  mount -t overlay -o lowerdir=$folder,upperdir=/run/covers$folder/upper,workdir=/run/covers$folder/work overlay $folder
done
mkdir -p {cluster}
mount --no-canonicalize --bind /proc/self/fd/9 {cluster}
cd {settings}
for setting in */* */*/*; do
  if [ -f $setting ] && [ -e /proc/sys/$setting ]; then mount --bind $setting /proc/sys/$setting; fi
done
echo {name} > /proc/sys/kernel/hostname
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link set lo up
"""
"""Makes a node of fresh namespaces.

What daemons write to fixed places lands in memory, above the host's folders and not in them. The cluster's
own folder stays the real one, wherever it is.
"""


PROBE = """set -e
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/upper,workdir=/run/work overlay /var/lib
ip link add probe type bridge
ip link add one type veth peer name other
test -r /proc/self/task/self/children || test -r /proc/1/task/1/children
"""
"""Does what nodes will want, in namespaces that end with it."""


class Namespaces:
    """The namespaces of one node, which live as long as their first process, recorded in `state`.

    `environment` is that of everything inside, whole: nothing of the caller's own gets in.
    """

    def __init__(self, node: Node, state: State, environment: Mapping[str, str]) -> None:
        self.node = node
        self._state = state
        self._environment = dict(environment)

    def create(self, pause: Path) -> None:
        """Make the namespaces around `pause`, a static program that waits and reaps, and furnish them."""
        for setting, value in SETTINGS.items():
            file = self.node.folder / "sys" / setting
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(value + "\n")
        command = ["unshare", *KINDS, "--fork", "--kill-child", str(pause)]
        holder = self._record("namespaces", command, self.node.folder / "namespaces.log")
        process.wait_until(f"namespaces of {self.node.name}", lambda: self._furnishable(pause), alive_also=[holder])
        self.shell(
            SETUP.format(
                cluster=shlex.quote(str(self.node.cluster)),
                settings=shlex.quote(str(self.node.folder / "sys")),
                name=self.node.name,
            )
        )

    @property
    def alive(self) -> bool:
        """Whether the namespaces exist."""
        holder = self.process("namespaces")
        return holder is not None and process.alive(holder)

    @property
    def pid(self) -> int:
        """The host's pid of the first process. Raises ProcessLookupError where the node does not run."""
        holder = self.process("namespaces")
        child = _child(holder) if holder else None
        if child is None:
            raise ProcessLookupError(f"{self.node.name} does not run")
        return child

    def enter(self, *argv: str) -> list[str]:
        """Return the command that runs `argv` inside, in the root folder, paths seen as the node sees them."""
        return ["nsenter", f"--target={self.pid}", "--all", "--", *argv]

    def run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return its output; CalledProcessError, with its words, if it fails."""
        done = subprocess.run(self.enter(*argv), env=self._environment, capture_output=True, text=True, check=False)
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, argv, done.stdout, done.stderr)
            error.add_note(f"on {self.node.name}: {done.stderr.strip()}")
            raise error
        return done

    def shell(self, script: str) -> None:
        """Run a shell script inside."""
        self.run("sh", "-c", script)

    def start(self, name: str, argv: Sequence[str | Path], log: Path) -> Process:
        """Start a process inside that outlives the caller, its output appended to `log`.

        It is ended by `stop` and with the node, and not by its pid: that is of a process which only waits.
        """
        return self._record(name, self.enter(*map(str, argv)), log)

    def process(self, name: str) -> Process | None:
        """Return the process started last under that name, None where there was none."""
        wanted = self._label(name)
        return next((found for found in self._state.processes() if found.name == wanted), None)

    def stop(self, name: str) -> None:
        """End the process of that name at once; return when it is gone."""
        entered = self.process(name)
        if entered is not None:
            _end(entered)

    def destroy(self) -> None:
        """End every process inside at once, and with them the mounts and interfaces; wait until they are gone."""
        self.stop("namespaces")
        prefix = self._label("")
        for recorded in self._state.processes():
            if recorded.name.startswith(prefix):
                _wait_for_end(recorded)

    def _record(self, name: str, argv: Sequence[str], log: Path) -> Process:
        return self._state.record(process.start(self._label(name), argv, log=log, env=self._environment))

    def _label(self, name: str) -> str:
        return f"{self.node.name}/{name}"

    def _furnishable(self, pause: Path) -> bool:
        """Whether the first process has become `pause`: /proc is mounted by then."""
        with suppress(ProcessLookupError, FileNotFoundError):
            return Path(f"/proc/{self.pid}/comm").read_text().strip() == pause.name
        return False


def unavailable() -> str | None:
    """Say why namespaces with an overlay and a bridge in them cannot be made here, None where they can."""
    done = subprocess.run(["unshare", *KINDS, "--fork", "sh", "-c", PROBE], capture_output=True, text=True, check=False)
    return f"namespaces cannot be made: {done.stderr.strip()}" if done.returncode else None


@contextmanager
def network_of(pid: int) -> Iterator[None]:
    """Put the calling thread into the network of the process `pid`: sockets made meanwhile stay there.

    Raises OSError where that process is gone or this one may not enter.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            _set_network(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _set_network(home)
    finally:
        os.close(home)


def _set_network(descriptor: int) -> None:
    # Python has os.setns from 3.12 on.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _child(parent: Process) -> int | None:
    """Return the pid of the one child of a live process, None where there is none."""
    if not process.alive(parent):
        return None
    try:
        pids = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(pids[0]) if pids else None


def _wait_for_end(recorded: Process) -> None:
    process.wait_until(f"{recorded.name} to be gone", lambda: not process.alive(recorded))


def _end(parent: Process) -> None:
    """End the process inside that `parent` only waits for; `parent` must live to bury it, and then ends."""

    def ended() -> bool:
        # Each time anew: a parent that has just started may not have its child yet.
        _kill_child(parent)
        return not process.alive(parent)

    process.wait_until(f"{parent.name} to be gone", ended)


def _kill_child(parent: Process) -> None:
    child = _child(parent)
    if child is None:
        return
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(child)
        try:
            # Looked up again behind the handle: from here on it cannot mean another process.
            if _child(parent) == child:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        finally:
            os.close(handle)
