"""What a Lease says about who leads, and what is written into it. Pure.

No clock but one's own is trusted. The times in a Lease are for people; a holder counts as alive as long as its
record keeps changing, by the time at which this process first saw the record as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forestall.adapters.resources import LEASES
from forestall.ports import Json

NAME = "forestall"
LEASE_SECONDS = 15
"""How long a record must have stood still before somebody else may take it."""
DEADLINE_SECONDS = 10.0
"""How long its holder may act without renewing it: less, so that one has stopped before another starts."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A Lease, and since when it has said what it says, in seconds of this process's monotonic clock."""

    body: Json
    since: float

    @property
    def holder(self) -> str:
        """Who holds it; empty: nobody."""
        return str(self._said("holderIdentity") or "")

    @property
    def expires(self) -> float:
        """When it is anybody's, unless it changes before."""
        told = self._said("leaseDurationSeconds")
        return self.since + (told if isinstance(told, int) and told > 0 else LEASE_SECONDS)

    def free(self, identity: str, now: float) -> bool:
        """Whether `identity` may take it, or has it."""
        return self.holder in {"", identity} or now >= self.expires

    def _said(self, name: str) -> Any:
        return (self.body.get("spec") or {}).get(name)


def seen(before: Seen | None, body: Json, now: float) -> Seen:
    """The Lease as it is, seen at `now`; one that says the same as before has said so since then."""
    if before is not None and before.body.get("spec") == body.get("spec"):
        return Seen(body, before.since)
    return Seen(body, now)


def first(namespace: str, identity: str, now: datetime) -> Json:
    """The Lease where there was none, held by `identity`."""
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {**_renewed(identity, now), "acquireTime": _micro(now), "leaseTransitions": 0},
    }


def taken(lease: Seen, identity: str, now: datetime) -> Json:
    """The patch by which `identity` renews a free Lease, or takes it over; it fails where the Lease has changed."""
    spec = _renewed(identity, now)
    if lease.holder != identity:
        count = (lease.body.get("spec") or {}).get("leaseTransitions")
        transitions = count + 1 if isinstance(count, int) else 1
        spec |= {"acquireTime": _micro(now), "leaseTransitions": transitions}
    return _patch(lease, spec)


def released(lease: Seen, now: datetime) -> Json:
    """The patch by which its holder gives a Lease back, for anybody to take at once."""
    return _patch(lease, {"holderIdentity": None, "renewTime": _micro(now)})


def _renewed(identity: str, now: datetime) -> Json:
    return {"holderIdentity": identity, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": _micro(now)}


def _patch(lease: Seen, spec: Json) -> Json:
    return {"metadata": {"resourceVersion": lease.body["metadata"]["resourceVersion"]}, "spec": spec}


def _micro(now: datetime) -> str:
    """A time as Leases have it, with microseconds."""
    return now.isoformat(timespec="microseconds").replace("+00:00", "Z")
