"""How the figures are taken: CPU time of this process, the least of some runs, ratios within one run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from forestall.twin.engine import Kernels, compiled, plain

T = TypeVar("T")

FOUND = compiled()
assert FOUND is not None, "make lint compiles the kernels where there is a C compiler"
COMPILED: Kernels = FOUND
PLAIN = plain()

Rival = tuple[str, float]
"""What is compared with, and the seconds that it takes."""
HEADINGS = ("goal", "what", "ours", "against", "theirs", "ratio", "floor")


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


def shown(seconds: float) -> str:
    """A time with three digits, in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{_digits(seconds / size)} {unit}"
    return f"{_digits(seconds / 1e-9)} ns"


def _digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


@dataclass(frozen=True)
class Table:
    """All figures of one run."""

    rows: list[Sequence[str]] = field(default_factory=list)

    def faster(self, goal: str, what: str, ours: float, rival: Rival, floor: float) -> None:
        """Note two times in seconds; AssertionError where theirs is not as many times ours as `floor` says."""
        against, theirs = rival
        ratio = theirs / ours
        self.rows.append((goal, what, shown(ours), against, shown(theirs), _digits(ratio), _digits(floor)))
        assert ratio >= floor, f"{goal} {what}: {ratio:.1f} times as fast as {against}, not {floor}"

    def figure(self, goal: str, what: str, figure: str, aim: str) -> None:
        """Note a figure that depends on the machine, and what it should be; nothing is asserted."""
        self.rows.append((goal, what, figure, f"aim: {aim}", "", "", ""))

    def missing(self, goal: str, what: str, reason: str) -> None:
        """Note what could not be measured here, and why."""
        self.rows.append((goal, what, "", reason, "", "", ""))

    def __str__(self) -> str:
        """All rows by goal, aligned."""
        rows = [HEADINGS, *sorted(self.rows, key=lambda row: (row[0][0], int(row[0][1:])))]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join(line.rstrip() for line in lines)
