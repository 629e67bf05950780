"""Figures, and the one table that they are printed as."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tools.cluster.api_tier import ApiTier

TICKS = os.sysconf("SC_CLK_TCK")


class Figure(NamedTuple):
    """Values of one quantity in one unit."""

    name: str
    unit: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        """The 50th percentile."""
        return percentile(self.values, 50)

    def row(self) -> tuple[str, ...]:
        """The figure as a row of the table."""
        numbers = (f"{percentile(self.values, share):.3g}" for share in (50, 90))
        return self.name, self.unit, str(len(self.values)), *numbers


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that `share` percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * share // 100) - 1, 0)]


def table(figures: Iterable[Figure]) -> str:
    """All figures, aligned."""
    rows = [("what", "unit", "n", "p50", "p90"), *(figure.row() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, its children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mebibytes(pid: int) -> float:
    """Memory that a process holds in RAM."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def status_writes(cluster: ApiTier) -> Mapping[str, float]:
    """Status PATCHes of forestall's kinds that the API server has carried out, by kind's plural."""
    families = text_string_to_metric_families(cluster.get("/metrics"))
    wanted = {"group": "forestall.dev", "verb": "PATCH", "subresource": "status", "dry_run": ""}
    found: dict[str, float] = {}
    for sample in (one for family in families if family.name == "apiserver_request" for one in family.samples):
        if wanted.items() <= sample.labels.items():
            found[sample.labels["resource"]] = found.get(sample.labels["resource"], 0) + sample.value
    return found
