"""How the figures are taken: CPU time of this process, the least of some runs, ratios within one run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

from forestall.twin.engine.makes import Kernels, compiled, plain

T = TypeVar("T")

FOUND = compiled()
assert FOUND is not None, "compile the kernels: setup.py build_ext --inplace"
COMPILED: Kernels = FOUND
PLAIN = plain()


def cpu(run: Callable[[], T], runs: int = 3) -> tuple[float, T]:
    """Seconds of CPU that one run takes, and what it returned."""
    best = float("inf")
    gc.collect()
    gc.disable()
    try:
        for _ in range(runs):
            begin = time.process_time()
            found = run()
            best = min(best, time.process_time() - begin)
    finally:
        gc.enable()
    return best, found


def report(goal: str, what: str, measured: float, floor: float) -> None:
    """Print a ratio beside its floor, and fail below it."""
    print(f"{goal:4} {what:75} {measured:12,.1f} (floor {floor:,})")  # noqa: T201 (the figures are what is asked for)
    assert measured >= floor, f"{goal} {what}: {measured:.1f} is below {floor}"
