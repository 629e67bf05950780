"""Takes over alerts: what Alertmanager tells stands on findings before it has its answer.

Any replica may do so at any time: findings are read uncached and written under their version, the last word on a
fingerprint counts, and saying it twice changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from forestall.adapters.alertmanager import Alert, Notification
from forestall.adapters.resources import FINDINGS, POLICIES, TARGETS
from forestall.api.base import Key
from forestall.api.finding import MAX_ALERTS, Finding, FindingSpec, FiringAlert
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.alerts import NAMESPACE, UntargetedError, claimed, takers
from forestall.inspection.report import MAX_EVIDENCE, cut
from forestall.ports import KubeError
from forestall.runtime.context import Context
from forestall.runtime.gathering import reread
from forestall.runtime.policies import create_finding
from forestall.runtime.writing import write_status

ATTEMPTS: Final = 5
"""How often a finding is written that somebody else writes at the same time."""
AT_ONCE: Final = 8
"""Findings of one notification that are written at the same time."""
NAMED: Final = 10
"""Alerts that a line of the log names."""

log = structlog.get_logger(__name__)


@dataclass
class Change:
    """What a notification says of the alerts of one finding."""

    policy: InspectionPolicy | None = None
    """The policy whose finding it is; None where it only forgets alerts."""
    fires: dict[str, FiringAlert] = field(default_factory=dict)
    """By fingerprint."""
    gone: set[str] = field(default_factory=set)
    """Fingerprints of alerts that are resolved, or no longer this finding's."""


@dataclass
class Sorting:
    """A notification, sorted by findings."""

    changes: defaultdict[FindingSpec, Change] = field(default_factory=lambda: defaultdict(Change))
    resolved: int = 0
    unmatched: list[str] = field(default_factory=list)
    """Names of alerts that no policy takes."""
    untargeted: list[str] = field(default_factory=list)
    """Names of alerts that name no object, and why."""
    taken: int = 0
    overflow: int = 0
    """Alerts that a finding had no room for."""

    def stored(self, change: Change, alerts: Sequence[FiringAlert]) -> None:
        """Count the alerts of a change that stand on their finding now."""
        kept = len(change.fires.keys() & {one.fingerprint for one in alerts})
        self.taken += kept
        self.overflow += len(change.fires) - kept

    def missed(self, change: Change, spec: FindingSpec) -> None:
        """Keep the names of alerts whose object is not there."""
        why = f"there is no {spec.resource.kind} {spec.resource.name} in {spec.resource.namespace}"
        self.untargeted.extend(f"{one.message}: {why}" for one in change.fires.values())


def sort(
    alerts: Iterable[Alert],
    policies: Mapping[str, Sequence[InspectionPolicy]],
    holders: Mapping[str, Sequence[FindingSpec]],
) -> Sorting:
    """What alerts say of which findings. `policies` are by namespace, `holders` findings by fingerprint.

    An alert that is resolved, or that its finding's policy takes no longer, is forgotten wherever it may stand.
    """
    sorting = Sorting()
    for alert in alerts:
        claims = _claims(alert, policies.get(alert.labels.get(NAMESPACE, ""), ()), sorting)
        for spec, policy in claims.items():
            if alert.firing:
                change = sorting.changes[spec]
                change.policy, change.fires[alert.fingerprint] = policy, _told(alert)
        for spec in {*holders.get(alert.fingerprint, ()), *claims} - (claims.keys() if alert.firing else set()):
            sorting.changes[spec].gone.add(alert.fingerprint)
        sorting.resolved += not alert.firing
    return sorting


def _claims(
    alert: Alert, policies: Sequence[InspectionPolicy], sorting: Sorting
) -> Mapping[FindingSpec, InspectionPolicy]:
    found: dict[FindingSpec, InspectionPolicy] = {}
    untargeted: list[str] = []
    for policy in policies:
        for name, inspection in takers(policy, alert.labels):
            try:
                found[claimed(policy, name, inspection, alert.labels)] = policy
            except UntargetedError as error:
                untargeted.append(f"{alert.name}: policy {policy.key.name}, inspection {name}: {error}")
    if alert.firing:
        sorting.untargeted.extend(untargeted)
        sorting.unmatched.extend([] if found or untargeted else [alert.name])
    return found


def _told(alert: Alert) -> FiringAlert:
    words = ": ".join(text for text in (alert.name, alert.annotations.get("summary", "")) if text)
    return FiringAlert(fingerprint=alert.fingerprint, starts_at=alert.starts_at, message=cut(readable(words), 256))


