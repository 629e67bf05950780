"""Following a plan or a finding to where somebody waits for it to be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from forestall.adapters.resources import custom
from forestall.api.finding import Finding
from forestall.api.remediationplan import RemediationPlan
from forestall.cli.failures import Exit, Failure
from forestall.cli.reading import parsed
from forestall.cli.screen import Screen
from forestall.ports import Kube, KubeError

Item = TypeVar("Item", RemediationPlan, Finding)
Pause = Callable[[], Awaitable[None]]


async def follow(kube: Kube, screen: Screen, item: Item, pause: Pause, until: Callable[[Item], bool]) -> Item:
    """Write each change of phase (state) or message until `until` holds; returns the object as it then is.

    It is read again after each `pause`, and not watched: whoever may approve by name need not be allowed to list.
    An API server that is away for a while is waited for. Raises Failure when the object is deleted.
    """
    seen = ""
    while True:
        current = await _again(kube, screen, item)
        if current is not None:
            standing = ": ".join(part for part in (standing_of(current), current.status.message) if part)
            if standing != seen:
                screen.line(standing)
            seen = standing
            if until(current):
                return current
        await pause()


def standing_of(item: RemediationPlan | Finding) -> str:
    """The plan's phase, or the finding's state."""
    return item.status.phase if isinstance(item, RemediationPlan) else item.status.state


def require_success(plan: RemediationPlan) -> None:
    """Raise Failure unless the plan ended as Succeeded."""
    if plan.status.phase != "Succeeded":
        raise Failure(Exit.NOT_SUCCEEDED, f"plan {plan.metadata.name} ended as {plan.status.phase}", see_why(plan))


def see_why(plan: RemediationPlan) -> str:
    """The remedy for a plan that came to another end."""
    return f"see why: kubectl forestall show {plan.metadata.name} --namespace {plan.metadata.namespace}"


async def _again(kube: Kube, screen: Screen, item: Item) -> Item | None:
    """The object as it now is; None while the API server does not answer."""
    deleted = Failure(Exit.NOT_SUCCEEDED, f"{item.crd.kind} {item.metadata.name} was deleted meanwhile")
    try:
        raw = await kube.get(custom(type(item)), item.metadata.namespace or "", item.metadata.name)
    except KubeError as error:
        if error.reason == "NotFound":
            raise deleted from error
        if 0 < error.status < 500 and error.status != 429:
            raise
        screen.warn(f"still waiting; the API server does not answer: {error.message}")
        return None
    current = parsed(type(item), raw)
    if current.metadata.uid != item.metadata.uid:
        raise deleted
    return current
