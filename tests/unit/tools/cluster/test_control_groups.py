"""Control groups are made where a kubelet looks for them, and removed without leaving any."""

import threading
from pathlib import Path

import pytest

from tools.cluster import control_groups
from tools.cluster.process import wait_until


def version_1(root: Path, *controllers: str) -> Path:
    for controller in controllers:
        (root / controller).mkdir(parents=True)
        (root / controller / "cgroup.clone_children").write_text("0\n")
    return root


def version_2(root: Path, delegated: str) -> Path:
    (root / "cgroup.controllers").write_text("cpu cpuset memory pids io\n")
    (root / "cgroup.subtree_control").write_text(f"{delegated}\n")
    return root


def test_with_version_1_every_hierarchy_gets_the_group(tmp_path: Path) -> None:
    root = version_1(tmp_path, "cpu", "memory")
    (root / "unified").mkdir()
    control_groups.make("forestall-x-node1", root)
    assert control_groups.remaining("forestall-x-*", root) == [
        root / "cpu" / "forestall-x-node1",
        root / "memory" / "forestall-x-node1",
    ]


def test_with_version_1_the_group_gets_the_machines_processors(tmp_path: Path) -> None:
    root = version_1(tmp_path, "cpuset")
    (root / "cpuset" / "cpuset.cpus").write_text("0-3\n")
    (root / "cpuset" / "cpuset.mems").write_text("0\n")
    control_groups.make("group", root)
    assert (root / "cpuset/group/cpuset.cpus").read_text() == "0-3\n"
    assert (root / "cpuset/group/cpuset.mems").read_text() == "0\n"


def test_with_version_2_there_is_one_group(tmp_path: Path) -> None:
    root = version_2(tmp_path, "cpu cpuset memory pids")
    control_groups.make("group", root)
    assert control_groups.remaining("group", root) == [root / "group"]


def test_removing_takes_what_is_below_and_leaves_other_clusters_alone(tmp_path: Path) -> None:
    root = version_1(tmp_path, "cpu")
    (root / "cpu/forestall-x-node1/kubepods/pod1").mkdir(parents=True)
    (root / "cpu/forestall-y-node1").mkdir()
    control_groups.remove("forestall-x-*", root)
    assert control_groups.remaining("forestall-*", root) == [root / "cpu/forestall-y-node1"]


def test_removing_waits_for_processes_that_have_yet_to_end(tmp_path: Path) -> None:
    root = version_1(tmp_path, "cpu")
    group = root / "cpu" / "group"
    group.mkdir()
    (group / "busy").touch()  # not empty, as a group with a process in it is not
    removing = threading.Thread(target=control_groups.remove, args=("group", root))
    removing.start()
    (group / "busy").unlink()
    removing.join(60)
    wait_until("the group to be gone", lambda: not group.exists())


def test_removing_gives_up_where_processes_never_end(tmp_path: Path) -> None:
    root = version_1(tmp_path, "cpu")
    (root / "cpu/group").mkdir()
    (root / "cpu/group/busy").touch()
    with pytest.raises(TimeoutError, match="group"):
        control_groups.remove("group", root, timeout=0.1)


@pytest.mark.parametrize("delegated", ["", "memory pids"])
def test_version_2_without_the_controllers_is_no_use(tmp_path: Path, delegated: str) -> None:
    assert "does not delegate cpu" in str(control_groups.unavailable(version_2(tmp_path, delegated)))


def test_version_2_with_the_controllers_will_do(tmp_path: Path) -> None:
    assert control_groups.unavailable(version_2(tmp_path, "cpu cpuset memory pids io")) is None


def test_version_1_without_a_controller_is_no_use(tmp_path: Path) -> None:
    root = version_1(tmp_path, "cpu", "cpuset", "pids")
    assert control_groups.unavailable(root) == f"{root} has no hierarchy for memory"
