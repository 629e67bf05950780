"""The items of account: each showing of a finding, with the plans that answered it, judged.

An item begins when a finding is raised and goes on until it has rested, cleared or closed, for longer than the
hold-off: what is raised again earlier is the same item, and a closure that did not last is no credit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from forestall.closure import hops
from forestall.closure.hops import Hop
from forestall.ports import Entry, Json

HOLD_OFF = timedelta(hours=24)
"""How long a closure is provisional."""
_ORDER = ("Raised", "Planned", "Escalated", "Cleared", "Closed")
"""A finding's transitions, in the order in which they can bear one and the same time."""
_AT_REST = frozenset(("Cleared", "Closed"))


@dataclass(frozen=True, slots=True)
class Times:
    """The four times of an item, each not before the one above it."""

    detected: datetime
    decided: datetime
    acted: datetime
    verified: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One item of account."""

    finding: str
    """The finding, as namespace/name."""
    type: str
    """What was wrong."""
    horizon: Literal["T-1", "T0"]
    """Whether it was found before it bit."""
    raised: datetime
    eligible: bool
    """Whether it stands in the denominator of the rates."""
    self_cleared: bool
    """Whether it went away before a plan ran, and before a person had it."""
    closed: bool
    """Whether a plan's verified success ever closed it."""
    reopened: bool
    """Whether it was raised again within the hold-off of such a closure."""
    missed: str
    """Why it was not closed in one hop; empty where it was."""
    supervised: bool
    """Whether a person approved one of its plans."""
    provisional: bool
    """Whether the hold-off of its closure is not over."""
    unsafe: int
    """Jobs outside an approval, and plans after which a goal was lost that had been met before."""
    touches: int
    """Approvals, rejections and take-overs: acts of people that it took."""
    times: Times | None
    """Of the last plan that ran, once it has all four."""


def items_of(entries: Iterable[Entry], *, hold_off: timedelta, now: datetime) -> list[Item]:
    """All items that entries tell of, in the order of their findings and times."""
    by_finding: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_finding[entry.body["finding"]].append(entry)
    return [item for finding in sorted(by_finding) for item in _of_finding(by_finding[finding], hold_off, now)]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The entries of one plan, in the order of their times."""

    entries: Sequence[Entry]

    def all(self, transition: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.transition == transition]

    def last(self, transition: str) -> Json:
        """What the last such entry says; nothing without one."""
        found = self.all(transition)
        return found[-1].body if found else {}

    @property
    def ran(self) -> bool:
        return bool(self.all("Intended"))

    @property
    def decided_on(self) -> bool:
        return bool(self.all("Approved") or self.all("Rejected"))

    @property
    def succeeded(self) -> bool:
        fulfilled = self.last("Verified").get("result") == "Fulfilled"
        return fulfilled and self.last("Ended").get("phase") == "Succeeded" and not self.all("UndoIntended")

    @property
    def acted(self) -> bool:
        return any(one.body["outcome"] != "NothingToDo" for one in self.all("Finished"))

    @property
    def unsafe(self) -> int:
        outside = sum(1 for intent in self.all("Intended") if not any(_covers(one, intent) for one in self.entries))
        return outside + sum(1 for one in self.all("Verified") if one.body.get("lost"))

    @property
    def touches(self) -> int:
        deciders = sum(len(one.body["names"]) for one in (*self.all("Approved"), *self.all("Rejected")))
        return deciders + sum(1 for one in self.all("HandedOff") if _to_person(one) and one.body["to"].get("name"))


def _covers(approval: Entry, intent: Entry) -> bool:
    """Whether that is an approval of this very content that held when the Job was decided on."""
    body = approval.body
    if approval.transition != "Approved" or body["digest"] != body["planDigest"]:
        return False
    return approval.at <= intent.at <= datetime.fromisoformat(body["expires"])


def _to_person(entry: Entry) -> bool:
    return entry.transition == "HandedOff" and entry.body["to"]["kind"] == "Human"


def _of_finding(entries: Sequence[Entry], hold_off: timedelta, now: datetime) -> list[Item]:
    own = [entry for entry in entries if entry.body["kind"] == "Finding"]
    showings = _showings([entry for entry in own if entry.transition in _ORDER], hold_off)
    starts = [showing[0].at.replace(microsecond=0) for showing in showings]
    plans: list[list[_Plan]] = [[] for _ in showings]
    handed: list[list[Entry]] = [[] for _ in showings]
    for plan in _plans(entries) if showings else ():
        plans[_last(starts, plan.entries[0].at)].append(plan)
    for entry in own if showings else ():
        if _to_person(entry):
            handed[_last(starts, entry.at)].append(entry)
    return [_item(*parts, hold_off, now) for parts in zip(showings, plans, handed, strict=True)]


def _showings(transitions: Sequence[Entry], hold_off: timedelta) -> list[list[Entry]]:
    """The finding's transitions, parted where it was raised after a rest longer than the hold-off."""
    showings: list[list[Entry]] = []
    for entry in sorted(transitions, key=lambda one: (one.at, _ORDER.index(one.transition))):
        before = showings[-1][-1] if showings else None
        rested = before is not None and before.transition in _AT_REST and entry.at > before.at + hold_off
        if entry.transition == "Raised" and (before is None or rested):
            showings.append([entry])
        elif showings:
            showings[-1].append(entry)
    return showings


