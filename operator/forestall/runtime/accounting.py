"""Keeps the ledger up with the statuses of findings and plans, and never in the way of the loop.

Entries follow from the statuses, which are written first. So whatever happens to a write of the ledger, or to this
process, is made up for: by the next look, or by the first one after a start, when every object is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import chain, islice

import structlog

from forestall.api.base import Resource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.closure import entries
from forestall.ports import Entry, Ledger, LedgerError
from forestall.runtime.store import Store
from forestall.runtime.telemetry import Metrics

LOOK_SECONDS = 1.0
BATCH = 50
"""Objects whose entries are worked out and written at a time: between two batches the loop goes on."""
MOST_LOOKED_UP = 1000
"""Plans that the ledger is asked about at a time."""

Told = Finding | RemediationPlan
"""What the ledger tells of."""

log = structlog.get_logger(__name__)


class Accountant:
    """Writes to a ledger what the statuses say and it does not have yet."""

    def __init__(self, ledger: Ledger, metrics: Metrics) -> None:
        self._ledger, self._metrics = ledger, metrics
        self._fresh: dict[str, Told] = {}
        self._problem = ""

    def notice(self, item: Resource) -> None:
        """Take note of an object as it is now, or as it was when it was deleted."""
        if isinstance(item, Told):
            self._fresh[item.metadata.uid] = item

    def has(self, item: Told) -> bool:
        """Whether the ledger has all that the latest version of the item says."""
        return item.metadata.uid not in self._fresh

    async def run(self, store: Store) -> None:
        """Look for ever."""
        while True:
            await self.look(store)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, store: Store) -> None:
        """Write what was noticed since the last look, and what could not be written then. Never raises."""
        self._metrics.ledger_behind.set(len(self._fresh))
        todo = [uid for uid, one in self._fresh.items() if _can_be_told(store, one)]
        try:
            for start in range(0, len(todo), BATCH):
                await self._pass_over_ended()
                await self._write(
                    store, [self._fresh[uid] for uid in todo[start : start + BATCH] if uid in self._fresh]
                )
        except LedgerError as error:
            self._failed(str(error))
        self._metrics.ledger_behind.set(len(self._fresh))

    async def _pass_over_ended(self) -> None:
        """Let go of plans of which the ledger has the end, as after a start it has of nearly all: nothing follows it.

        They are held whole here, and not in the store. Looked up before each batch, the thousands that are heard of
        at a start are never held at once.
        """
        plans = (one for one in self._fresh.values() if isinstance(one, RemediationPlan))
        ended = list(islice((one for one in plans if one.status.phase in TERMINAL), MOST_LOOKED_UP))
        told = await self._ledger.told([one.metadata.uid for one in ended], entries.ENDED) if ended else ()
        self._let_go(one for one in ended if one.metadata.uid in told)

    async def _write(self, store: Store, batch: Sequence[Told]) -> None:
        each = (_entries(store, one) for one in batch)
        found = sorted(chain.from_iterable(each), key=lambda entry: entry.at)
        self._metrics.ledger_rows.inc(await self._ledger.append(found) if found else 0)
        self._recovered()
        self._let_go(batch)

    def _let_go(self, items: Iterable[Told]) -> None:
        """The ledger has all of these, unless they have changed meanwhile."""
        for one in items:
            if self._fresh.get(one.metadata.uid) is one:
                del self._fresh[one.metadata.uid]

    def _failed(self, problem: str) -> None:
        """Count every failure, and tell of each new one once."""
        self._metrics.ledger_errors.inc()
        if problem != self._problem:
            log.warning("the ledger is not written: it will be made up for", error=problem)
        self._problem = problem

    def _recovered(self) -> None:
        if self._problem:
            log.info("the ledger is written again")
        self._problem = ""


def _can_be_told(store: Store, item: Told) -> bool:
    """How a finding counts follows from its policy: it is waited for, as long as the finding is there."""
    if isinstance(item, RemediationPlan) or _policy_of(store, item) is not None:
        return True
    return store.get(Finding, item.metadata.namespace or "", item.metadata.name) is None


def _policy_of(store: Store, finding: Finding) -> InspectionPolicy | None:
    return store.get(InspectionPolicy, finding.metadata.namespace or "", finding.spec.policy_ref.name)


def _entries(store: Store, item: Told) -> list[Entry]:
    try:
        if isinstance(item, RemediationPlan):
            return entries.of_plan(item)
        return entries.of_finding(item, _policy_of(store, item))
    except Exception:  # a status that makes no sense must not stop the account of the others
        log.exception("no entries for the ledger", item=str(item.key))
        return []
