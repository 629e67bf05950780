"""Control groups of nodes: made before a node's kubelet starts, and all that nodes leave on the host.

With version 1 there is one hierarchy per controller, each below its own folder; with version 2 one for all.
"""

from pathlib import Path

from tools.cluster.process import wait_until

ROOT = Path("/sys/fs/cgroup")

CONTROLLERS = frozenset({"cpu", "cpuset", "memory", "pids"})
"""Without these a kubelet does not start."""


def unavailable(root: Path = ROOT) -> str | None:
    """Say why pods' resources cannot be controlled here, None where they can."""
    if (root / "cgroup.controllers").exists():
        lacking = CONTROLLERS - set((root / "cgroup.subtree_control").read_text().split())
        words = "does not delegate"
    else:
        lacking = CONTROLLERS - {path.name for path in hierarchies(root)}
        words = "has no hierarchy for"
    return f"{root} {words} {', '.join(sorted(lacking))}" if lacking else None


def hierarchies(root: Path = ROOT) -> list[Path]:
    """Return the folders below which groups are made: one with version 2, one per controller with version 1."""
    if (root / "cgroup.controllers").exists():
        return [root]
    return sorted(marker.parent for marker in root.glob("*/cgroup.clone_children"))


def make(name: str, root: Path = ROOT) -> None:
    """Make the group called `name` in every hierarchy, ready to hold processes."""
    for hierarchy in hierarchies(root):
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        # Version 1 starts a group without processors and memory nodes and refuses processes until it has some.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if (hierarchy / setting).exists() and not (hierarchy / "cgroup.controllers").exists():
                (group / setting).write_text((hierarchy / setting).read_text())


def remove(pattern: str, root: Path = ROOT, *, timeout: float = 60.0) -> None:
    """Remove every group whose name matches `pattern`, `*` meaning anything, in every hierarchy, with all below.

    Raises TimeoutError if processes in them do not end within `timeout` seconds.
    """
    wait_until(f"control groups {pattern} to be gone", lambda: _removed(pattern, root), timeout=timeout)


def remaining(pattern: str, root: Path = ROOT) -> list[Path]:
    """Return the groups whose name matches `pattern`."""
    return sorted([*root.glob(pattern), *root.glob(f"*/{pattern}")])


def _removed(pattern: str, root: Path) -> bool:
    for group in remaining(pattern, root):
        below = [path for path in group.rglob("*") if path.is_dir()]
        for folder in (*sorted(below, reverse=True), group):
            _remove_one(folder)
    return not remaining(pattern, root)


def _remove_one(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        # A process in it has not ended yet, or somebody else was faster: looked at again by the caller.
        return
