"""A person's decision on a plan: who they are is the API server's word, what they decide on is what was shown."""

from __future__ import annotations

from collections.abc import Callable

from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import (
    APPROVE,
    APPROVED_BY,
    REJECT,
    REJECTED_BY,
    TAKE_OVER,
    TAKEN_OVER_BY,
    TERMINAL,
    RemediationPlan,
)
from forestall.cli import signing
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import Case, read_case
from forestall.ports import Kube

APPROVE_MANAGER = "forestall-approve"
REJECT_MANAGER = "forestall-reject"
TAKE_OVER_MANAGER = "forestall-take-over"
LONGEST_REASON = 1024
"""Characters of a reason that is kept in a status."""
REJECTABLE = frozenset(("PendingApproval", "Approved", "Preflight", "Blocked"))
"""Phases in which a rejection ends the plan."""


async def approve(
    kube: Kube, namespace: str, name: str, *, digest: str | None, consent: Callable[[Case], None]
) -> tuple[Case, str]:
    """Approve the plan as read; returns it and the approver's name.

    `digest`, if given, must be the plan's. `consent` is shown what was read and raises Failure to withhold.
    Raises Failure where the plan cannot be approved as it stands, KubeError where the API server refuses.
    """
    case = await read_case(kube, namespace, name)
    approvable(case.plan, digest)
    consent(case)
    if signing.needed(case.plan):
        return case, await signing.sign(kube, case.plan)
    me = await who_am_i(kube)
    annotations = {APPROVE: case.plan.status.plan_digest or "", APPROVED_BY: me}
    await _annotate(kube, case, annotations, APPROVE_MANAGER)
    return case, me


async def reject(kube: Kube, namespace: str, name: str, reason: str) -> tuple[Case, str]:
    """Reject the plan; returns it and the name of who did. Raises as `approve` does."""
    annotations = {REJECT: reasoned(reason)}
    case = await read_case(kube, namespace, name)
    rejectable(case.plan)
    me = await who_am_i(kube)
    await _annotate(kube, case, {**annotations, REJECTED_BY: me}, REJECT_MANAGER)
    return case, me


async def take_over(kube: Kube, namespace: str, name: str, reason: str) -> tuple[Case, str]:
    """Take the plan over, whatever of it runs; returns it and the name of who did. Raises as `approve` does."""
    annotations = {TAKE_OVER: reasoned(reason)}
    case = await read_case(kube, namespace, name)
    if case.plan.status.phase in TERMINAL:
        message = f"{_name(case.plan)} cannot be taken over: it is {_standing(case.plan)}"
        raise Failure(Exit.NOT_NOW, message, _remedy(case.plan))
    me = await who_am_i(kube)
    await _annotate(kube, case, {**annotations, TAKEN_OVER_BY: me}, TAKE_OVER_MANAGER)
    return case, me


def reasoned(reason: str) -> str:
    """The reason, if it is one that can be kept. Raises Failure."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Failure(Exit.USAGE, f"--reason must have 1 to {LONGEST_REASON} characters", "say why, in a sentence")
    return reason


async def who_am_i(kube: Kube) -> str:
    """The name that the API server knows the caller by."""
    return (await signing.identity(kube)).user


def approvable(plan: RemediationPlan, digest: str | None) -> None:
    """Raise Failure unless a person can approve the plan now, and its content is the one that `digest` names."""
    name, status = _name(plan), plan.status
    if status.phase == "Proposed" and status.mode in {"Observe", "Propose"}:
        raise Failure(
            Exit.NOT_NOW, f"{name} is only proposed (mode {status.mode}): it has no digest", _instead_of_approving(plan)
        )
    if status.phase != "PendingApproval":
        raise Failure(Exit.NOT_NOW, f"{name} does not await approval: it is {_standing(plan)}", _remedy(plan))
    if not status.plan_digest:
        raise Failure(Exit.NOT_NOW, f"{name} has no digest to approve", "wait until it is rendered, and try again")
    if digest is not None and digest != status.plan_digest:
        message = f"{name} has another content: its digest is {status.plan_digest}, not {digest}"
        raise Failure(Exit.NOT_NOW, message, f"look at it again: {_show(plan)}")


def _instead_of_approving(plan: RemediationPlan) -> str:
    """What to do with a plan that is only proposed."""
    if plan.status.prediction is not None and plan.status.prediction.network is not None:
        return f"carry it out, in its order; the twin sees when it is done: {_show(plan)}"
    return (
        f"set the mode of the response to Open in inspection policy {plan.spec.policy_ref.name}: a fresh plan follows"
    )


def rejectable(plan: RemediationPlan) -> None:
    """Raise Failure unless a rejection would end the plan."""
    if plan.status.phase in REJECTABLE:
        return
    message = f"{_name(plan)} cannot be rejected: it is {_standing(plan)}"
    if plan.status.phase in {"Executing", "Soaking", "RollingBack"}:
        place = f"{plan.metadata.name} --namespace {plan.metadata.namespace}"
        remedy = f"take it over, which suspends its Job: kubectl forestall take-over {place} --reason WHY"
        raise Failure(Exit.NOT_NOW, message, remedy)
    raise Failure(Exit.NOT_NOW, message, _remedy(plan))


async def _annotate(kube: Kube, case: Case, annotations: dict[str, str], manager: str) -> None:
    # The version that was read is a precondition: nobody decides on what they have not been shown.
    patch = {"metadata": {"resourceVersion": case.resource_version, "annotations": annotations}}
    meta = case.plan.metadata
    await kube.merge_patch(PLANS, meta.namespace or "", meta.name, patch, manager=manager)


def _name(plan: RemediationPlan) -> str:
    return f"plan {plan.metadata.namespace}/{plan.metadata.name}"


def _standing(plan: RemediationPlan) -> str:
    return f"{plan.status.phase}{f' ({plan.status.message})' if plan.status.message else ''}"


def _show(plan: RemediationPlan) -> str:
    return f"kubectl forestall show {plan.metadata.name} --namespace {plan.metadata.namespace}"


def _remedy(plan: RemediationPlan) -> str:
    if plan.status.phase in TERMINAL:
        pending = f"kubectl forestall plans --pending --namespace {plan.metadata.namespace}"
        return f"a finished plan stays as it ended; look for a fresh one: {pending}"
    return f"follow it: {_show(plan)}"
