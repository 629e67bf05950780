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


class Namespaces:
    """The namespaces of one node, which live as long as their first process, recorded in `state`."""

    def __init__(self, node: Node, state: State) -> None:
        self.node = node
        self._state = state

    def create(self, pause: Path) -> None:
        """Make the namespaces around `pause`, a static program that waits and reaps, and furnish them."""
        for setting, value in SETTINGS.items():
            file = self.node.folder / "sys" / setting
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(value + "\n")
        kinds = ("--net", "--mount", "--propagation=private", "--pid", "--mount-proc", "--ipc", "--uts")
        holder = self._record("namespaces", ["unshare", *kinds, "--fork", "--kill-child", str(pause)], None)
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
        holder = self._find("namespaces")
        return holder is not None and process.alive(holder)

    @property
    def pid(self) -> int:
        """The host's pid of the first process. Raises ProcessLookupError where the node does not run."""
        holder = self._find("namespaces")
        child = _child(holder) if holder else None
        if child is None:
            raise ProcessLookupError(f"{self.node.name} does not run")
        return child

    def enter(self, *argv: str) -> list[str]:
        """Return the command that runs `argv` inside, in the root folder, paths seen as the node sees them."""
        return ["nsenter", f"--target={self.pid}", "--all", "--", *argv]

    def run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return its output; CalledProcessError, with its words, if it fails."""
        done = subprocess.run(self.enter(*argv), capture_output=True, text=True, check=False)
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, argv, done.stdout, done.stderr)
            error.add_note(f"on {self.node.name}: {done.stderr.strip()}")
            raise error
        return done

    def shell(self, script: str) -> None:
        """Run a shell script inside."""
        self.run("sh", "-c", script)

    def start(self, name: str, argv: Sequence[str], environment: Mapping[str, str]) -> Process:
        """Start a process inside that outlives the caller, its output in `<name>.log` in the node's folder."""
        return self._record(name, self.enter(*argv), environment)

    def stop(self, name: str) -> None:
        """End the process of that name at once; return when it is gone."""
        entered = self._find(name)
        if entered is not None:
            _end(entered)

    def destroy(self) -> None:
        """End every process inside at once, and with them the mounts and interfaces; wait until they are gone."""
        prefix = self._label("")
        mine = [recorded for recorded in self._state.processes() if recorded.name.startswith(prefix)]
        for holder in mine:
            if holder.name == self._label("namespaces"):
                _end(holder)
        for recorded in mine:
            process.wait_until(f"{recorded.name} to be gone", lambda gone=recorded: not process.alive(gone))

    def _record(self, name: str, argv: Sequence[str], environment: Mapping[str, str] | None) -> Process:
        log = self.node.folder / f"{name}.log"
        return self._state.record(process.start(self._label(name), argv, log=log, env=environment))

    def _label(self, name: str) -> str:
        return f"{self.node.name}/{name}"

    def _find(self, name: str) -> Process | None:
        wanted = self._label(name)
        return next((found for found in self._state.processes() if found.name == wanted), None)

    def _furnishable(self, pause: Path) -> bool:
        """Whether the first process has become `pause`: /proc is mounted by then."""
        with suppress(ProcessLookupError, FileNotFoundError):
            return Path(f"/proc/{self.pid}/comm").read_text().strip() == pause.name
        return False


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
