"""Following a plan to its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import parsed
from forestall.cli.screen import Screen
from forestall.ports import Kube, KubeError


async def follow(
    kube: Kube, screen: Screen, plan: RemediationPlan, pause: Callable[[], Awaitable[None]]
) -> RemediationPlan:
    """Write each change of phase or message until the plan has ended; returns it as it ended.

    It is read again after each `pause`, and not watched: whoever may approve by name need not be allowed to list.
    An API server that is away for a while is waited for. Raises Failure when the plan is deleted.
    """
    seen = ""
    while True:
        current = await _again(kube, screen, plan)
        if current is not None:
            standing = ": ".join(part for part in (current.status.phase, current.status.message) if part)
            if standing != seen:
                screen.line(standing)
            seen = standing
            if current.status.phase in TERMINAL:
                return current
        await pause()


def require_success(plan: RemediationPlan) -> None:
    """Raise Failure unless the plan ended as Succeeded."""
    if plan.status.phase != "Succeeded":
        remedy = f"see why: kubectl forestall show {plan.metadata.name} --namespace {plan.metadata.namespace}"
        raise Failure(Exit.NOT_SUCCEEDED, f"plan {plan.metadata.name} ended as {plan.status.phase}", remedy)


async def _again(kube: Kube, screen: Screen, plan: RemediationPlan) -> RemediationPlan | None:
    """The plan as it now is; None while the API server does not answer."""
    deleted = Failure(Exit.NOT_SUCCEEDED, f"plan {plan.metadata.name} was deleted before it ended")
    try:
        raw = await kube.get(PLANS, plan.metadata.namespace or "", plan.metadata.name)
    except KubeError as error:
        if error.reason == "NotFound":
            raise deleted from error
        if 0 < error.status < 500 and error.status != 429:
            raise
        screen.warn(f"still waiting; the API server does not answer: {error.message}")
        return None
    current = parsed(RemediationPlan, raw)
    if current.metadata.uid != plan.metadata.uid:
        raise deleted
    return current
