"""Takes over alerts: what Alertmanager tells stands on findings before it has its answer.

Any replica may do so at any time: findings are read uncached and written under their version, the last word on a
fingerprint counts, and saying it twice changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import structlog

from forestall.adapters.alertmanager import Alert, Notification
from forestall.adapters.resources import FINDINGS, POLICIES, TARGETS
from forestall.api.base import Key
from forestall.api.finding import MAX_ALERTS, Finding, FindingSpec, FiringAlert
from forestall.api.inspectionpolicy import AlertInspection, InspectionPolicy
from forestall.inspection.alerts import NAMESPACE, UntargetedError, claimed, of_nodes, takers
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
RENEWAL: Final = timedelta(hours=1)
"""How much longer a repetition must vouch for an alert, at the most, before that is written."""
NAMED: Final = 10
"""Alerts that a line of the log names."""

log = structlog.get_logger(__name__)


class Place(NamedTuple):
    """A finding. Two policies of one name, in two namespaces, may each have one on the same node."""

    namespace: str
    spec: FindingSpec


@dataclass
class Change:
    """What a notification says of the alerts of one finding."""

    policy: InspectionPolicy | None = None
    """The policy whose finding it is; None where it only forgets alerts."""
    fires: dict[str, FiringAlert] = field(default_factory=dict)
    """By fingerprint."""
    gone: set[str] = field(default_factory=set)
    """Fingerprints of alerts that are resolved, or no longer this finding's."""
    renewal: timedelta = RENEWAL
    """How much longer a repetition must vouch for an alert before that is written."""


@dataclass
class Sorting:
    """A notification, sorted by findings."""

    changes: defaultdict[Place, Change] = field(default_factory=lambda: defaultdict(Change))
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
        where = f" in {spec.resource.namespace}" if spec.resource.namespace else ""
        why = f"there is no {spec.resource.kind} {spec.resource.name}{where}"
        self.untargeted.extend(f"{one.message}: {why}" for one in change.fires.values())


def sort(
    alerts: Iterable[Alert],
    policies: Mapping[str, Sequence[InspectionPolicy]],
    holders: Mapping[str, Sequence[Place]],
    now: datetime,
) -> Sorting:
    """What alerts say of which findings. `policies` are by namespace, those that look at nodes also by none; `holders`
    are findings by fingerprint.

    An alert that is resolved, or that its finding's policy takes no longer, is forgotten wherever it may stand.
    """
    sorting = Sorting()
    for alert in alerts:
        claims = _claims(alert, policies.get(alert.labels.get(NAMESPACE, ""), ()), sorting)
        for place, claim in claims.items():
            if alert.firing:
                change = sorting.changes[place]
                change.policy, change.renewal = claim.policy, claim.renewal
                change.fires[alert.fingerprint] = _told(alert, now)
        for place in {*holders.get(alert.fingerprint, ()), *claims} - (claims.keys() if alert.firing else set()):
            sorting.changes[place].gone.add(alert.fingerprint)
        sorting.resolved += not alert.firing
    return sorting


class _Claim(NamedTuple):
    """Whose finding an alert belongs to, and how closely its repetitions are kept."""

    policy: InspectionPolicy
    renewal: timedelta


def _claims(alert: Alert, policies: Sequence[InspectionPolicy], sorting: Sorting) -> Mapping[Place, _Claim]:
    found: dict[Place, _Claim] = {}
    untargeted: list[str] = []
    for policy in policies:
        for name, inspection in takers(policy, alert.labels):
            try:
                place = Place(policy.key.namespace, claimed(policy, name, inspection, alert.labels))
                found[place] = _Claim(policy, _renewal(inspection))
            except UntargetedError as error:
                untargeted.append(f"{alert.name}: policy {policy.key.name}, inspection {name}: {error}")
    if alert.firing:
        sorting.untargeted.extend(untargeted)
        sorting.unmatched.extend([] if found or untargeted else [alert.name])
    return found


def _renewal(inspection: AlertInspection) -> timedelta:
    return min(RENEWAL, inspection.expire_after / 4) if inspection.expire_after else RENEWAL


def _told(alert: Alert, now: datetime) -> FiringAlert:
    words = ": ".join(text for text in (alert.name, alert.annotations.get("summary", "")) if text)
    return FiringAlert(
        fingerprint=alert.fingerprint,
        starts_at=alert.starts_at,
        message=cut(readable(words), 256),
        told_until=max(now, alert.ends_at or now).replace(microsecond=0),
    )


def readable(text: str) -> str:
    """The text on one line, without characters that are not seen."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def merged(held: Sequence[FiringAlert], change: Change) -> tuple[FiringAlert, ...]:
    """The alerts of a finding after a change, oldest first, as many as it takes.

    A repeated one stays as it was, but for how long it is vouched for.
    """
    alerts = {one.fingerprint: one for one in held if one.fingerprint not in change.gone}
    for name, told in change.fires.items():
        if name not in alerts or alerts[name].starts_at != told.starts_at:
            alerts[name] = told
        elif _vouched_anew(alerts[name], told, change.renewal):
            alerts[name] = alerts[name].model_copy(update={"told_until": told.told_until})
    ordered = sorted(alerts.values(), key=lambda one: (one.starts_at, one.fingerprint))[:MAX_ALERTS]
    silent = (one.model_copy(update={"message": ""}) for one in ordered[MAX_EVIDENCE:])
    return (*ordered[:MAX_EVIDENCE], *silent)


def _vouched_anew(held: FiringAlert, told: FiringAlert, renewal: timedelta) -> bool:
    before, until = held.told_until, told.told_until
    return before is None or (until is not None and until - before >= renewal)


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
        now = self._context.clock.now()
        sorting = await asyncio.to_thread(sort, notification.alerts, self._policies(), self._holders(), now)
        places = asyncio.Semaphore(AT_ONCE)

        async def settle(place: Place, change: Change) -> None:
            async with places:
                await self._settle(place, change, sorting)

        work = (settle(place, change) for place, change in sorting.changes.items())
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
            if any(map(of_nodes, policy.spec.inspections)):
                found[""].append(policy)
        return dict(found)

    def _holders(self) -> Mapping[str, Sequence[Place]]:
        found = defaultdict[str, list[Place]](list)
        for finding in self._context.store.all(Finding):
            for alert in finding.status.alerts:
                found[alert.fingerprint].append(Place(finding.key.namespace, finding.spec))
        return dict(found)

    async def _settle(self, place: Place, change: Change, sorting: Sorting) -> None:
        """Bring one finding up to date, however many others write it."""
        context, spec = self._context, place.spec
        for _ in range(ATTEMPTS):
            finding = await self._finding(place, change)
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
                context.queue.add(Key(POLICIES.kind, place.namespace, spec.policy_ref.name))
            sorting.stored(change, status.alerts)
            return
        raise KubeError(409, "Conflict", f"finding {spec.object_name} was changed {ATTEMPTS} times meanwhile")

    async def _finding(self, place: Place, change: Change) -> Finding | None:
        """The finding as it is now; made where alerts fire for an object that is there."""
        namespace, spec = place
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
