"""`report`: the figures of closure, from the objects in the cluster or from an exported ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from forestall.adapters.resources import FINDINGS, PLANS, POLICIES
from forestall.api.base import format_duration, format_time, parse_duration
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import RemediationPlan
from forestall.cli.failures import Exit, Failure
from forestall.cli.ledger import exported_rows, verified
from forestall.cli.reading import read_all
from forestall.cli.screen import Screen
from forestall.cli.session import Session
from forestall.closure import entries
from forestall.closure.items import Item, Times, items_of
from forestall.closure.report import Figures, figures
from forestall.ports import Entry, Json, Kube

CLOSURE = (
    *("TYPE", "WHEN", "ITEMS", "ELIGIBLE", "COVERAGE", "SUPERVISED", "LOWER 95 %", "END TO END"),
    *("TOUCHLESS", "LOWER 95 %", "END TO END", "PROVISIONAL"),
)
CARE = (
    "TYPE",
    "WHEN",
    "SELF-CLEARED",
    "WRONG CLOSURES",
    "UNSAFE ACTIONS",
    "TOUCHES PER ITEM",
    "DECIDE",
    "ACT",
    "VERIFY",
)


@dataclass(frozen=True)
class Account:
    """All items up to `now`, and under which hold-off they were counted."""

    items: Sequence[Item]
    hold_off: timedelta
    now: datetime

    def to_json(self) -> Json:
        """Figures and items as one JSON object."""
        return {
            "holdOff": format_duration(self.hold_off),
            "at": format_time(self.now),
            "figures": [one.to_json() for one in figures(self.items)],
            "items": [_item_json(item) for item in self.items],
        }


def gather(session: Session, exported: Path | None, hold_off: str) -> Account:
    """Count. Raises Failure where the options make no sense, or the exported ledger does not hold."""
    found = _from_export(exported) if exported else session.run(lambda kube: _from_objects(session, kube))
    place = f"{session.namespace}/" if session.namespace else ""
    span, now = _duration(hold_off), session.world.clock.now()
    told = (entry for entry in found if entry.body["finding"].startswith(place))
    return Account(items_of(told, hold_off=span, now=now), span, now)


def _from_export(path: Path) -> Sequence[Entry]:
    return [row.entry for row in verified(exported_rows(path))]


async def _from_objects(session: Session, kube: Kube) -> Sequence[Entry]:
    """What the statuses in the cluster still tell. Objects that were deleted are in the ledger alone."""
    complain, where = session.screen.warn, session.namespace
    policies = {
        (one.metadata.namespace, one.metadata.name): one
        for one in await read_all(kube, POLICIES, InspectionPolicy, where, complain=complain)
    }
    findings = await read_all(kube, FINDINGS, Finding, where, complain=complain)
    plans = await read_all(kube, PLANS, RemediationPlan, where, complain=complain)
    told = [
        entries.of_finding(one, policies.get((one.metadata.namespace, one.spec.policy_ref.name))) for one in findings
    ]
    return [entry for some in (*told, *map(entries.of_plan, plans)) for entry in some]


def _duration(text: str) -> timedelta:
    try:
        span = parse_duration(text)
    except ValueError as error:
        raise Failure(Exit.USAGE, f"--hold-off: {error}") from error
    if not isinstance(span, timedelta):
        raise TypeError(f"{text!r} is no text")
    return span


def render(screen: Screen, account: Account) -> None:
    """Write the figures as two tables: how much was closed, and with what care and speed."""
    found = figures(account.items)
    screen.title(f"One-hop closure, with a hold-off of {format_duration(account.hold_off)}", "bold")
    if not found:
        screen.line("no finding has been raised yet")
        return
    screen.table(CLOSURE, [_closure_row(one) for one in found])
    screen.heading("Care and speed (seconds: median, 90th percentile)")
    screen.table(CARE, [_care_row(one) for one in found])


def _closure_row(one: Figures) -> Sequence[str]:
    json = one.to_json()
    series = [
        text
        for name in ("supervised", "touchless")
        for text in (
            f"{json[name]['oneHop']} of {json['eligible']}",
            *(_percent(json[name][share]) for share in ("lower95", "endToEnd")),
        )
    ]
    counts = (str(json["items"]), str(json["eligible"]), _percent(json["coverage"]))
    return (one.type, one.horizon, *counts, *series, str(json["provisional"]))


def _care_row(one: Figures) -> Sequence[str]:
    json = one.to_json()
    parts = [_seconds(json["seconds"][part]) for part in ("decide", "act", "verify")]
    shares = (_percent(json["selfClearedShare"]), f"{json['wrongClosures']} of {json['closed']}")
    touches = "-" if json["touchesPerItem"] is None else f"{json['touchesPerItem']:.2f}"
    return (one.type, one.horizon, *shares, str(json["unsafeActions"]), touches, *parts)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _seconds(spread: Json) -> str:
    return f"{spread['p50']:.1f}, {spread['p90']:.1f}" if spread["n"] else "-"


def _item_json(item: Item) -> Json:
    return {
        "finding": item.finding,
        "type": item.type,
        "horizon": item.horizon,
        "raised": format_time(item.raised),
        "eligible": item.eligible,
        "oneHop": not item.missed,
        "missed": item.missed,
        "provisional": item.provisional,
        "series": "Supervised" if item.supervised else "Touchless",
        "unsafeActions": item.unsafe,
        "touches": item.touches,
        "times": _times_json(item.times),
    }


def _times_json(times: Times | None) -> Json | None:
    if times is None:
        return None
    moments: Iterable[str] = ("detected", "decided", "acted", "verified")
    return {name: format_time(getattr(times, name)) for name in moments}
