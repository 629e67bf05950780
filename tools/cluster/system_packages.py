"""What the cluster needs of the operating system and the host may lack, fetched without installing anything.

Two things are meant: the headers of libseccomp, which the build of runc wants, and iptables, by which
kube-proxy and the network plugins program a node. Where the host has them, the host's are used. Elsewhere
Debian's packages are downloaded and unpacked into the cache; no file outside the cache changes.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.cluster import host

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

LIBSECCOMP = ("libseccomp-dev",)
IPTABLES = (
    "iptables",
    "libip4tc2",
    "libip6tc2",
    "libmnl0",
    "libnetfilter-conntrack3",
    "libnfnetlink0",
    "libnftnl11",
    "libxtables12",
)
IPTABLES_COMMANDS = tuple(
    family + action for family in ("iptables", "ip6tables") for action in ("", "-save", "-restore")
)


def missing() -> tuple[str, ...]:
    """Return the names of the Debian packages whose files the host lacks."""
    headers = () if Path("/usr/include/seccomp.h").exists() else LIBSECCOMP
    commands = () if shutil.which("iptables", path=SYSTEM_PATH) else IPTABLES
    return headers + commands


def prefix() -> Path:
    """Return the folder with what the host lacks: ``usr/include``, ``usr/lib/<triplet>``, ``bin``.

    ``bin`` holds the iptables commands, ready to be put on ``PATH``. The folder is empty when the host lacks
    nothing. The first call downloads, later calls only look.

    Raises host.Missing where packages are lacking and ``apt-get`` cannot bring them.
    """
    return unpacked(missing())


def unpacked(names: tuple[str, ...]) -> Path:
    """Return the folder that Debian packages are unpacked into; the first call downloads, later calls only look.

    Raises host.Missing where ``apt-get`` cannot bring them.
    """
    folder = host.cache_dir() / "system-packages" / _key(names)
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _fill(folder, names)
    return folder


def library_folder(root: Path) -> Path:
    """Return the library folder below an unpacked ``root``, for instance ``usr/lib/x86_64-linux-gnu``."""
    triplets = sorted(root.glob("usr/lib/*-linux-gnu*"))
    return triplets[0] if triplets else root / "usr/lib"


def command_path() -> str:
    """Return a ``PATH`` by which iptables and the usual system commands are found."""
    return f"{prefix() / 'bin'}:{SYSTEM_PATH}"


def _key(names: tuple[str, ...]) -> str:
    release = Path("/etc/os-release")
    system = release.read_text() if release.exists() else ""
    return hashlib.sha256(repr((names, system, os.uname().machine)).encode()).hexdigest()[:16]


def _fill(folder: Path, names: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        unpacked = Path(scratch) / "unpacked"
        unpacked.mkdir()
        for archive in _download(names, Path(scratch)):
            subprocess.run(["dpkg-deb", "-x", archive, unpacked], check=True)
        # The header package links to a shared library that is not in it: without the link, what is built
        # against it takes the static library, and runs wherever the cache is.
        (library_folder(unpacked) / "libseccomp.so").unlink(missing_ok=True)
        if "iptables" in names:
            _write_commands(unpacked, folder)
        _publish(unpacked, folder)


def _publish(unpacked: Path, folder: Path) -> None:
    try:
        unpacked.rename(folder)
    except OSError:
        # Another run finished first: its folder is as good as ours.
        if not folder.exists():
            raise


def _download(names: tuple[str, ...], scratch: Path) -> list[Path]:
    if not names:
        return []
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise host.Missing(
            "this host lacks programs or libraries, and has no apt-get to fetch them with; "
            f"install what corresponds to the Debian packages {', '.join(names)}"
        )
    first = _apt(["download", *names], scratch)
    if first.returncode:  # lists that are absent or out of date
        _apt(["update"], scratch)
        second = _apt(["download", *names], scratch)
        if second.returncode:
            raise host.Missing(f"apt-get cannot download {', '.join(names)}: {second.stderr.strip()}")
    return sorted(scratch.glob("*.deb"))


def _apt(arguments: list[str], scratch: Path) -> subprocess.CompletedProcess[str]:
    command = ["apt-get", "--quiet", "--option", "APT::Sandbox::User=root", *arguments]
    return subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)


def _write_commands(unpacked: Path, folder: Path) -> None:
    """Write wrappers that find the libraries where they will be: below ``folder``, not in the scratch."""
    libraries = folder / library_folder(unpacked).relative_to(unpacked)
    (unpacked / "bin").mkdir()
    for name in IPTABLES_COMMANDS:
        wrapper = unpacked / "bin" / name
        wrapper.write_text(
            "#!/bin/sh\n"
            f"export LD_LIBRARY_PATH='{libraries}' XTABLES_LIBDIR='{libraries}/xtables'\n"
            f"exec '{folder}/usr/sbin/xtables-nft-multi' {name} \"$@\"\n"
        )
        wrapper.chmod(0o755)
