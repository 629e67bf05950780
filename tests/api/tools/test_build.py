"""Programs are really built, once for all who want them at the same time, and failures are explained."""

import fcntl
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tools.cluster import build, host
from tools.cluster.build import Module
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

HELLO = Module("hello", ("example.test/hello",), stamps=(("main.words", "well"),), links=("greet",))
MAIN = 'package main\n\nvar words = "unset"\n\nfunc main() { println(words) }\n'


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Go's own cache stays where it is; ours, with the locks and the programs, is new.
    compiled = os.environ.get("GOCACHE") or str(Path.home() / ".cache" / "go-build")
    monkeypatch.setenv("GOCACHE", compiled)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "sources" / "hello"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text("module example.test/hello\n\ngo 1.26.0\n")
    (folder / "main.go").write_text(MAIN)
    return folder.parent


def test_a_program_is_built_with_its_stamps_and_further_names(sources: Path) -> None:
    folder = build.folder_of(HELLO, sources)
    for name in HELLO.programs:
        done = subprocess.run([folder / name], check=True, capture_output=True, text=True)
        assert done.stderr == "well\n"


def test_one_who_comes_while_it_is_built_waits_and_says_so(sources: Path) -> None:
    locks = host.cache_dir() / "bin"
    locks.mkdir(parents=True)
    said: list[str] = []
    with (locks / "hello.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = threading.Thread(target=build.folder_of, args=(HELLO, sources), kwargs={"progress": said.append})
        second.start()
        wait_until("it to wait", lambda: said == ["hello: another run is building it, waiting"])
        (locks / f"hello-{build.key(HELLO, sources)}").mkdir()  # the first one has finished
    second.join()
    assert len(said) == 1


def test_a_failure_shows_the_compilers_words_and_leaves_nothing(sources: Path) -> None:
    (sources / "hello" / "main.go").write_text(MAIN + "func broken( {}\n")
    with pytest.raises(RuntimeError, match=r"main\.go:6"):
        build.folder_of(HELLO, sources)
    assert [path.name for path in (host.cache_dir() / "bin").iterdir()] == ["hello.lock"]
