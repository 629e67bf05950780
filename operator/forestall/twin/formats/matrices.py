"""Traffic matrices: numbers in rows, one for the traffic of each node to each other one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from forestall.api.base import Key
from forestall.twin.defects import Defect
from forestall.twin.formats.parsing import LIMIT, decoded
from forestall.twin.formats.report import Report, UnreadableTopologyError, UnusableError
from forestall.twin.formats.values import number
from forestall.twin.topology import DEMAND, Demand

_CELL: Final = re.compile(r"[^\s,;]+")


@dataclass(frozen=True, slots=True)
class LoadedDemands:
    """What was read, and what was wrong with it."""

    demands: tuple[Demand, ...]
    defects: tuple[Defect, ...]


def load_demands(text: str | bytes, *, nodes: Sequence[Key], unit: float, limit: int = LIMIT) -> LoadedDemands:
    """The demands of a matrix, ordered by row.

    `nodes`: what its rows and columns stand for; a row is the traffic that leaves one. `unit`: bit/s that one of its
    numbers stands for. Cells are divided by blanks, commas or semicolons, rows by ends of lines, or all of them stand
    in one line. What is 0 is no demand, nor is the traffic of a node to itself; an unusable cell is left out, with a
    defect. UnreadableTopologyError where it has not as many cells as pairs of nodes.
    """
    report, lines = Report(), decoded(text, limit).splitlines()
    cells = list(_cells(lines, len(nodes) ** 2))
    if len(cells) != len(nodes) ** 2:
        raise UnreadableTopologyError("", f"{len(nodes) ** 2} numbers were expected, {len(nodes)} in each row")
    return LoadedDemands(tuple(_demands(cells, nodes, unit, report)), report.defects())


def _cells(lines: Sequence[str], most: int) -> Iterator[tuple[str, str]]:
    """Each cell with its path; not many more than there should be."""
    for row, line in enumerate(lines, start=1):
        for column, match in enumerate(_CELL.finditer(line), start=1):
            yield f"line {row}, column {column}", match[0]
            most -= 1
            if most < 0:
                return


def _demands(cells: Sequence[tuple[str, str]], nodes: Sequence[Key], unit: float, report: Report) -> Iterator[Demand]:
    pairs = ((source, target) for source in nodes for target in nodes)
    for (path, cell), (source, target) in zip(cells, pairs, strict=True):
        try:
            amount = number(cell) * unit
        except UnusableError as error:
            report.left_out(path, f"{source.name} to {target.name}: {error}")
            continue
        if amount and source != target:
            key = Key(DEMAND, "", f"{source.name} to {target.name}")
            yield Demand(key=key, source=source, target=target, amount=amount)
