"""The table at the end: what was found, when what happened, who let it, and whether the twin was right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Closure
from forestall.api.remediationplan import RemediationPlan
from tools.demo.outage import Probe, failed_share, longest_gap


@dataclass(frozen=True)
class Item:
    """One finding with the plan for it. `since` is the fault, or for a risk the moment it was first looked for."""

    title: str
    since: datetime
    finding: Finding
    plan: RemediationPlan


def items_table(items: Sequence[Item]) -> Table:
    """Return one row for each item, times in seconds."""
    table = Table(
        title="What forestall did", caption="T0: seconds after the fault. T-1: seconds after the policy came."
    )
    for column in ("Item", "When", "Detected", "Decided", "Acted", "Verified", "By", "Prediction"):
        table.add_column(column, justify="right" if column in ("Detected", "Decided", "Acted", "Verified") else "left")
    for item in items:
        table.add_row(*_row(item))
    return table


def _row(item: Item) -> list[str]:
    status = item.plan.status
    times = status.timestamps
    decided = status.rejection.time if status.rejection else times.decided
    moments = (item.finding.status.detected_at, decided, times.acted, times.verified)
    horizon = "T-1" if item.finding.status.finding_class == "Risk" else "T0"
    return [item.title, horizon, *(seconds(moment, item.since) for moment in moments), _who(item), _prediction(item)]


def seconds(moment: datetime | None, since: datetime) -> str:
    """Return the seconds between two times, a dash where one of them never came."""
    return "-" if moment is None else f"{(moment - since).total_seconds():.1f}"


def _who(item: Item) -> str:
    status = item.plan.status
    if status.rejection:
        return f"{status.rejection.name} (rejected)"
    return status.approval.name if status.approval else "-"


def _prediction(item: Item) -> str:
    score = item.plan.status.score
    return f"{score.matched} of {score.total} right" if score else "not run"


def outage_table(probes: Sequence[tuple[str, Sequence[Probe]]]) -> Table:
    """Return one row for each service that was asked while the node was lost."""
    table = Table(title="The loss of node2, one request every 0.2 s to each")
    for column in ("Service", "Requests", "Failed", "Longest time without an answer"):
        table.add_column(column, justify="left" if column == "Service" else "right")
    for name, made in probes:
        table.add_row(name, str(len(made)), f"{failed_share(made):.1%}", f"{longest_gap(made):.1f} s")
    return table


def closure_line(closure: Closure) -> str:
    """Return the headline figure."""
    return f"closed in one hop: {closure.one_hop} of {closure.eligible} (supervised, provisional)"
