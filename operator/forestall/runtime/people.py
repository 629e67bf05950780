"""What people have put into objects of their own: pauses, approvals, and whether the approvers still may."""

from __future__ import annotations

from dataclasses import replace

from pydantic import ValidationError

from forestall.adapters.resources import APPROVALS, PAUSES, POLICIES
from forestall.api.base import ObjectMeta
from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationpause import RemediationPause, RemediationPauseSpec
from forestall.api.remediationplan import RemediationPlan
from forestall.gates.decisions import fitting
from forestall.gates.facts import Facts
from forestall.ports import Identity, Json
from forestall.runtime.context import Context


def known(context: Context, facts: Facts) -> Facts:
    """The facts with pauses and approvals as they were last seen."""
    namespace, name = facts.plan.metadata.namespace or "", facts.plan.metadata.name
    approvals = context.store.all(RemediationApproval, namespace)
    return replace(
        facts,
        pauses=pauses_for(context, namespace),
        approvals=tuple(one for one in approvals if one.spec.plan_ref.name == name),
    )


async def fresh(context: Context, facts: Facts) -> Facts:
    """The facts with pauses and approvals as the API server has them now."""
    namespace = facts.plan.metadata.namespace or ""
    bodies = [body for place in places(context, namespace) for body in await context.kube.list(PAUSES, place)]
    approvals = [_approval(body, facts.plan) for body in await context.kube.list(APPROVALS, namespace)]
    return replace(
        facts, pauses=tuple(_pause(body) for body in bodies), approvals=tuple(one for one in approvals if one)
    )


async def entitled(context: Context, facts: Facts) -> Facts:
    """The facts with the API server's word on whether each approver with recorded groups still holds the right."""
    verb = "approve" if facts.plan.status.risk_class == "Low" else "approve-high"
    namespace, policy = facts.plan.metadata.namespace or "", facts.plan.spec.policy_ref.name
    lost = [
        one.metadata.name
        for one in fitting(facts, "Approve")
        if not await context.kube.can(Identity(one.spec.approver, one.spec.groups), verb, POLICIES, namespace, policy)
    ]
    return replace(facts, rightless=frozenset(lost))


def places(context: Context, namespace: str) -> list[str]:
    """The namespaces whose pauses hold for a namespace: itself and the operator's."""
    return sorted({namespace, context.settings.namespace})


def pauses_for(context: Context, namespace: str) -> tuple[RemediationPause, ...]:
    """The pauses of a namespace and of the operator's, as they were last seen."""
    return tuple(one for place in places(context, namespace) for one in context.store.all(RemediationPause, place))


def _pause(body: Json) -> RemediationPause:
    """A pause; what cannot be read is taken for a stop: nothing may run past an order that is not understood."""
    try:
        return RemediationPause.model_validate(body)
    except ValidationError:
        metadata = ObjectMeta(name=body["metadata"]["name"], namespace=body["metadata"]["namespace"])
        spec = RemediationPauseSpec(level="Stop", reason="it cannot be read", who="somebody")
        return RemediationPause(metadata=metadata, spec=spec)


def _approval(body: Json, plan: RemediationPlan) -> RemediationApproval | None:
    """A decision that names the plan; what cannot be read decides nothing."""
    try:
        found = RemediationApproval.model_validate(body)
    except ValidationError:
        return None
    return found if found.spec.plan_ref.name == plan.metadata.name else None
