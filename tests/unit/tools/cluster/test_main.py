"""The command line says what is wrong in a sentence, and starts nothing by itself."""

from pathlib import Path

import pytest

from tools.cluster import cluster_folder
from tools.cluster.__main__ import main
from tools.cluster.process import Process, State


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("FORESTALL_KUBECONFIG", raising=False)
    return tmp_path


def test_without_a_cluster_kubectl_says_how_to_start_one(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    assert main(["kubectl", "-n", "default", "get", "pods"]) == 1
    assert "start one by `python -m tools.cluster up`" in capsys.readouterr().err
    assert list(cache.iterdir()) == []


def test_status_tells_the_living_from_the_dead(capsys: pytest.CaptureFixture[str]) -> None:
    state = State(cluster_folder("api"))
    state.create()
    state.record(Process("etcd", pid=1, start_time=-5))
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "api etcd 1 has ended\n"


def test_taking_down_what_is_not_up_is_no_error(cache: Path) -> None:
    assert main(["down"]) == 0
    assert list(cache.iterdir()) == []