def readable(text: str) -> str:
    """The text on one line, without characters that are not seen."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def merged(held: Sequence[FiringAlert], change: Change) -> tuple[FiringAlert, ...]:
    """The alerts of a finding after a change, oldest first, as many as it takes. A repeated one stays as it was."""
    alerts = {one.fingerprint: one for one in held if one.fingerprint not in change.gone}
    for name, told in change.fires.items():
        if name not in alerts or alerts[name].starts_at != told.starts_at:
            alerts[name] = told
    ordered = sorted(alerts.values(), key=lambda one: (one.starts_at, one.fingerprint))[:MAX_ALERTS]
    silent = (one.model_copy(update={"message": ""}) for one in ordered[MAX_EVIDENCE:])
    return (*ordered[:MAX_EVIDENCE], *silent)


class Intake:
    """Stores alerts on findings."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Not the leader alone may record what it was told: whoever is told does.
        self._kube = context.unfenced
        self._complete = False

    async def take(self, notification: Notification) -> None:
        """Store what a notification says. Returns once all of it stands on the API server.

        Raises KubeError, or RuntimeError for a finding that cannot be read, where something does not; all else does.
        """
        await self._know_all()
        sorting = await asyncio.to_thread(sort, notification.alerts, self._policies(), self._holders())
        places = asyncio.Semaphore(AT_ONCE)

        async def settle(spec: FindingSpec, change: Change) -> None:
            async with places:
                await self._settle(spec, change, sorting)

        work = (settle(spec, change) for spec, change in sorting.changes.items())
        ended = await asyncio.gather(*work, return_exceptions=True)
        self._tell(notification, sorting)
        for failure in ended:
            if isinstance(failure, BaseException):
                raise failure

    async def _know_all(self) -> None:
        """Make sure that the store knows every policy: after a start, its watches have yet to begin."""
        if self._complete:
            return
        for resource in (POLICIES, FINDINGS):
            for body in await self._kube.list(resource):
                self._context.store.put(resource.kind, body)
        self._complete = True

    def _policies(self) -> Mapping[str, Sequence[InspectionPolicy]]:
        found = defaultdict[str, list[InspectionPolicy]](list)
        for policy in self._context.store.all(InspectionPolicy):
            found[policy.key.namespace].append(policy)
        return dict(found)

    def _holders(self) -> Mapping[str, Sequence[FindingSpec]]:
        found = defaultdict[str, list[FindingSpec]](list)
        for finding in self._context.store.all(Finding):
            for alert in finding.status.alerts:
                found[alert.fingerprint].append(finding.spec)
        return dict(found)

    async def _settle(self, spec: FindingSpec, change: Change, sorting: Sorting) -> None:
        """Bring one finding up to date, however many others write it."""
        context = self._context
        for _ in range(ATTEMPTS):
            finding = await self._finding(spec, change)
            if finding is None:
                sorting.missed(change, spec)
                return
            status = finding.status.model_copy(update={"alerts": merged(finding.status.alerts, change)})
            try:
                written = await write_status(self._kube, context.store, finding, status)
            except KubeError as error:
                if error.reason not in {"Conflict", "NotFound"}:
                    raise
                continue
            if written:
                context.queue.add(Key(POLICIES.kind, spec.resource.namespace, spec.policy_ref.name))
            sorting.stored(change, status.alerts)
            return
        raise KubeError(409, "Conflict", f"finding {spec.object_name} was changed {ATTEMPTS} times meanwhile")

    async def _finding(self, spec: FindingSpec, change: Change) -> Finding | None:
        """The finding as it is now; made where alerts fire for an object that is there."""
        namespace = spec.resource.namespace
        await reread(self._context, Finding, namespace, spec.object_name)
        found = self._context.store.get(Finding, namespace, spec.object_name)
        if found is not None or change.policy is None or not await self._exists(spec):
            return found
        return await create_finding(self._kube, self._context.store, change.policy, spec)

    async def _exists(self, spec: FindingSpec) -> bool:
        try:
            await self._kube.get(TARGETS[spec.resource.kind], spec.resource.namespace, spec.resource.name)
        except KubeError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _tell(self, notification: Notification, sorting: Sorting) -> None:
        """Count alerts by what became of them, and name those that nothing became of."""
        fates = {
            "taken": sorting.taken,
            "resolved": sorting.resolved,
            "unmatched": len(sorting.unmatched),
            "untargeted": len(sorting.untargeted),
            "overflow": sorting.overflow,
            "unreadable": notification.unreadable,
            "truncated": notification.truncated,
        }
        for fate, count in fates.items():
            self._context.metrics.alerts.labels(fate).inc(count)
        if any(count for fate, count in fates.items() if fate not in {"taken", "resolved"}):
            named = [cut(readable(one), 256) for one in (*sorting.untargeted, *dict.fromkeys(sorting.unmatched))]
            log.warning("alerts that nobody takes", **fates, first=named[:NAMED])
