"""Somebody's own cluster is used only when it is named on purpose."""

from pathlib import Path

import pytest

from tools.cluster import Unsupported
from tools.cluster.existing import Existing
from tools.cluster.host import Missing


def test_a_current_kubeconfig_is_never_taken(tmp_path: Path) -> None:
    selected = tmp_path / "production"
    selected.touch()
    with pytest.raises(Missing, match="set FORESTALL_KUBECONFIG"):
        Existing(tmp_path, {"KUBECONFIG": str(selected)}).up()


def test_the_named_kubeconfig_is_taken(tmp_path: Path) -> None:
    named = tmp_path / "mine"
    named.touch()
    assert Existing(tmp_path, {"FORESTALL_KUBECONFIG": str(named)}).kubeconfig == named


def test_a_name_without_a_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="absent"):
        Existing(tmp_path, {"FORESTALL_KUBECONFIG": str(tmp_path / "absent")}).up()


def test_people_and_nodes_are_not_made_in_it(tmp_path: Path) -> None:
    existing = Existing(tmp_path, {})
    with pytest.raises(Unsupported, match="existing tier cannot certify the user ann"):
        existing.user_kubeconfig("ann")
    with pytest.raises(Unsupported, match="existing tier cannot stop n1"):
        existing.stop_node("n1")
