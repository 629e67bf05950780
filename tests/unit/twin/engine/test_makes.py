"""Which makes of the kernels there are."""

from __future__ import annotations

import shutil

from forestall.twin.engine.makes import NAMES, WRITTEN, compiled, plain
from forestall.twin.engine.memory import Arrays, Lists


def test_kernels_are_compiled_wherever_there_is_a_compiler() -> None:
    assert compiled() is not None or shutil.which("cc") is None, "make lint compiles them"


def test_plain_kernels_are_those_that_are_written_also_beside_compiled_ones() -> None:
    kernels = plain()

    assert not kernels.compiled
    assert isinstance(kernels.memory, Lists)
    assert all(getattr(kernels, name).__module__ == f"{WRITTEN}.{name}" for name in NAMES)


def test_compiled_kernels_work_on_arrays() -> None:
    kernels = compiled()

    assert kernels is None or (kernels.compiled and isinstance(kernels.memory, Arrays))
