"""What is known of scans by Jobs: the Jobs as last heard of, and how far each scan is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from forestall.api.base import Key
from forestall.inspection.scans import Scan, Standing
from forestall.planning.scan_job import policy_of
from forestall.ports import Json


@dataclass
class Scanned:
    """Made anew after a restart: all of it follows from what is in the cluster."""

    jobs: dict[str, Json] = field(default_factory=dict)
    """Scan Jobs by name."""
    standing: dict[Key, Mapping[Scan, Standing]] = field(default_factory=dict)
    """By policy: the scans that work for it."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever lets a scan begin: one runs at a time."""

    def hear(self, job: Json, *, gone: bool) -> None:
        """Take over a scan Job as it is now."""
        name = job["metadata"]["name"]
        if gone:
            self.jobs.pop(name, None)
        else:
            self.jobs[name] = job

    def of(self, policy: Key) -> Sequence[Json]:
        """The Jobs of a policy."""
        return [job for job in self.jobs.values() if policy_of(job) == policy]