def _plans(entries: Iterable[Entry]) -> list[_Plan]:
    """The finding's plans, oldest first."""
    by_uid: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: one.at):
        if entry.body["kind"] == "Plan":
            by_uid[entry.uid].append(entry)
    return [_Plan(found) for found in by_uid.values()]


def _last(starts: Sequence[datetime], at: datetime) -> int:
    """Which of the showings was the last to begin by then. The API server cuts creation times to the second."""
    return max((index for index, start in enumerate(starts) if start <= at), default=0)


def _item(
    moves: Sequence[Entry], plans: Sequence[_Plan], handed: Sequence[Entry], hold_off: timedelta, now: datetime
) -> Item:
    first, last = moves[0], moves[-1]
    ran = [plan for plan in plans if plan.ran]
    in_hand = bool(handed) or any(_to_person(one) for plan in plans for one in plan.entries)
    closed = [one.at for one in moves if one.transition == "Closed"]
    reopened = any(one.transition == "Raised" and one.at > closed[0] for one in moves) if closed else False
    self_cleared = last.transition == "Cleared" and not ran and not in_hand
    missed = _missed(last, plans, reopened=reopened, in_hand=in_hand)
    return Item(
        finding=first.body["finding"],
        type=first.body["type"],
        horizon="T-1" if first.body["class"] == "Risk" else "T0",
        raised=first.at,
        eligible=not self_cleared and not _out_of_scope(first.body, plans, ran),
        self_cleared=self_cleared,
        closed=bool(closed),
        reopened=reopened,
        missed=missed,
        supervised=any(one.body["by"] == "Human" for plan in plans for one in plan.all("Approved")),
        provisional=not missed and now < last.at + hold_off,
        unsafe=sum(plan.unsafe for plan in plans),
        touches=sum(plan.touches for plan in plans),
        times=_times(first.at, ran[-1]) if ran else None,
    )


def _out_of_scope(raised: Json, plans: Sequence[_Plan], ran: Sequence[_Plan]) -> bool:
    """Whether its policy only observed it, or was suspended when it was raised, and nothing was done all the same."""
    return (raised["mode"] == "Observe" and not plans) or (raised["suspended"] and not ran)


def _missed(last: Entry, plans: Sequence[_Plan], *, reopened: bool, in_hand: bool) -> str:
    """Why the item was not closed in one hop, for good."""
    if reopened:
        return "raised again within the hold-off"
    if last.transition != "Closed":
        return f"not closed: {last.transition}"
    return hops.missed([Hop(plan.ran, plan.decided_on, plan.succeeded, plan.acted) for plan in plans], in_hand=in_hand)


def _times(detected: datetime, plan: _Plan) -> Times | None:
    told = plan.last("Ended").get("times", {})
    found = [told.get(name) for name in ("decided", "acted", "verified")]
    if any(time is None for time in found):
        return None
    decided, acted, verified = (datetime.fromisoformat(str(time)) for time in found)
    return Times(detected, decided, acted, verified)
