"""Clusters live in folders that say whose they are."""

from pathlib import Path

import pytest

from tools.cluster import attach, cluster_folder, session_folder
from tools.cluster.api_tier import ApiTier
from tools.cluster.process import State, alive, start, wait_until


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_each_kind_has_its_own_folder() -> None:
    cluster = attach("api")
    assert isinstance(cluster, ApiTier)
    assert cluster.folder == cluster_folder("api")
    assert cluster_folder("api") != cluster_folder("node")


def test_the_cluster_of_a_program_that_died_is_taken_down_and_a_living_ones_is_not(tmp_path: Path) -> None:
    owner = start("owner", ["true"], log=tmp_path / "log")
    mine = session_folder("api")
    orphan = State(mine.with_name(f"{owner.pid}-{owner.start_time}"))
    orphan.create()
    left = orphan.record(start("etcd", ["sleep", "600"], log=tmp_path / "log"))
    State(mine).create()
    wait_until("the owner's end", lambda: not alive(owner))
    assert session_folder("api") == mine
    assert not alive(left)
    assert not orphan.folder.exists()
    assert mine.exists()
