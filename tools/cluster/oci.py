"""Container images written without a container engine: layers as plain tars, images as OCI layout tars."""

import hashlib
import io
import json
import os
import platform
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster import host

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

KEPT = 3
"""Archives kept per image name: each change of the sources makes another."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """An uncompressed layer: the tar and its digest, `sha256:...`."""

    file: Path
    digest: str


@dataclass(frozen=True)
class Image:
    """An image: its name with a tag, its manifest's digest, `sha256:...`, and an OCI layout tar of it."""

    name: str
    digest: str
    archive: Path

    @property
    def by_digest(self) -> str:
        """The name that means these very bytes, `repository@sha256:...`."""
        return f"{self.name.rpartition(':')[0]}@{self.digest}"


def cached_layer(key: str, fill: Callable[[Path], None]) -> Layer:
    """Return the layer called `key`; the first time, `fill` makes its tree in the empty folder it is given.

    `key` must change with whatever changes the tree.
    """
    folder = host.cache_dir() / "images" / "layers" / key
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            tree, made = Path(scratch) / "tree", Path(scratch) / "made"
            tree.mkdir(mode=0o755)
            made.mkdir()
            fill(tree)
            write_tar(tree, made / "layer.tar")
            (made / "digest").write_text(_digest_of_file(made / "layer.tar"))
            _publish(made, folder)
    return Layer(folder / "layer.tar", (folder / "digest").read_text())


def write_tar(tree: Path, file: Path) -> None:
    """Write everything below `tree` into a tar that depends on names, modes and contents only."""
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(tree.rglob("*")):
            tar.add(path, arcname=str(path.relative_to(tree)), recursive=False, filter=_anonymous)


def copy_tree(source: Path, target: Path, *, without: Sequence[str] = ()) -> None:
    """Copy a folder's contents, links as links, leaving out every name that matches a pattern in `without`."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*without))


def names_in(layer: Layer, folder: str) -> list[str]:
    """Return the names of the files that a layer has directly in `folder`."""
    with tarfile.open(layer.file) as tar:
        paths = [Path(name) for name in tar.getnames()]
    return [path.name for path in paths if path.parent == Path(folder)]


def image(name: str, layers: Sequence[Layer], config: Json) -> Image:
    """Return the image of these layers, lowest first, called `name`; its archive is written where it is new.

    `config` is the `config` object of the OCI image configuration: User, Env, Entrypoint, Cmd, WorkingDir.
    """
    configuration = _encoded(
        {
            "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
        }
    )
    manifest = _encoded(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, **_descriptor(configuration)},
            "layers": [
                {"mediaType": LAYER, "digest": layer.digest, "size": layer.file.stat().st_size} for layer in layers
            ],
        }
    )
    digest = _digest(manifest)
    stem = name.replace("/", "_").replace(":", "_")
    made = Image(name, digest, host.cache_dir() / "images" / stem / f"{digest[7:23]}.tar")
    if not made.archive.exists():
        _write_archive(made, layers, [configuration, manifest])
        _prune(made.archive.parent)
    return made


def read_image(archive: Path, name: str) -> Image:
    """Return the image called `name` in an OCI layout tar. Raises KeyError where the tar has none so called."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile("index.json")
        entries = json.load(member)["manifests"] if member else []
    names = {entry.get("annotations", {}).get("io.containerd.image.name"): entry["digest"] for entry in entries}
    if name not in names:
        raise KeyError(f"{archive} has no image {name!r}: there are {', '.join(map(str, names))}")
    return Image(name, names[name], archive)


def _write_archive(made: Image, layers: Sequence[Layer], blobs: Sequence[bytes]) -> None:
    made.archive.parent.mkdir(parents=True, exist_ok=True)
    draft = made.archive.with_suffix(f".{os.getpid()}")
    with tarfile.open(draft, "w", format=tarfile.GNU_FORMAT) as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        for blob in blobs:
            _add(tar, f"blobs/sha256/{_digest(blob)[7:]}", blob)
        for layer in layers:
            tar.add(layer.file, arcname=f"blobs/sha256/{layer.digest[7:]}", filter=_anonymous)
        _add(tar, "index.json", _index(made, len(blobs[-1])))
    draft.rename(made.archive)


def _index(made: Image, size: int) -> bytes:
    """Return the index, which gives the one manifest two names: a Job is admitted only with the digest's."""
    entries = [
        {
            "mediaType": MANIFEST,
            "digest": made.digest,
            "size": size,
            "annotations": {"io.containerd.image.name": name},
        }
        for name in (made.name, made.by_digest)
    ]
    return _encoded({"schemaVersion": 2, "manifests": entries})


def _prune(folder: Path) -> None:
    by_age = sorted(folder.glob("*.tar"), key=lambda path: path.stat().st_mtime_ns)
    for old in by_age[:-KEPT]:
        old.unlink(missing_ok=True)


def _publish(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:
        # Another run was faster: its layer of the same key is as good.
        if not folder.exists():
            raise


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _descriptor(blob: bytes) -> Json:
    return {"digest": _digest(blob), "size": len(blob)}


def _encoded(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _digest_of_file(file: Path) -> str:
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
