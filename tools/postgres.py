"""A PostgreSQL server for tests: the host's programs, or Debian's, unpacked into the cache."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.cluster import system_packages
from tools.cluster.process import wait_until

PACKAGES = (
    *("postgresql-15", "postgresql-client-15", "libpq5", "libicu72", "libldap-2.5-0", "libsasl2-2", "libxml2"),
    *("libgssapi-krb5-2", "libkrb5-3", "libk5crypto3", "libkrb5support0", "libkeyutils1"),
)
"""What a small Debian lacks of the server and its libraries."""


class Server:
    """A server on a socket of its own, without any port."""

    def __init__(self, folder: Path, programs: Path, environment: dict[str, str]) -> None:
        self._folder, self._programs, self._environment = folder, programs, environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://forestall@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start it and return once it answers."""
        folder = str(self._folder)
        argv = [f"{self._programs}/postgres", "-D", f"{folder}/data", "-k", folder, "-c", "listen_addresses="]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, **self._as_somebody())
        wait_until("PostgreSQL to answer", self._answers, timeout=60.0)

    def stop(self) -> None:
        """End it, and every connection."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def initialise(self) -> None:
        """Make an empty database that belongs to the user `forestall`."""
        argv = [f"{self._programs}/initdb", "-D", f"{self._folder}/data", "-U", "forestall", "--auth=trust"]
        subprocess.run([*argv, "--encoding=UTF8", "--locale=C"], check=True, capture_output=True, **self._as_somebody())

    def _answers(self) -> bool:
        argv = [f"{self._programs}/pg_isready", "-h", str(self._folder)]
        return subprocess.run(argv, check=False, capture_output=True, env=self._environment).returncode == 0

    def _as_somebody(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root."""
        who = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
        return {**who, "env": self._environment, "cwd": self._folder}


@contextmanager
def running() -> Iterator[Server]:
    """Run a server with an empty database; nothing is left of it afterwards."""
    # Not below a folder of root's: the server runs as somebody else. Short, as the names of sockets have to be.
    folder = Path(tempfile.mkdtemp(prefix="forestall-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    try:
        server = Server(folder, *_programs(folder))
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path) -> tuple[Path, dict[str, str]]:
    """The folder of the programs, and the environment in which they find their libraries."""
    own = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if own:
        return own[-1].parent, {"PATH": system_packages.SYSTEM_PATH}
    # The cache may be root's own.
    root = shutil.copytree(system_packages.unpacked(PACKAGES), folder / "programs", symlinks=True)
    libraries = system_packages.library_folder(root)
    return root / "usr/lib/postgresql/15/bin", {"PATH": system_packages.SYSTEM_PATH, "LD_LIBRARY_PATH": str(libraries)}
