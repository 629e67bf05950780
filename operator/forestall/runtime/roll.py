"""Whether all findings and plans that there were at a start are known by now: what is counted before is too little."""

from __future__ import annotations

import asyncio
from collections.abc import Set

import structlog

from forestall.adapters.resources import FINDINGS, PLANS
from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.ports import Kube, KubeError
from forestall.runtime.context import Context

PAUSE = 1.0
"""Seconds between two looks at who is still missing."""

log = structlog.get_logger(__name__)


async def call(context: Context) -> None:
    """Wait until all that there was at the start has been heard of, or is gone; policies look as soon as theirs has."""
    missing = _unheard(context, await _all(context.kube))
    _tell(context, missing)
    while missing:
        await asyncio.sleep(PAUSE)
        still = _unheard(context, missing)
        if still == missing:
            log.info("nothing was heard of findings and plans that there were", missing=len(missing))
            still &= await _all(context.kube)  # some may be gone
        missing = still
        _tell(context, missing)


def _unheard(context: Context, keys: Set[Key]) -> Set[Key]:
    return {key for key in keys if not context.store.knows(key)}


async def _all(kube: Kube) -> Set[Key]:
    """Every finding and plan that the API server has; asked again until it answers."""
    while True:
        try:
            found = [(kind.kind, await kube.names(kind)) for kind in (FINDINGS, PLANS)]
        except KubeError as error:
            log.warning("findings and plans could not be listed", error=str(error))
            await asyncio.sleep(PAUSE)
            continue
        return {Key(kind, *name) for kind, names in found for name in names}


def _tell(context: Context, missing: Set[Key]) -> None:
    """Let the policies of each namespace look that has just become whole."""
    before, context.unheard = context.unheard, frozenset(key.namespace for key in missing)
    for policy in context.store.all(InspectionPolicy):
        namespace = policy.key.namespace
        if namespace not in context.unheard and (before is None or namespace in before):
            context.queue.add(policy.key)
