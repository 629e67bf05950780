"""The tables: a network before, during and after a change, and what became of each risk."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table

from forestall.api.finding import Finding
from forestall.api.networkplan import NetworkFigures, NetworkPrediction
from forestall.api.remediationplan import RemediationPlan

MEASURES = ("Fullest link", "Lost demand", "Losses that fail it", "The worst of them", "Fullest link then")
"""What is told of a network in one state."""


@dataclass(frozen=True)
class Risk:
    """One risk as it stands at the end, with the plan for it if there is one."""

    title: str
    finding: Finding
    plan: RemediationPlan | None = None


def network_table(prediction: NetworkPrediction) -> Table:
    """Return the network before the change, in the worst state on the way, and after it."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    for name in ("", "Before", "During", "After"):
        table.add_column(name, overflow="fold")
    figures = (prediction.before, prediction.during, prediction.after)
    states = [figures_cells(prediction.network, one) for one in figures]
    for row in zip(MEASURES, *states, strict=True):
        table.add_row(*row)
    return table


def figures_cells(network: str, figures: NetworkFigures) -> list[str]:
    """Return the cells of one state, one for each of MEASURES; losses without the network that all are of."""
    worst = figures.worst[0] if figures.worst else None
    return [
        f"{figures.link} {figures.utilisation:.0%}",
        f"{figures.lost_demand:.0f} bit/s",
        f"{figures.failing} of {figures.losses}",
        worst.loss.replace(f"/{network}/", " ") if worst else "-",
        f"{worst.link} {worst.utilisation:.0%}" if worst else "-",
    ]


def risks_table(risks: Sequence[Risk]) -> Table:
    """Return one row for each risk."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    for name in ("Risk", "Now", "Plan", "It ended as", "Prediction"):
        table.add_column(name)
    for risk in risks:
        table.add_row(*risk_row(risk))
    return table


def risk_row(risk: Risk) -> list[str]:
    """Return a risk's cells: title, state, runbook, phase, score."""
    state = risk.finding.status.state
    if risk.plan is None:
        return [risk.title, state, "none", "-", "-"]
    status = risk.plan.status
    score = f"{status.score.matched} of {status.score.total}" if status.score else "-"
    return [risk.title, state, risk.plan.spec.runbook_ref.name, status.phase, score]
