"""Removes what nobody needs any more, namespace by namespace: findings at rest and plans that have ended.

Woken by changes and by the day on which something falls due, a look at the store is all that it costs while nothing
is. What is removed is exactly what was judged: a version that has changed since stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import chain

import structlog

from forestall.adapters.resources import FINDINGS, PLANS, POLICIES, custom
from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.api.retention import Retention
from forestall.planning.keeping import Surplus, surplus
from forestall.ports import KubeError, Resource
from forestall.runtime.context import Context

KIND = "Retention"
"""Kind of the keys that are looked at here: a namespace each."""
BATCH = 20
"""Objects removed at a time."""
PAUSE = timedelta(seconds=1)
"""Rest between two batches."""
_CHANGED = frozenset((404, 409))

Kept = Finding | RemediationPlan
Absent = tuple[Resource, str]
"""A kind and a name in the namespace."""

log = structlog.get_logger(__name__)


def key_of(namespace: str) -> Key:
    """The key of a namespace."""
    return Key(KIND, namespace, "")


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """Remove a batch of what is in surplus in a namespace; returns when more may go."""
    found = [await _judged(context, key.namespace, policy) for policy in sorted(_policies(context, key.namespace))]
    wanted = list(_in_order(found))
    told = [item for item in wanted if _may_go(context, item)]
    going = {one.metadata.name for each in found for one in each.findings}
    for item in await _certain(context, key.namespace, told[:BATCH], going):
        await _remove(context, item)
    if wanted:
        return PAUSE if len(told) > BATCH else context.settings.retention_pause
    days = [one.again for one in found if one.again is not None]
    return min(days) - context.clock.now() if days else None


def _policies(context: Context, namespace: str) -> set[str]:
    """Names of the policies that findings and plans of a namespace name, whether they are there or not."""
    findings = {one.spec.policy_ref.name for one in context.store.all(Finding, namespace)}
    return findings | {one.spec.policy_ref.name for one in context.store.all(RemediationPlan, namespace)}


async def _judged(context: Context, namespace: str, name: str) -> Surplus:
    """What may go of a policy, as the store knows it. Thousands of plans take too long for the event loop."""
    policy = context.store.get(InspectionPolicy, namespace, name)
    findings = [one for one in context.store.all(Finding, namespace) if one.spec.policy_ref.name == name]
    plans = [one for one in context.store.all(RemediationPlan, namespace) if one.spec.policy_ref.name == name]
    limits = policy.spec.retention if policy is not None else Retention()
    return await asyncio.to_thread(surplus, findings, plans, limits, context.clock.now())


def _in_order(found: Iterable[Surplus]) -> Iterator[Kept]:
    """Everything that may go, the plans of a finding before the finding."""
    for one in found:
        yield from one.plans
        yield from one.findings


def _may_go(context: Context, item: Kept) -> bool:
    """Whether the ledger, where one is kept, has all that the item says, and nobody is removing it already."""
    told = context.accountant is None or context.accountant.has(item)
    return told and item.metadata.deletion_timestamp is None


async def _certain(context: Context, namespace: str, items: Sequence[Kept], going: Collection[str]) -> Sequence[Kept]:
    """The items of which the API server, too, says that nothing needs them: after a start the store may lack much."""
    doubts = {item.key: _doubts(context, item) for item in items}
    present = {one for one in set(chain.from_iterable(doubts.values())) if await _exists(context, namespace, one)}
    needed = await _under_way(context, namespace) if going or any(doubts.values()) else frozenset()
    return [item for item in items if not present & doubts[item.key] and _finding_of(item) not in needed]


def _doubts(context: Context, item: Kept) -> frozenset[Absent]:
    """What the store does not have, and must not be there if the item is to go."""
    namespace, policy, finding = item.metadata.namespace or "", item.spec.policy_ref.name, _finding_of(item)
    known = {
        (POLICIES, policy): context.store.get(InspectionPolicy, namespace, policy),
        (FINDINGS, finding): context.store.get(Finding, namespace, finding),
    }
    return frozenset(reference for reference, found in known.items() if found is None)


async def _exists(context: Context, namespace: str, what: Absent) -> bool:
    try:
        await context.kube.get(what[0], namespace, what[1])
    except KubeError as error:
        if error.status != 404:
            raise
        return False
    return True


async def _under_way(context: Context, namespace: str) -> Collection[str]:
    """Names of the findings of which a plan has not ended, as the API server has it now."""
    fields = ",".join(f"status.phase!={phase}" for phase in sorted(TERMINAL))
    return {body["spec"]["findingRef"]["name"] for body in await context.kube.list(PLANS, namespace, fields=fields)}


def _finding_of(item: Kept) -> str:
    return item.metadata.name if isinstance(item, Finding) else item.spec.finding_ref.name


async def _remove(context: Context, item: Kept) -> None:
    """Delete an item, unless it has changed since it was judged."""
    metadata = item.metadata
    kind, version = custom(type(item)), metadata.resource_version
    try:
        await context.kube.delete(kind, metadata.namespace or "", metadata.name, version=version)
    except KubeError as error:
        if error.status not in _CHANGED:
            raise
        return
    context.metrics.removed.labels(kind.kind).inc()
    log.info("removed", item=str(item.key), uid=metadata.uid)
