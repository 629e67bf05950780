"""One plan at a time for each target: who works on it now, and nobody else decides meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from pydantic import ValidationError

from forestall.adapters.resources import PLANS
from forestall.api.base import ObjectRef
from forestall.api.remediationplan import TERMINAL, Phase, RemediationPlan
from forestall.gates import lock
from forestall.ports import Json, Kube

_APART: tuple[Phase, ...] = ("Proposed", "PendingApproval", *sorted(TERMINAL))
"""Phases of plans that work on nothing."""
SELECTED = ",".join(f"status.phase!={phase}" for phase in _APART)
"""Field selector of all other plans."""


class Locks:
    """Lets the plans of one target be decided on one after the other: each sees what the one before has written."""

    def __init__(self) -> None:
        self._held: WeakValueDictionary[ObjectRef, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def alone(self, plan: RemediationPlan) -> AsyncIterator[None]:
        """Wait until no other plan of the same target is being decided on."""
        if plan.status.target is None:
            yield
            return
        held = self._held.setdefault(plan.status.target.ref, asyncio.Lock())
        async with held:
            yield


async def rival(kube: Kube, plan: RemediationPlan) -> str | None:
    """Another plan that works on the same target, as namespace/name; empty: none; None: the plan has no target yet.

    Read from the API server, of all namespaces: a watch may be late, and after a start the plans are seen one by one.
    Where many plans are under way, only those of targets of that name are sent. Raises KubeError.
    """
    if plan.status.target is None:
        return None
    target = plan.status.target.ref
    for body in await kube.list(PLANS, fields=f"{SELECTED},status.target.ref.name={target.name}"):
        metadata = body["metadata"]
        if metadata["uid"] != plan.metadata.uid and _works_on(body, target):
            return f"{metadata['namespace']}/{metadata['name']}"
    return ""


def _works_on(body: Json, target: ObjectRef) -> bool:
    """Whether a plan works on the target; of one that cannot be read that is taken for granted, if it names it."""
    named = ((body.get("status") or {}).get("target") or {}).get("ref") or {}
    if (named.get("kind"), named.get("namespace", ""), named.get("name")) != (
        target.kind,
        target.namespace,
        target.name,
    ):
        return False
    try:
        return lock.holds(RemediationPlan.model_validate(body).status)
    except ValidationError:
        return True
