"""Calls the roll: what there is and was not heard of yet, and what is gone and nobody told of.

At a start, findings and plans are counted too few until all of them are known. Later, whatever was deleted while a
watch of Kopf's was down is missing in the list that it begins anew with, and Kopf says nothing of what is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Set
from contextlib import suppress
from typing import TypeVar

import structlog

from forestall.adapters.resources import FINDINGS, PLANS, custom
from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.ports import Kube, KubeError, Resource
from forestall.runtime import intake
from forestall.runtime.context import Context
from forestall.runtime.store import MODELS

PAUSE = 1.0
"""Seconds between two looks at who is still missing, and for which nothing more is listed when a list is over."""
LONGEST_BELIEF = 60.0
"""Seconds after which the roll is called at the latest: a list of nothing is not heard of at all."""
COUNTED = (FINDINGS, PLANS)
"""Of these a policy tells how many there are."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def call(context: Context) -> None:
    """Call it at the start, and from then on after each list, for ever."""
    await complete(context)
    context.listed.clear()
    while True:
        await _listed(context)
        await strike(context)


async def complete(context: Context) -> None:
    """Wait until all that there was at the start has been heard of, or is gone; policies look as soon as theirs has."""
    missing = _unheard(context, await _all(context.kube, COUNTED))
    _tell(context, missing)
    while missing:
        await asyncio.sleep(PAUSE)
        still = _unheard(context, missing)
        if still == missing:
            log.info("nothing was heard of findings and plans that there were", missing=len(missing))
            still &= await _all(context.kube, COUNTED)  # some may be gone
        missing = still
        _tell(context, missing)


async def strike(context: Context) -> None:
    """Take for deleted what is known and what the API server no longer has, of each kind of which it has fewer."""
    for kind, model in MODELS.items():
        known = context.store.number(kind)  # before it is asked: what comes later is there
        if known and known > await _answered(context.kube.count, custom(model)):
            await _strike(context, kind)


async def _strike(context: Context, kind: str) -> None:
    known = context.store.heard_of(kind)
    there = await _all(context.kube, (custom(MODELS[kind]),))
    gone = {key: item for key, item in known.items() if key not in there}
    log.info("objects are gone, and nobody told of it", kind=kind, gone=len(gone))
    for key, item in gone.items():
        intake.missed(context, key, item)


async def _listed(context: Context) -> None:
    """Wait until Kopf has listed something anew and is done with it, but not for ever."""
    with suppress(TimeoutError):
        await asyncio.wait_for(context.listed.wait(), LONGEST_BELIEF)
    while context.listed.is_set():
        context.listed.clear()
        await asyncio.sleep(PAUSE)


def _unheard(context: Context, keys: Set[Key]) -> Set[Key]:
    return {key for key in keys if not context.store.knows(key)}


async def _all(kube: Kube, kinds: Iterable[Resource]) -> Set[Key]:
    """Every object of these kinds that the API server has."""
    found = [(kind.kind, await _answered(kube.names, kind)) for kind in kinds]
    return {Key(kind, *name) for kind, names in found for name in names}


async def _answered(ask: Callable[[Resource], Awaitable[T]], kind: Resource) -> T:
    """What the API server answers; it is asked until it does."""
    while True:
        try:
            return await ask(kind)
        except KubeError as error:
            log.warning("what there is could not be listed", error=str(error))
            await asyncio.sleep(PAUSE)


def _tell(context: Context, missing: Set[Key]) -> None:
    """Let the policies of each namespace look that has just become whole."""
    before, context.unheard = context.unheard, frozenset(key.namespace for key in missing)
    for policy in context.store.all(InspectionPolicy):
        namespace = policy.key.namespace
        if namespace not in context.unheard and (before is None or namespace in before):
            context.queue.add(policy.key)
