"""A cluster's processes are found and ended by their mark alone, and nobody else's are."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.cluster import marked
from tools.cluster.process import wait_until


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def sleeper(cluster: Path, *wrapper: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*wrapper, "sleep", "600"], env={**os.environ, **marked.mark(cluster)})


def test_a_process_that_nobody_recorded_is_ended(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    started.append(sleeper(tmp_path))
    wait_until("the mark to show", lambda: marked.marked(tmp_path) == [started[0].pid])
    marked.end_all(tmp_path)
    assert started[0].wait(60) == -9


def test_one_that_waits_for_its_child_lives_to_bury_it(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    started.append(sleeper(tmp_path, "sh", "-c", '"$@"; exit 7', "sh"))
    wait_until("both to show", lambda: len(marked.marked(tmp_path)) == 2)
    marked.end_all(tmp_path)
    assert started[0].wait(60) == 7


def test_other_clusters_processes_are_left_alone(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    started.append(sleeper(tmp_path / "cluster-2"))
    wait_until("the mark to show", lambda: marked.marked(tmp_path / "cluster-2") == [started[0].pid])
    marked.end_all(tmp_path / "cluster")
    assert started[0].poll() is None
