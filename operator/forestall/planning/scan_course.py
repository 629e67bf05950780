"""Which Jobs work on a question about a network that may change faster than it can be examined.

A scan that runs is let finish, since the network as it was a while ago is the latest of which all losses can be known.
What it found stands until a later scan has ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from forestall.inspection.scans import Scan
from forestall.planning.job import finished
from forestall.ports import Json


@dataclass(frozen=True, slots=True)
class Course:
    """What is done about one question, and what stands meanwhile."""

    at: Scan | None
    """The scan to be made, let run, or added up. None: it is too early for another one."""
    stands: Scan | None = None
    """The latest that has ended before it."""

    @property
    def scans(self) -> Sequence[Scan]:
        """Those whose Jobs are of use, the latest first."""
        return [scan for scan in (self.at, self.stands) if scan is not None]


def course(asked: Scan, jobs: Mapping[Scan, Json], now: datetime, interval: timedelta) -> Course:
    """The course of a question about the network as it is now, where these Jobs of its policy are there.

    A policy inspects every `interval`, and so long at least a scan of an earlier network is good enough.
    """
    own = {scan: job for scan, job in jobs.items() if scan.asks_the_same(asked) and scan != asked}
    ended = {scan: _time(end["lastTransitionTime"]) for scan, job in own.items() if (end := finished(job))}
    last = max(ended, key=ended.__getitem__, default=None)
    if asked in jobs and finished(jobs[asked]):
        return Course(asked)
    running = [
        one for one in (asked, *own) if one in jobs and one not in ended and not jobs[one]["spec"].get("suspend")
    ]
    if running:
        return Course(running[0], last)
    if asked in jobs:
        return Course(asked, last)
    # Scans take half of the time at most, and no pass needs two.
    is_fresh = last is not None and now - ended[last] < max(ended[last] - _begun_at(own[last]), interval)
    return Course(None if is_fresh else asked, last)


def _begun_at(job: Json) -> datetime:
    return _time(job["status"].get("startTime") or job["metadata"]["creationTimestamp"])


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)
