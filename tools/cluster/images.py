"""The images that pods of a cluster run, made from this machine's own files in layers that are kept."""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from tools.cluster import host, oci, python_root
from tools.cluster.oci import Image, Layer

ROOT = Path(__file__).parents[2]
"""The project's folder."""

PAUSE = "localhost/pause:1"
OPERATOR = "localhost/forestall:dev"

PACKAGES = "opt/forestall/packages"
APPLICATION = "opt/forestall/application"

PATH = "PATH=/usr/local/bin:/usr/bin:/bin"


def pause_program() -> Path:
    """Return the static program that waits and reaps, compiled where the cache has none of this source.

    Raises host.Missing without a C compiler.
    """
    source = Path(__file__).with_name("pause.c")
    program = host.cache_dir() / "images" / "pause" / _key("pause", source.read_bytes()) / "pause"
    if not program.exists():
        host.require("cc")
        program.parent.mkdir(parents=True, exist_ok=True)
        draft = program.with_suffix(f".{os.getpid()}")
        subprocess.run(["cc", "-static", "-Os", "-s", "-o", draft, source], check=True)
        draft.rename(program)
    return program


def pause_image() -> Image:
    """Return the image of the container that holds a pod's namespaces."""
    program = pause_program().read_bytes()
    layer = _files_layer({"pause": program}, mode=0o755)
    return oci.image(PAUSE, [layer], {"Entrypoint": ["/pause"]})


def operator_image(name: str = OPERATOR, project: Path = ROOT) -> Image:
    """Return the operator's image, called `name`, from the sources and the locked environment of a project's folder."""
    layers = [_interpreter(), _packages(project / "requirements" / "run.txt"), _application(project)]
    config = _config(["python", "-m", "forestall.runtime.main"], [])
    config["Env"] = [*config["Env"], f"PYTHONPATH=/{APPLICATION}:/{PACKAGES}"]
    return oci.image(name, layers, config)


def python_app_image(name: str, files: Mapping[str, bytes | Path], cmd: Sequence[str]) -> Image:
    """Return an image called `name` of the interpreter alone and `files`, by path from the root.

    `cmd` is what a container runs unless it says otherwise.
    """
    contents = {path: data if isinstance(data, bytes) else data.read_bytes() for path, data in files.items()}
    return oci.image(name, [_interpreter(), _files_layer(contents)], _config([], cmd))


def _config(entrypoint: Sequence[str], cmd: Sequence[str]) -> oci.Json:
    return {
        "User": f"{python_root.USER}:{python_root.USER}",
        "Env": [PATH, "PYTHONUNBUFFERED=1"],
        "Entrypoint": list(entrypoint),
        "Cmd": list(cmd),
        "WorkingDir": "/tmp",  # noqa: S108 - the container's own
    }


def _interpreter() -> Layer:
    executable = Path(os.path.realpath(sys.executable))
    parts = (sys.version, sys.base_prefix, executable, executable.stat().st_mtime_ns)
    return oci.cached_layer(_key("python", repr(parts).encode(), _recipe()), python_root.interpreter_tree)


def _packages(requirements: Path) -> Layer:
    key = _key("packages", sys.version.encode(), requirements.read_bytes(), _recipe())

    def fill(tree: Path) -> None:
        python_root.packages_tree(tree, requirements, PACKAGES, _libraries_of(_interpreter()))

    return oci.cached_layer(key, fill)


def _application(project: Path) -> Layer:
    source = project / "operator" / "forestall"
    files = sorted(path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    content = [part for path in files for part in (str(path.relative_to(source)).encode(), path.read_bytes())]
    told = _metadata()

    def fill(tree: Path) -> None:
        oci.copy_tree(source, tree / APPLICATION / "forestall", without=("__pycache__",))
        python_root.compile_sources(tree)
        _write(told, 0o644, tree)

    return oci.cached_layer(_key("application", sys.version.encode(), *content, *told.values()), fill)


def _metadata() -> dict[str, bytes]:
    """The file from which a program knows the version of what is installed, as pip would have written it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    name, version = project["name"], project["version"]
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return {f"{APPLICATION}/{name}-{version}.dist-info/METADATA": text.encode()}


def _files_layer(files: Mapping[str, bytes], mode: int = 0o644) -> Layer:
    content = [part for path, data in sorted(files.items()) for part in (path.encode(), data)]
    return oci.cached_layer(_key("files", str(mode).encode(), *content), partial(_write, files, mode))


def _write(files: Mapping[str, bytes], mode: int, tree: Path) -> None:
    for path, data in files.items():
        file = tree / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(mode)


def _libraries_of(layer: Layer) -> frozenset[str]:
    return frozenset(oci.names_in(layer, "usr/lib"))


def _recipe() -> bytes:
    return Path(python_root.__file__).read_bytes()


def _key(kind: str, *parts: bytes) -> str:
    digests = [hashlib.sha256(part).hexdigest() for part in parts]
    return f"{kind}-{hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:16]}"
