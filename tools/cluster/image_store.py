"""Image stores made once per set of images and given to nodes by hard links.

A containerd without network, in a mount namespace of its own, imports the archives; a node then starts with
everything unpacked.
"""

import fcntl
import hashlib
import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.cluster import containerd, host
from tools.cluster.oci import Image

KEPT = 3
"""Stores kept: each change of an image makes another, most of it shared with the one before."""

IMPORT = """set -e
mount -t tmpfs tmpfs /run
{containerd} --config {config} >{log} 2>&1 &
tries=0
until [ -S {socket} ]; do
  tries=$((tries + 1))
  if [ $tries -gt 1200 ]; then echo "containerd does not answer, see {log}" >&2; exit 1; fi
  sleep 0.05
done
{imports}
{ctr} images list --quiet | grep --invert-match --line-regexp --fixed-strings {names} |
  xargs --no-run-if-empty {ctr} images remove --sync
kill $!
wait $! || true
"""
"""Imports the images into a store that may be a copy of another one, and drops what else that one had."""


def provide(folder: Path, images: Sequence[Image], programs: Path) -> None:
    """Fill the empty or absent `folder` with a store that has `images`; `programs` has containerd and ctr."""
    with _lock():
        made = _template(images, programs)
        _link(made / "root", folder)


def import_command(ctr: Path, archive: Path) -> list[str]:
    """Return the command that gives a running containerd the images of an archive, unpacked."""
    return [*_ctr(ctr), "images", "import", "--local", str(archive)]


def _ctr(program: Path) -> list[str]:
    return [str(program), "--address", containerd.SOCKET, "--namespace", containerd.NAMESPACE]


def _template(images: Sequence[Image], programs: Path) -> Path:
    digests = sorted((image.name, image.digest) for image in images)
    recipe = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    content = json.dumps([digests, (programs / "containerd").resolve().parent.name, recipe])
    made = _folder() / hashlib.sha256(content.encode()).hexdigest()[:16]
    if not made.exists():
        draft = made.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        latest = _by_age()[-1:]
        if latest:
            # Most of it is the same as before: only layers that are new get unpacked.
            _link(latest[0] / "root", draft / "root")
        _import(draft, images, programs)
        draft.rename(made)
        for old in _by_age()[:-KEPT]:
            shutil.rmtree(old)
    return made


def _import(draft: Path, images: Sequence[Image], programs: Path) -> None:
    config = draft / "containerd.toml"
    config.write_text(containerd.store_config(draft / "root"))
    imports = [shlex.join(import_command(programs / "ctr", image.archive)) for image in images]
    names = [f"--regexp={name}" for image in images for name in (image.name, image.by_digest)]
    script = IMPORT.format(
        containerd=shlex.quote(str(programs / "containerd")),
        config=shlex.quote(str(config)),
        log=shlex.quote(str(draft / "containerd.log")),
        socket=containerd.SOCKET,
        imports="\n".join(imports),
        ctr=shlex.join(_ctr(programs / "ctr")),
        names=shlex.join(names),
    )
    kinds = ("--net", "--mount", "--propagation=private", "--pid", "--mount-proc", "--fork", "--kill-child")
    done = subprocess.run(["unshare", *kinds, "sh", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"importing images failed:\n{done.stderr}")


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    same_device = source.stat().st_dev == target.parent.stat().st_dev
    subprocess.run(["cp", "-aT", *(["-l"] if same_device else []), source, target], check=True)
    # Layers never change, databases do: each store has its own.
    for database in target.rglob("*.db"):
        copy = database.with_suffix(".copy")
        shutil.copyfile(database, copy)
        copy.replace(database)


def _by_age() -> list[Path]:
    finished = (path for path in _folder().iterdir() if path.is_dir() and not path.suffix)
    return sorted(finished, key=lambda path: path.stat().st_mtime_ns)


def _folder() -> Path:
    return host.cache_dir() / "image-stores"


@contextmanager
def _lock() -> Iterator[None]:
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
