"""Layers depend on content alone, and an archive is an OCI layout that gives its image two names."""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tools.cluster import oci
from tools.cluster.oci import Image, Layer


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def layer(key: str = "key", text: str = "hello") -> Layer:
    def fill(tree: Path) -> None:
        (tree / "folder").mkdir()
        (tree / "folder" / "file").write_text(text)
        (tree / "link").symlink_to("folder/file")

    return oci.cached_layer(key, fill)


def image(name: str = "localhost/app:1", text: str = "hello") -> Image:
    return oci.image(name, [layer(text, text)], {"Cmd": ["run"]})


def blob(archive: Path, digest: str) -> bytes:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}")
        assert member is not None
        return member.read()


def parsed(archive: Path, digest: str) -> Any:
    return json.loads(blob(archive, digest))


def test_a_layer_is_the_same_whenever_and_by_whomever_it_is_made() -> None:
    assert layer("one").digest == layer("two").digest
    with tarfile.open(layer("one").file) as tar:
        assert {(entry.uid, entry.gid, entry.mtime) for entry in tar} == {(0, 0, 0)}
        assert tar.getnames() == ["folder", "folder/file", "link"]


def test_a_layer_differs_with_its_content() -> None:
    assert layer("one", "hello").digest != layer("two", "goodbye").digest


def test_a_layer_of_a_known_key_is_not_made_again() -> None:
    def fail(tree: Path) -> None:
        raise AssertionError(f"filled {tree} again")

    made = layer("key")
    assert oci.cached_layer("key", fail) == made


def test_a_layer_whose_making_failed_is_not_kept() -> None:
    def fail(tree: Path) -> None:
        (tree / "half").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        oci.cached_layer("key", fail)
    assert "half" not in oci.names_in(layer("key"), ".")


def test_the_names_in_a_layer_are_those_directly_in_a_folder() -> None:
    assert oci.names_in(layer(), "folder") == ["file"]
    assert oci.names_in(layer(), ".") == ["folder", "link"]


def test_every_blob_of_an_archive_is_named_by_its_digest() -> None:
    with tarfile.open(image().archive) as tar:
        names = [name for name in tar.getnames() if name.startswith("blobs/")]
    assert len(names) == 3  # configuration, manifest, layer
    for name in names:
        digest = name.rpartition("/")[2]
        assert hashlib.sha256(blob(image().archive, digest)).hexdigest() == digest


def test_the_manifest_leads_to_the_configuration_and_the_layers() -> None:
    manifest = parsed(image().archive, image().digest)
    configuration = parsed(image().archive, manifest["config"]["digest"])
    assert configuration["config"] == {"Cmd": ["run"]}
    assert configuration["rootfs"]["diff_ids"] == [entry["digest"] for entry in manifest["layers"]]
    assert manifest["layers"][0]["size"] == layer("hello").file.stat().st_size


def test_the_index_gives_the_one_manifest_its_tag_and_its_digest_as_names() -> None:
    with tarfile.open(image().archive) as tar:
        member = tar.extractfile("index.json")
        assert member is not None
        entries = json.load(member)["manifests"]
    names = {entry["annotations"]["io.containerd.image.name"]: entry["digest"] for entry in entries}
    assert names == {
        "localhost/app:1": image().digest,
        f"localhost/app@{image().digest}": image().digest,
    }


def test_an_archive_is_read_back_as_the_image_it_is() -> None:
    assert oci.read_image(image().archive, "localhost/app:1") == image()


def test_an_archive_without_the_image_is_refused_with_the_names_it_has() -> None:
    with pytest.raises(KeyError, match=r"no image 'localhost/other:1'.*localhost/app:1"):
        oci.read_image(image().archive, "localhost/other:1")


def test_only_the_latest_archives_of_a_name_are_kept() -> None:
    made = [image(text=f"version {number}") for number in range(oci.KEPT + 2)]
    assert {one.archive for one in made if one.archive.exists()} == {one.archive for one in made[-oci.KEPT :]}
