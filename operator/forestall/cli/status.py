"""`status`: how the policies do, what is open, where the plans stand, and the one-hop closure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from forestall.adapters.resources import FINDINGS, PLANS, POLICIES
from forestall.api import conditions
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Closure, GoalStatus, InspectionPolicy
from forestall.api.remediationplan import RemediationPlan
from forestall.cli.reading import read_all
from forestall.cli.screen import Screen
from forestall.cli.session import Session
from forestall.ports import Json, Kube

CONDITIONS = ("Ready", "MetricsReachable", "ApprovalPolicyEnforced")
"""The conditions of a policy without which the loop does not run."""
AT_REST = frozenset(("Cleared", "Closed"))
"""States of a finding that is not open."""


@dataclass(frozen=True)
class Overview:
    """Policies, with counts of open findings by (class, severity) and of plans by phase."""

    policies: Sequence[InspectionPolicy]
    findings: Counter[tuple[str, str]]
    plans: Counter[str]

    @property
    def closure(self) -> Closure:
        """One-hop closure over all these policies."""
        each = [policy.status.closure for policy in self.policies]
        return Closure(eligible=sum(one.eligible for one in each), one_hop=sum(one.one_hop for one in each))

    def to_json(self) -> Json:
        """The same as one JSON object."""
        severities = [
            {"class": kind, "severity": severity, "count": count}
            for (kind, severity), count in sorted(self.findings.items())
        ]
        return {
            "policies": [_policy_json(policy) for policy in self.policies],
            "openFindings": severities,
            "plans": dict(sorted(self.plans.items())),
            "closure": {**self.closure.to_json(), "series": "Supervised", "provisional": True},
        }


async def gather(session: Session, kube: Kube) -> Overview:
    """Read what the overview is made of."""
    complain, where = session.screen.warn, session.namespace
    policies = await read_all(kube, POLICIES, InspectionPolicy, where, complain=complain)
    findings = await read_all(kube, FINDINGS, Finding, where, complain=complain)
    plans = await read_all(kube, PLANS, RemediationPlan, where, complain=complain)
    opened = (finding.status for finding in findings if finding.status.state not in AT_REST)
    return Overview(
        policies,
        Counter((status.finding_class, status.severity) for status in opened),
        Counter(plan.status.phase for plan in plans),
    )


def render(screen: Screen, overview: Overview) -> None:
    """Write the overview as tables."""
    _policies(screen, overview.policies)
    _goals(screen, overview.policies)
    screen.heading("Open findings")
    found = sorted(overview.findings.items())
    _counts(screen, ("CLASS", "SEVERITY", "COUNT"), [(*what, str(count)) for what, count in found])
    screen.heading("Plans")
    _counts(screen, ("PHASE", "COUNT"), [(phase, str(count)) for phase, count in sorted(overview.plans.items())])
    screen.heading("One-hop closure")
    screen.line(closure_text(overview.closure))


def closure_text(closure: Closure) -> str:
    """The rate with its denominator: `3 of 4 (supervised, provisional)`."""
    if not closure.eligible:
        return "no finding is eligible yet"
    return f"{closure.one_hop} of {closure.eligible} (supervised, provisional)"


def _policies(screen: Screen, policies: Sequence[InspectionPolicy]) -> None:
    screen.title("Policies", "bold")
    if not policies:
        screen.line("none: nothing is inspected here")
        return
    screen.table(
        ("NAMESPACE", "POLICY", "READY", "METRICS", "APPROVALS ENFORCED", "SUSPENDED", "OPEN FINDINGS"),
        [_policy_row(policy) for policy in policies],
    )
    for policy in policies:
        for text in _ailments(policy):
            screen.line(text, "yellow")


def _policy_row(policy: InspectionPolicy) -> Sequence[str]:
    states = (_condition(policy, kind) for kind in CONDITIONS)
    suspended = "suspended" if policy.spec.suspend else "-"
    meta = policy.metadata
    return (meta.namespace or "", meta.name, *states, suspended, str(policy.status.open_findings))


def _condition(policy: InspectionPolicy, kind: str) -> str:
    found = conditions.find(policy.status.conditions, kind)
    return found.status if found else "Unknown"


def _ailments(policy: InspectionPolicy) -> list[str]:
    found = [conditions.find(policy.status.conditions, kind) for kind in CONDITIONS]
    name = f"{policy.metadata.namespace}/{policy.metadata.name}"
    return [
        f"{name}: {condition.type} is {condition.status} ({condition.reason}): {condition.message}"
        for condition in found
        if condition is not None and condition.status != "True"
    ]


def _goals(screen: Screen, policies: Sequence[InspectionPolicy]) -> None:
    rows = [_goal_row(policy, goal) for policy in policies for goal in policy.status.goals]
    if rows:
        screen.heading("Goals")
        screen.table(("NAMESPACE", "POLICY", "GOAL", "OBSERVED", "PREDICTED", "VALUE", "TRIGGER"), rows)


def _goal_row(policy: InspectionPolicy, goal: GoalStatus) -> Sequence[str]:
    value = "-" if goal.value is None else format(goal.value, "f")
    place = (policy.metadata.namespace or "", policy.metadata.name)
    return (*place, goal.name, goal.observed, goal.predicted, value, goal.trigger or "-")


def _counts(screen: Screen, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        screen.table(columns, rows)
    else:
        screen.line("none")


def _policy_json(policy: InspectionPolicy) -> Json:
    status = policy.status.to_json()
    return {
        "namespace": policy.metadata.namespace,
        "name": policy.metadata.name,
        "suspended": policy.spec.suspend,
        "conditions": status["conditions"],
        "goals": status["goals"],
        "openFindings": status["openFindings"],
        "closure": status["closure"],
    }
