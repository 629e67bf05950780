"""`plans`: every plan on one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from forestall.adapters.resources import PLANS
from forestall.api.base import Parameter, format_time
from forestall.api.prediction import Prediction
from forestall.api.remediationplan import RemediationPlan, Target
from forestall.cli.plain import age
from forestall.cli.reading import read_all
from forestall.cli.screen import Screen
from forestall.cli.session import Session
from forestall.ports import Json, Kube

COLUMNS = ("NAMESPACE", "NAME", "RUNBOOK", "TARGET", "RISK", "PHASE", "WAITING", "PREDICTION")


async def gather(session: Session, kube: Kube, *, pending: bool) -> list[RemediationPlan]:
    """All plans, or those alone that await a person's decision."""
    found = await read_all(kube, PLANS, RemediationPlan, session.namespace, complain=session.screen.warn)
    return [plan for plan in found if not pending or plan.status.phase == "PendingApproval"]


def render(screen: Screen, plans: Sequence[RemediationPlan], now: datetime) -> None:
    """Write the plans as a table."""
    if not plans:
        screen.title("no plans")
        return
    screen.table(COLUMNS, [_row(plan, now) for plan in plans])


def to_json(plans: Sequence[RemediationPlan]) -> Json:
    """The same facts as one JSON object."""
    return {"plans": [_json(plan) for plan in plans]}


def waiting_since(plan: RemediationPlan) -> datetime | None:
    """Since when the plan waits for a person: its life as a pending plan starts with its creation."""
    return plan.metadata.creation_timestamp if plan.status.phase == "PendingApproval" else None


def target_text(target: Target | None) -> str:
    """What a plan acts on: `Deployment shop/web`."""
    if target is None:
        return "-"
    place = "/".join(part for part in (target.ref.namespace, target.ref.name) if part)
    return f"{target.ref.kind} {place}"


def prediction_text(prediction: Prediction | None) -> str:
    """The goals that would change, and what the target would stand on."""
    if prediction is None:
        return "-"
    changes = [f"{goal.name} {goal.before} -> {goal.after}" for goal in prediction.goals if goal.before != goal.after]
    ground = f"{prediction.ready_pods} ready pods on {prediction.nodes} nodes"
    return "; ".join([*(changes or ["no goal changes now"]), ground])


def arguments_text(parameters: Sequence[Parameter]) -> str:
    """Parameters as `name=value`, in their order; `-` for none."""
    return " ".join(f"{parameter.name}={parameter.value}" for parameter in parameters) or "-"


def _row(plan: RemediationPlan, now: datetime) -> Sequence[str]:
    status = plan.status
    return (
        plan.metadata.namespace or "",
        plan.metadata.name,
        plan.spec.runbook_ref.name,
        target_text(status.target),
        status.risk_class or "-",
        status.phase,
        age(waiting_since(plan), now),
        prediction_text(status.prediction),
    )


def _json(plan: RemediationPlan) -> Json:
    since = waiting_since(plan)
    return {
        "namespace": plan.metadata.namespace,
        "name": plan.metadata.name,
        "runbook": plan.spec.runbook_ref.name,
        "target": plan.status.target.ref.to_json() if plan.status.target else None,
        "riskClass": plan.status.risk_class,
        "phase": plan.status.phase,
        "message": plan.status.message,
        "planDigest": plan.status.plan_digest,
        "waitingSince": format_time(since) if since else None,
        "prediction": plan.status.prediction.to_json() if plan.status.prediction else None,
    }
