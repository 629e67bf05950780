"""What the reconcilers share: ports, store, queue, twins, and what the last inspection of each policy said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from forestall.api.base import Key
from forestall.api.runbook import Runbook
from forestall.inspection.alerts import Alerts
from forestall.inspection.report import Report
from forestall.planning.runbooks import digest
from forestall.ports import Clock, Kube, Measurement, Notifier
from forestall.runtime.accounting import Accountant
from forestall.runtime.canary import weakness
from forestall.runtime.election import Election
from forestall.runtime.locks import Locks
from forestall.runtime.queue import WorkQueue
from forestall.runtime.scanned import Scanned
from forestall.runtime.settings import Settings
from forestall.runtime.sharing import Shared
from forestall.runtime.store import Store
from forestall.runtime.telemetry import Metrics
from forestall.runtime.twins import Twins
from forestall.twin.views import Snapshot


@dataclass(frozen=True, slots=True)
class Pass:
    """One complete inspection of one policy."""

    at: datetime
    generation: int
    snapshot: Snapshot
    measurements: Mapping[str, Measurement]
    report: Report
    alerts: Alerts
    """The alerts that it saw fire."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a plan that waits for a person would be rendered as now."""

    basis: str
    """Hash of all that the digest follows from, as far as the twin and the store know it."""
    digest: str
    """The content digest."""
    since: datetime
    """Since when it has been that one."""


@dataclass
class Context:
    """Everything a reconciler may use. One for each process, made by the wiring."""

    settings: Settings
    kube: Kube
    """Writes only while this replica leads."""
    unfenced: Kube
    """Writes whoever leads, for what every replica records."""
    clock: Clock
    notifier: Notifier
    metrics: Metrics
    store: Store
    queue: WorkQueue[Key]
    twins: Twins
    election: Election
    accountant: Accountant | None = None
    """Keeps the ledger; None where none is kept."""
    locks: Locks = field(default_factory=Locks)
    """Lets the plans of one target be decided on one after the other."""
    passes: dict[Key, Pass] = field(default_factory=dict)
    """The last inspection of each policy, by the policy's key."""
    revisions: dict[Key, Revision] = field(default_factory=dict)
    """What each plan that waits for a person was last rendered as, by the plan's key. Made anew after a restart."""
    scanned: Scanned = field(default_factory=Scanned)
    """The scans of networks that Jobs make."""
    since: datetime = field(init=False)
    """From when on this replica has listened to anybody."""
    digests: dict[Key, tuple[Runbook, str]] = field(default_factory=dict)
    """The digest of each runbook as it was last read, by the runbook's key."""
    unheard: frozenset[str] | None = None
    """Namespaces of which findings or plans are still to be heard of since the start; None: it is not known which."""
    listed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when Kopf lists objects: at its start, and when a watch of its cannot go on from where it was."""
    weakness: str = "the API server has not been asked yet"
    """What was last found wrong with the admission policies; empty: they are as shipped, and refuse a forgery."""
    canary: Shared[str] = field(init=False)
    """Asks anew what is wrong with them, once for all who want to know."""

    def __post_init__(self) -> None:
        self.since = self.clock.now()
        self.canary = Shared(partial(weakness, self.kube, self.settings))

    def digest_of(self, runbook: Runbook) -> str:
        """The runbook's digest, worked out once for each version of it."""
        known = self.digests.get(runbook.key)
        if known is None or known[0] is not runbook:
            known = self.digests[runbook.key] = (runbook, digest(runbook))
        return known[1]

    def whole(self, namespace: str) -> bool:
        """Whether all findings and plans of a namespace are known."""
        return self.unheard is not None and namespace not in self.unheard

    @property
    def enforced(self) -> bool:
        """Whether approvals count."""
        return not self.weakness
