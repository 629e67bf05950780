"""Reconciles a RemediationApproval: says whether it fits its plan, and lets the plan look."""

from __future__ import annotations

from datetime import timedelta

from forestall.adapters.resources import PLANS
from forestall.api import conditions
from forestall.api.base import Key
from forestall.api.remediationapproval import RemediationApproval, RemediationApprovalStatus
from forestall.api.remediationplan import RemediationPlan
from forestall.gates.decisions import Fault, fault
from forestall.ports import KubeError
from forestall.runtime.context import Context
from forestall.runtime.writing import write_status

ACCEPTED = "Accepted"


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """Judge the decision once: neither it nor what it must fit ever changes."""
    approval = context.store.get(RemediationApproval, key.namespace, key.name)
    if approval is None or conditions.find(approval.status.conditions, ACCEPTED):
        return None
    wrong = await _fault(context, approval)
    condition = conditions.make(
        ACCEPTED,
        wrong is None,
        wrong.reason if wrong else "FitsPlan",
        wrong.message if wrong else "",
        generation=approval.metadata.generation,
        now=context.clock.now(),
    )
    status = RemediationApprovalStatus(observed_generation=approval.metadata.generation, conditions=(condition,))
    if await write_status(context.kube, context.store, approval, status):
        context.metrics.writes.labels("RemediationApproval").inc()
    return None


async def _fault(context: Context, approval: RemediationApproval) -> Fault | None:
    """What is wrong with it, by the plan as it is now."""
    name = approval.spec.plan_ref.name
    try:
        body = await context.kube.get(PLANS, approval.metadata.namespace or "", name)
    except KubeError as error:
        if error.status != 404:
            raise
        return Fault("PlanMissing", f"spec.planRef: there is no plan {name}")
    return fault(approval, RemediationPlan.model_validate(body))
