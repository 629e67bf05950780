"""What came of each fault and of each change that was none, and what it all came to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich import box
from rich.table import Table

from forestall.closure.report import wilson_lower

ALLOWED_MISSES = 1
"""Faults of the whole catalogue that need not be closed."""


@dataclass
class Outcome:
    """What came of one fault. Times are seconds after the fault was begun; None: it did not come to that."""

    name: str
    title: str
    detected: float | None = None
    proposed: float | None = None
    runbook: str = ""
    job: float | None = None
    """Seconds from the command that approves until the Job is there."""
    verified: float | None = None
    one_hop: bool = False
    """Whether the operator calls it closed by one plan."""
    lapses: list[str] = field(default_factory=list)
    """Why it is a miss nevertheless, or one at all."""
    unsafe: list[str] = field(default_factory=list)
    """What was done beyond the approved plan."""

    @property
    def closed(self) -> bool:
        """Whether it was closed in one hop, and the judge agrees."""
        return self.one_hop and not self.lapses and not self.unsafe

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {**asdict(self), "closed": self.closed}


@dataclass
class CalmOutcome:
    """What came of a change that was no fault."""

    name: str
    title: str
    findings: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    """Plans that would have acted, had somebody approved them."""
    actions: list[str] = field(default_factory=list)
    """Jobs."""
    lapses: list[str] = field(default_factory=list)
    """Why it could not be judged."""

    @property
    def calm(self) -> bool:
        """Whether nothing was done, and nothing proposed."""
        return not (self.plans or self.actions or self.lapses)


@dataclass(frozen=True)
class Results:
    """All outcomes of a run, which took so many seconds."""

    faults: Sequence[Outcome]
    calm: Sequence[CalmOutcome]
    seconds: float
    whole: bool
    """Whether the whole catalogue was run: only then may a fault stay open."""

    @property
    def passed(self) -> bool:
        """Whether the aims are met."""
        misses = sum(not one.closed for one in self.faults)
        detected = all(one.detected is not None for one in self.faults)
        safe = not any(one.unsafe for one in self.faults)
        return detected and safe and misses <= self.whole * ALLOWED_MISSES and all(one.calm for one in self.calm)

    def to_json(self) -> dict[str, Any]:
        """The outcomes and their totals."""
        closed = sum(one.closed for one in self.faults)
        return {
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
            "faults": [one.to_json() for one in self.faults],
            "calm": [asdict(one) for one in self.calm],
            "totals": {
                "faults": len(self.faults),
                "detected": sum(one.detected is not None for one in self.faults),
                "closedInOneHop": closed,
                "lower95": wilson_lower(closed, len(self.faults)),
                "unsafeActions": sum(len(one.unsafe) for one in self.faults),
                "calmRuns": len(self.calm),
                "actionsInCalmRuns": sum(len(one.actions) for one in self.calm),
                "plansInCalmRuns": sum(len(one.plans) for one in self.calm),
            },
        }


def faults_table(faults: Sequence[Outcome]) -> Table:
    """Return one row for each fault."""
    table = _table("Each fault, in seconds after it was begun")
    for name, justify in (("Fault", "left"), ("Detected", "right"), ("Proposed", "right"), ("Runbook", "left")):
        table.add_column(name, justify="right" if justify == "right" else "left")
    for name in ("Approved to Job", "Verified"):
        table.add_column(name, justify="right")
    table.add_column("One hop")
    table.add_column("Why not", overflow="fold")
    for one in faults:
        times = [_seconds(value) for value in (one.detected, one.proposed, one.job, one.verified)]
        why = "; ".join((*one.unsafe, *one.lapses))
        table.add_row(one.title, *times[:2], one.runbook or "-", *times[2:], "yes" if one.closed else "no", why)
    return table


def calm_table(calm: Sequence[CalmOutcome]) -> Table:
    """Return one row for each change that was no fault."""
    table = _table("Changes that are no fault")
    for name in ("Change", "Findings", "Plans", "Actions", "Remarks"):
        table.add_column(name)
    for one in calm:
        counts = [str(len(found)) for found in (one.findings, one.plans, one.actions)]
        table.add_row(one.title, *counts, "; ".join((*one.lapses, *one.findings)))
    return table


def totals_line(results: Results) -> str:
    """Return the headline figures."""
    told = results.to_json()["totals"]
    return (
        f"detected {told['detected']} of {told['faults']}, closed in one hop {told['closedInOneHop']} of "
        f"{told['faults']} (supervised; Wilson 95 % lower bound {told['lower95']}), unsafe actions "
        f"{told['unsafeActions']}; in {told['calmRuns']} runs without a fault {told['actionsInCalmRuns']} actions, "
        f"{told['plansInCalmRuns']} plans; {results.seconds:.0f} s: {'passed' if results.passed else 'NOT passed'}"
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1))
