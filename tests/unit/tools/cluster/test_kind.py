"""kind is used where an engine answers, and a refusal says what is missing."""

from pathlib import Path

import pytest
import yaml

from tools.cluster import Unsupported, host, kind
from tools.cluster.kind import Kind


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(path: Path, name: str, code: int) -> None:
    """An engine whose `info` ends with that code; any other command of it is an error."""
    program = path / name
    program.write_text(f'#!/bin/sh\n[ "$*" = info ] || exit 64\nexit {code}\n')
    program.chmod(0o755)


def test_without_an_engine_there_is_none(path: Path) -> None:
    assert kind.engine() is None
    assert kind.unavailable() == "no container engine answers: neither of docker, podman"


def test_an_engine_that_is_installed_and_does_not_answer_is_none(path: Path) -> None:
    install(path, "docker", 1)
    assert kind.engine() is None


def test_a_program_that_cannot_be_run_is_no_engine(path: Path) -> None:
    (path / "docker").write_bytes(b"\x7fELF")
    (path / "docker").chmod(0o755)
    assert kind.engine() is None


@pytest.mark.parametrize(
    ("docker", "podman", "chosen"), [(0, 0, "docker"), (1, 0, "podman"), (0, 1, "docker")], ids=str
)
def test_the_first_one_that_answers_is_taken(path: Path, docker: int, podman: int, chosen: str) -> None:
    install(path, "docker", docker)
    install(path, "podman", podman)
    assert kind.engine() == chosen
    assert kind.unavailable() is None


def test_a_start_without_an_engine_says_so_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    with pytest.raises(host.Missing, match="no container engine answers"):
        Kind(tmp_path / "cluster").up()
    assert not (tmp_path / "cluster").exists()


def test_taking_down_what_is_not_up_needs_no_engine(path: Path, tmp_path: Path) -> None:
    Kind(tmp_path / "cluster").down()


def test_one_node_has_the_control_plane_and_two_take_pods() -> None:
    roles = [node["role"] for node in yaml.safe_load(kind.CONFIG.read_text())["nodes"]]
    assert sorted(roles) == ["control-plane", "worker", "worker"]


def test_every_cluster_has_a_name_of_its_own(tmp_path: Path) -> None:
    one, other = Kind(tmp_path / "one"), Kind(tmp_path / "other")
    assert one.name != other.name
    assert one.name == Kind(tmp_path / "one").name


def test_no_node_is_added_later(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="kind tier cannot add a node"):
        Kind(tmp_path).add_node()
