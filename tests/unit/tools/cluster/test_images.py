"""Images made from the running interpreter run by themselves, and cost nothing the second time."""

import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.cluster import host, images, python_root
from tools.cluster.oci import Image


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def app() -> Image:
    return images.python_app_image("localhost/app:1", {"/srv/app.py": b"print('hello')"}, ["python", "/srv/app.py"])


def manifest(image: Image) -> Any:
    return _json(image, image.digest)


def configuration(image: Image) -> Any:
    return _json(image, manifest(image)["config"]["digest"])


def _json(image: Image, digest: str) -> Any:
    with tarfile.open(image.archive) as tar:
        member = tar.extractfile(f"blobs/sha256/{digest[7:]}")
        assert member is not None
        return json.load(member)


@pytest.fixture(scope="module")
def root(app: Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the Python image."""
    target = tmp_path_factory.mktemp("root")
    with tarfile.open(app.archive) as tar:
        for layer in manifest(app)["layers"]:
            member = tar.extractfile(f"blobs/sha256/{layer['digest'][7:]}")
            assert member is not None
            subprocess.run(["tar", "-xp", "-C", str(target)], input=member.read(), check=True)
    return target


def test_pause_runs_until_it_is_told_to_end() -> None:
    with subprocess.Popen([images.pause_program()]) as pause:
        with pytest.raises(subprocess.TimeoutExpired):
            pause.wait(0.2)
        pause.terminate()
        assert pause.wait(60) == 0


def test_the_image_of_pause_is_one_static_program() -> None:
    (layer,) = manifest(images.pause_image())["layers"]
    assert layer["size"] < 2_000_000
    assert configuration(images.pause_image())["config"] == {"Entrypoint": ["/pause"]}


def test_a_python_image_has_the_interpreter_and_the_files(root: Path) -> None:
    assert (root / "srv/app.py").read_text() == "print('hello')"
    assert (root / "usr/local/bin/python").readlink() == Path(python_root.PYTHON)
    assert (root / "bin/sh").stat().st_mode & 0o111
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777


def test_its_interpreter_needs_nothing_outside_the_image(root: Path) -> None:
    programs = [root / "usr/local/bin" / python_root.PYTHON, *(root / "usr/local").rglob("*.so")]
    wanted = {library.name for library in python_root.shared_libraries(programs)}
    assert wanted
    assert wanted <= {path.name for path in (root / "usr/lib").iterdir()}


def test_its_modules_are_compiled_so_that_time_stamps_do_not_matter(root: Path) -> None:
    compiled = next((root / "usr/local").rglob("__pycache__/argparse.*.pyc"))
    flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
    assert flags == 1  # by hash, and unchecked


def test_a_python_image_runs_its_command_as_nobody_in_particular(app: Image) -> None:
    config = configuration(app)["config"]
    assert config["Cmd"] == ["python", "/srv/app.py"]
    assert config["User"] == "65532:65532"


def test_the_same_files_make_the_same_image_without_any_work(app: Image) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in host.cache_dir().rglob("*"))
    files: dict[str, bytes | Path] = {"/srv/app.py": b"print('hello')"}
    assert images.python_app_image("localhost/app:1", files, ["python", "/srv/app.py"]) == app
    assert sorted((path, path.stat().st_mtime_ns) for path in host.cache_dir().rglob("*")) == before


def test_other_files_make_another_image_on_the_same_interpreter(app: Image, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("print('goodbye')")
    other = images.python_app_image("localhost/app:1", {"/srv/app.py": tmp_path / "app.py"}, ["python", "/srv/app.py"])
    assert other.digest != app.digest
    assert manifest(other)["layers"][0] == manifest(app)["layers"][0]


def test_an_image_by_digest_is_named_after_its_repository() -> None:
    image = Image("localhost:5000/forestall:dev", "sha256:abc", Path("archive.tar"))
    assert image.by_digest == "localhost:5000/forestall@sha256:abc"
