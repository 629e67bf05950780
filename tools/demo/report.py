"""The tables at the end: what was found, when what happened, who let it, and whether the twin was right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich import box
from rich.table import Table

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Closure
from forestall.api.remediationplan import RemediationPlan
from tools.demo.outage import CADENCE, Probe, failed_share, longest_gap

TIMES = ("Detected", "Decided", "Acted", "Verified")


@dataclass(frozen=True)
class Item:
    """One finding with the plan for it. `since` is the fault, or for a risk the moment its policy came."""

    title: str
    since: datetime
    finding: Finding
    plan: RemediationPlan


def items_table(items: Sequence[Item]) -> Table:
    """Return one row for each item, times in seconds."""
    table = _table("Each finding, in seconds after the fault (T-1: after its policy was applied)")
    table.add_column("Item", min_width=18)
    table.add_column("")
    for name in TIMES:
        table.add_column(name, justify="right")
    table.add_column("Approved by", min_width=9)
    table.add_column("Prediction")
    for item in items:
        table.add_row(*row(item))
    return table


def row(item: Item) -> list[str]:
    """Return an item's cells: title, T-1 or T0, the four times, the approver, the prediction's score."""
    status = item.plan.status
    decided = status.rejection.time if status.rejection else status.timestamps.decided
    moments = (item.finding.status.detected_at, decided, status.timestamps.acted, status.timestamps.verified)
    horizon = "T-1" if item.finding.status.finding_class == "Risk" else "T0"
    return [item.title, horizon, *(seconds(moment, item.since) for moment in moments), _who(item), _prediction(item)]


def seconds(moment: datetime | None, since: datetime) -> str:
    """Return the seconds between two times, a dash where the later one never came."""
    return "-" if moment is None else f"{(moment - since).total_seconds():.1f}"


def outage_table(services: Sequence[tuple[str, Sequence[Probe]]]) -> Table:
    """Return one row for each service that was asked while a node was lost."""
    table = _table(f"The loss of the node, one request every {CADENCE} s to each service")
    table.add_column("Service", min_width=18)
    for name in ("Longest time without an answer", "Requests", "Failed"):
        table.add_column(name, justify="right")
    for name, probes in services:
        table.add_row(name, f"{longest_gap(probes):.1f} s", str(len(probes)), f"{failed_share(probes):.1%}")
    return table


def closure_line(closure: Closure) -> str:
    """Return the headline figure."""
    return f"closed in one hop: {closure.one_hop} of {closure.eligible} (supervised, provisional)"


def _who(item: Item) -> str:
    status = item.plan.status
    if status.rejection:
        return f"no: {status.rejection.name}"
    return status.approval.name if status.approval else "-"


def _prediction(item: Item) -> str:
    score = item.plan.status.score
    return f"{score.matched} of {score.total}" if score else "-"


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=0)
