"""A Python root has every library that its programs need, and its modules compiled."""

import sys
from pathlib import Path

from tools.cluster import python_root


def test_the_closure_of_libraries_includes_the_program_loader() -> None:
    libraries = python_root.shared_libraries([Path(sys.executable).resolve()])
    assert any(library.name.startswith("ld-") for library in libraries)
    assert any(library.name.startswith("libc.so") for library in libraries)


def test_packages_are_installed_compiled_and_without_their_tests(tmp_path: Path) -> None:
    # Nothing to install: the rest of the work is the same, and needs no network.
    (tmp_path / "requirements.txt").write_text("")
    tree = tmp_path / "tree"
    tests = tree / "opt/packages/tests"
    tests.mkdir(parents=True)
    (tree / "opt/packages/module.py").write_text("x = 1\n")
    python_root.packages_tree(tree, tmp_path / "requirements.txt", "opt/packages", frozenset())
    assert not tests.exists()
    assert list(tree.rglob("module.*.pyc"))


def test_libraries_of_lower_layers_are_not_copied_again(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(Path(sys.executable).resolve().read_bytes())
    (tmp_path / "usr/lib").mkdir(parents=True)
    every = frozenset(library.name for library in python_root.shared_libraries([program]))
    python_root.copy_libraries(tmp_path, every)
    assert list((tmp_path / "usr/lib").iterdir()) == []
    python_root.copy_libraries(tmp_path)
    assert {path.name for path in (tmp_path / "usr/lib").iterdir()} == every
