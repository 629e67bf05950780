"""File trees of Python images, assembled from the running interpreter and this machine's own libraries."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from tools.cluster import host
from tools.cluster.oci import copy_tree

USER = 65532
"""User and group of the processes in the images."""

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"

TOOLS = ("cat", "date", "echo", "env", "false", "ls", "sh", "sleep", "touch", "true")

LINKS = {
    "bin": "usr/bin",
    "lib": "usr/lib",
    "lib64": "usr/lib",
    "usr/lib64": "lib",
    "usr/local/bin/python3": PYTHON,
    "usr/local/bin/python": PYTHON,
}
"""All libraries lie in one folder, the one in which every distribution's loader looks by itself."""

ACCOUNTS = {
    "etc/passwd": f"root:x:0:0:root:/root:/bin/sh\nforestall:x:{USER}:{USER}:forestall:/tmp:/bin/sh\n",
    "etc/group": f"root:x:0:\nforestall:x:{USER}:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}

UNUSED = (
    "__pycache__",
    "config-*",
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "site-packages",
    "test",
    "tkinter",
    "turtledemo",
    "_test*.so",
    "_tkinter*.so",
)
"""Parts of the standard library that nothing in a pod uses."""


def interpreter_tree(tree: Path) -> None:
    """Fill `tree` with the running interpreter below /usr/local, its libraries and a few tools."""
    host.require("ldd", "strip")
    for folder in ("usr/bin", "usr/lib", "usr/local/bin", "etc", "tmp", "root"):
        (tree / folder).mkdir(parents=True, exist_ok=True)
    (tree / "tmp").chmod(0o1777)
    for name, target in LINKS.items():
        (tree / name).symlink_to(target)
    for name, text in ACCOUNTS.items():
        (tree / name).write_text(text)
    for tool in TOOLS:
        shutil.copy(os.path.realpath(str(shutil.which(tool))), tree / "usr/bin" / tool)
    _copy_interpreter(tree)
    copy_libraries(tree)
    compile_sources(tree)


def packages_tree(tree: Path, requirements: Path, folder: str, present: frozenset[str]) -> None:
    """Fill `tree` with the locked packages of `requirements` below `folder`, and the libraries they need.

    `present` are the names of libraries that lower layers have. Raises CalledProcessError where pip fails.
    """
    target = tree / folder
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    locked = ["--root-user-action=ignore", "--require-hashes", "--requirement", str(requirements)]
    subprocess.run([*pip, *locked, "--target", str(target)], check=True)
    shutil.rmtree(target / "bin", ignore_errors=True)
    for tests in [path for path in target.rglob("tests") if path.is_dir()]:
        shutil.rmtree(tests)
    (tree / "usr/lib").mkdir(parents=True)
    copy_libraries(tree, present)
    compile_sources(tree)


def copy_libraries(tree: Path, present: frozenset[str] = frozenset()) -> None:
    """Copy to `usr/lib` what the programs and libraries in `tree` are linked to, all the way down."""
    for library in shared_libraries(_objects(tree)):
        outside = not library.is_relative_to(tree)
        if outside and library.name not in present and not (tree / "usr/lib" / library.name).exists():
            shutil.copy(library.resolve(), tree / "usr/lib" / library.name)


def shared_libraries(objects: Iterable[Path]) -> list[Path]:
    """Return the libraries that the objects are linked to, directly or not, the program loader included."""
    # A failure only says that one of the files is not linked dynamically.
    done = subprocess.run(["ldd", *objects], capture_output=True, text=True, check=False)
    return sorted({Path(found) for found in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", done.stdout, re.MULTILINE)})


def compile_sources(tree: Path) -> None:
    """Compile every module in `tree`, such that no import needs to look at a source's time stamp."""
    mode = ["--invalidation-mode", "unchecked-hash"]
    # A failure only says that some file is not a module of this Python: templates, old syntax.
    subprocess.run(
        [sys.executable, "-m", "compileall", "-qq", *mode, "-s", str(tree), "-p", "/", str(tree)], check=False
    )


def _copy_interpreter(tree: Path) -> None:
    program = tree / "usr/local/bin" / PYTHON
    shutil.copy(os.path.realpath(sys.executable), program)
    library = tree / "usr/local" / sys.platlibdir / PYTHON
    # Most interpreters keep both in one folder, and links can be copied only once.
    for folder in dict.fromkeys(map(_installed, ("stdlib", "platstdlib"))):
        copy_tree(folder, library, without=UNUSED)
    shared = [found for found in shared_libraries([program]) if found.name.startswith("libpython")]
    for found in shared:
        shutil.copy(found.resolve(), tree / "usr/lib" / found.name)
    stripped = [program, *(tree / "usr/lib" / found.name for found in shared), *library.rglob("*.so")]
    subprocess.run(["strip", "--strip-unneeded", *stripped], check=True)


def _installed(kind: str) -> Path:
    """Return the interpreter's own folder of that kind, also from within a virtual environment."""
    prefixes = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    return Path(sysconfig.get_path(kind, vars=prefixes))


def _objects(tree: Path) -> list[Path]:
    """Return the programs and libraries in `tree`."""
    files = (path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path for path in files if path.open("rb").read(4) == b"\x7fELF")
