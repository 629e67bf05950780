"""What the machine offers: programs, ports, privileges."""

import itertools
import os
import random
import shutil
import socket
import sys
from pathlib import Path

PORTS = range(20000, 32000)
"""Below the range that kernels take ports of outgoing connections from: a server may come back to its port."""


class Missing(RuntimeError):  # noqa: N818 - a fact about the machine, not a fault of the program
    """The machine lacks something; the message says what and how to get it."""


PACKAGES = {
    "cc": "gcc (Debian, Ubuntu: apt-get install gcc; Fedora: dnf install gcc)",
    "ip": "iproute2 (Debian, Ubuntu: apt-get install iproute2; Fedora: dnf install iproute)",
    "nsenter": "util-linux",
    "pkg-config": "pkg-config (Debian, Ubuntu: apt-get install pkg-config; Fedora: dnf install pkgconf)",
    "openssl": "OpenSSL 3 (Debian, Ubuntu: apt-get install openssl; Fedora: dnf install openssl)",
    "unshare": "util-linux",
}


def require(*commands: str) -> None:
    """Raise Missing unless every command is on PATH."""
    absent = [command for command in commands if shutil.which(command) is None]
    if absent:
        wanted = "; ".join(f"`{name}`: install {PACKAGES.get(name, name)}" for name in absent)
        raise Missing(f"not on PATH: {wanted}")


def is_root_on_linux() -> bool:
    """Say whether namespaces, mounts and control groups can be made here."""
    return sys.platform == "linux" and os.geteuid() == 0


def free_ports(count: int) -> list[int]:
    """Return so many different loopback TCP ports that nobody listens on now."""
    shuffled = random.SystemRandom().sample(PORTS, len(PORTS))
    return list(itertools.islice(filter(_is_free, shuffled), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def cache_dir() -> Path:
    """Return the folder for what is made once per user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "forestall"
