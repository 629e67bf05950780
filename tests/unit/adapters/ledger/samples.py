"""Entries to be written, and what stands in a ledger."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from forestall.closure.chain import Break, links
from forestall.ports import Entry, Ledger, Row

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def entry(number: int, *, uid: str = "u1", transition: str = "Raised", **body: object) -> Entry:
    """An entry of its own for each number."""
    at = START + timedelta(seconds=number, microseconds=number)
    return Entry(uid, -1, 0, transition, at, {"kind": "Finding", "finding": "shop/web", "number": number, **body})


def append(ledger: Ledger, *entries: Entry) -> int:
    """Write entries; how many were new."""
    return asyncio.run(ledger.append(entries))


def every(ledger: Ledger) -> list[Row]:
    """All rows, page by page."""
    found: list[Row] = []
    while page := asyncio.run(ledger.rows(found[-1].seq if found else 0)):
        found += page
    return found


def first_break(rows: Iterable[Row]) -> Break | None:
    """Where a chain does not hold; None: nowhere."""
    return next((link for link in links(rows) if isinstance(link, Break)), None)
