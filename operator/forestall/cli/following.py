"""Following a plan to its end."""

from __future__ import annotations

from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import parsed
from forestall.cli.screen import Screen
from forestall.ports import Kube


async def follow(kube: Kube, screen: Screen, plan: RemediationPlan) -> RemediationPlan:
    """Write each change of phase or message until the plan has ended; returns it as it ended.

    Raises Failure when the plan is deleted, or replaced by another of its name.
    """
    seen = ("", "")
    async for event in kube.watch(PLANS, plan.metadata.namespace or ""):
        if event.object.get("metadata", {}).get("name") != plan.metadata.name:
            continue
        if event.type == "DELETED" or event.object["metadata"].get("uid") != plan.metadata.uid:
            raise Failure(Exit.NOT_SUCCEEDED, f"plan {plan.metadata.name} was deleted before it ended")
        current = parsed(RemediationPlan, event.object)
        standing = (current.status.phase, current.status.message)
        if standing != seen:
            screen.line(": ".join(part for part in standing if part))
            seen = standing
        if current.status.phase in TERMINAL:
            return current
    raise Failure(Exit.NOT_SUCCEEDED, f"the watch ended before plan {plan.metadata.name} did")


def require_success(plan: RemediationPlan) -> None:
    """Raise Failure unless the plan ended as Succeeded."""
    if plan.status.phase != "Succeeded":
        remedy = f"see why: kubectl forestall show {plan.metadata.name} --namespace {plan.metadata.namespace}"
        raise Failure(Exit.NOT_SUCCEEDED, f"plan {plan.metadata.name} ended as {plan.status.phase}", remedy)
