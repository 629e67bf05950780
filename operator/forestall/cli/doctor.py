"""`doctor`: is what people rely on in force, and who could go round it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forestall.adapters import shipped
from forestall.adapters.resources import DEPLOYMENTS, POLICIES
from forestall.api import conditions
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import read_all
from forestall.cli.rights import Grant, known_grants
from forestall.cli.screen import Screen
from forestall.ports import Json, Kube, KubeError

OPERATOR = "forestall"
"""The operator's Deployment, as the chart calls it."""
WATCHED = ("ApprovalPolicyEnforced", "MetricsReachable")


@dataclass(frozen=True)
class Diagnosis:
    """What was found: each danger in words, and every grant of a right that approvals rest on."""

    dangers: Sequence[str]
    grants: Sequence[Grant]

    def to_json(self) -> Json:
        """The same as one JSON object."""
        return {"dangers": list(self.dangers), "grants": [_json(grant) for grant in self.grants]}


async def examine(kube: Kube, screen: Screen, system: str) -> Diagnosis:
    """Look at the operator in namespace `system`, its policies and RBAC. What cannot be read is a danger, too."""
    grants, unread = await known_grants(kube)
    found = [
        *await _operator(kube, system),
        *await _admission(kube, system),
        *await _policies(kube, screen),
        *([unread] if unread else []),
        *(f"{_told(grant)}: {grant.danger}" for grant in grants if grant.danger),
    ]
    return Diagnosis(found, grants)


def render(screen: Screen, diagnosis: Diagnosis) -> None:
    """Write who holds which right, then the dangers."""
    screen.title("Who can approve, and who can act as another", "bold")
    columns = ("RIGHT", "WHO", "KIND", "NAMESPACE", "POLICIES", "BY ROLE")
    screen.table(columns, [_row(grant) for grant in diagnosis.grants])
    screen.heading("Dangers")
    for danger in diagnosis.dangers or ("none",):
        screen.line(danger)


def require_health(diagnosis: Diagnosis) -> None:
    """Raise Failure if there is a danger."""
    if diagnosis.dangers:
        raise Failure(Exit.ERROR, f"{len(diagnosis.dangers)} dangers", "mend them before anybody approves anything")


async def _operator(kube: Kube, system: str) -> list[str]:
    try:
        status = (await kube.get(DEPLOYMENTS, system, OPERATOR)).get("status") or {}
    except KubeError as error:
        return [f"the operator's Deployment {system}/{OPERATOR} could not be read: {error.message}"]
    return [] if status.get("readyReplicas") else [f"no Pod of the operator's Deployment {system}/{OPERATOR} is ready"]


async def _admission(kube: Kube, system: str) -> list[str]:
    try:
        found = await shipped.difference(kube, system)
    except (KubeError, KeyError, ValueError) as error:
        return [f"the admission policies could not be compared with those shipped: {error}"]
    return [f"{found}: install the chart's admission policies again"] if found else []


async def _policies(kube: Kube, screen: Screen) -> list[str]:
    """What the operator itself says of each inspection policy: approvals enforced, metrics answered."""
    found = await read_all(kube, POLICIES, InspectionPolicy, "", complain=screen.warn)
    told = [(one.key, conditions.find(one.status.conditions, kind)) for one in found for kind in WATCHED]
    return [
        f"{key}: {state.type} is {state.status}: {state.message}"
        for key, state in told
        if state is not None and state.status != "True"
    ]


def _told(grant: Grant) -> str:
    place = f"in namespace {grant.namespace}" if grant.namespace else "everywhere"
    return f"{grant.who} may {grant.right} {place}, by role {grant.role}"


def _row(grant: Grant) -> Sequence[str]:
    names = ", ".join(grant.names) or "all"
    return (grant.right, grant.who, grant.kind, grant.namespace or "all", names, grant.role)


def _json(grant: Grant) -> Json:
    return {**grant._asdict(), "names": list(grant.names), "danger": grant.danger}
