"""`findings`: every finding on one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forestall.adapters.resources import FINDINGS
from forestall.api.base import format_time
from forestall.api.finding import Finding
from forestall.cli.plain import age
from forestall.cli.reading import read_all
from forestall.cli.screen import Screen
from forestall.cli.session import Session
from forestall.cli.status import AT_REST
from forestall.ports import Json, Kube

COLUMNS = ("NAMESPACE", "NAME", "CLASS", "SEVERITY", "STATE", "RESOURCE", "GOALS", "SINCE", "ASSIGNEE", "MESSAGE")


async def gather(session: Session, kube: Kube, *, everything: bool) -> list[Finding]:
    """The findings that are open, or all of them."""
    found = await read_all(kube, FINDINGS, Finding, session.namespace, complain=session.screen.warn)
    return [finding for finding in found if everything or finding.status.state not in AT_REST]


def render(screen: Screen, findings: Sequence[Finding], now: datetime) -> None:
    """Write the findings as a table."""
    if not findings:
        screen.title("no findings")
        return
    screen.table(COLUMNS, [_row(finding, now) for finding in findings])


def to_json(findings: Sequence[Finding]) -> Json:
    """The same facts as one JSON object."""
    return {"findings": [_json(finding) for finding in findings]}


def _row(finding: Finding, now: datetime) -> Sequence[str]:
    status, resource = finding.status, finding.spec.resource
    return (
        finding.metadata.namespace or "",
        finding.metadata.name,
        status.finding_class,
        status.severity,
        status.state,
        f"{resource.kind} {resource.name}",
        " ".join(status.affected_goals) or "-",
        age(status.detected_at, now),
        _assignee(finding),
        status.message,
    )


def _assignee(finding: Finding) -> str:
    held = finding.status.assignee
    return "-" if held is None else held.name or held.kind


def _json(finding: Finding) -> Json:
    status = finding.status
    return {
        "namespace": finding.metadata.namespace,
        "name": finding.metadata.name,
        "policy": finding.spec.policy_ref.name,
        "type": finding.spec.type,
        "resource": finding.spec.resource.to_json(),
        "class": status.finding_class,
        "severity": status.severity,
        "state": status.state,
        "message": status.message,
        "affectedGoals": list(status.affected_goals),
        "detectedAt": format_time(status.detected_at) if status.detected_at else None,
        "assignee": status.assignee.to_json() if status.assignee else None,
        "plans": [plan.to_json() for plan in status.plans],
    }
