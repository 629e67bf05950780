"""A build is named by all that goes into it, made once, and found again without any work."""

from dataclasses import replace
from pathlib import Path

import pytest

from tools.cluster import build, host
from tools.cluster.build import MODULES, SOURCES, Module

HELLO = Module("hello", ("example.test/hello",))


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "go.mod").write_text("module example.test/hello\n\ngo 1.26.0\n")
    (tmp_path / "hello" / "go.sum").write_text("example.test/other v1.0.0 h1:abc=\n")
    return tmp_path


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "main.go"])
def test_the_key_changes_with_every_file(sources: Path, file: str) -> None:
    before = build.key(HELLO, sources)
    (sources / "hello" / file).write_text("changed")
    assert build.key(HELLO, sources) != before


@pytest.mark.parametrize(
    "other",
    [replace(HELLO, tags=("small",)), replace(HELLO, stamps=(("v", "2"),)), replace(HELLO, seccomp=True)],
)
def test_the_key_changes_with_the_way_of_building(sources: Path, other: Module) -> None:
    assert build.key(other, sources) != build.key(HELLO, sources)


def test_the_key_stays_where_nothing_changes(sources: Path) -> None:
    assert build.key(HELLO, sources) == build.key(HELLO, sources)


def test_a_hit_needs_no_go_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    module = next(module for module in MODULES if module.name == "helm")
    folder = host.cache_dir() / "bin" / f"helm-{build.key(module)}"
    folder.mkdir(parents=True)
    said: list[str] = []
    assert build.binary("helm", progress=said.append) == folder / "helm"
    assert said == []


def test_an_unknown_program_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match=r"no program 'docker'.*kubernetes, kubectl, helm"):
        build.binary("docker")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_module_is_locked_and_names_itself(module: Module) -> None:
    folder = SOURCES / module.name
    assert (folder / "go.mod").read_text().startswith(f"module forestall.dev/tools/cluster/{module.name}\n")
    assert (folder / "go.sum").stat().st_size


def test_no_two_modules_yield_a_program_of_the_same_name() -> None:
    names = [name for module in MODULES for name in module.programs]
    assert len(names) == len(set(names))
