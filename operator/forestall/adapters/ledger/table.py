"""The ledger's table, and how rows are added to it: the same in every database."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final, Protocol

from forestall.api.base import format_time
from forestall.closure import chain
from forestall.ports import Entry, Row

PAGE: Final = 1000
"""Rows that are read at a time."""
TABLE: Final = """
CREATE TABLE IF NOT EXISTS ledger (
  seq BIGINT PRIMARY KEY,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  uid TEXT NOT NULL,
  step INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  transition TEXT NOT NULL,
  at TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (uid, step, attempt, transition, at)
)"""
"""Text is stored as it was hashed."""

_NEXT = "SELECT * FROM ledger WHERE seq > ? ORDER BY seq LIMIT ?"
_LAST = "SELECT * FROM ledger ORDER BY seq DESC LIMIT 1"
_KNOWN = "SELECT 1 FROM ledger WHERE uid = ? AND step = ? AND attempt = ? AND transition = ? AND at = ?"
_TOLD = "SELECT 1 FROM ledger WHERE uid = ? AND transition = ? LIMIT 1"
_INSERT = "INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Cursor(Protocol):
    """What is needed of a database cursor (PEP 249)."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Run one statement."""

    def fetchone(self) -> Any:
        """The next row of the answer, or None."""

    def fetchall(self) -> Any:
        """All rows of the answer."""


class Table:
    """The table through a cursor. `mark` is the database's placeholder."""

    def __init__(self, cursor: Cursor, mark: str = "?") -> None:
        self._cursor, self._mark = cursor, mark

    def append(self, entries: Sequence[Entry]) -> int:
        """Chain the entries that are not there yet to the last row. The caller holds the only right to write."""
        self._run(_LAST)
        found = self._cursor.fetchone()
        last, count = _row(found) if found else None, 0
        for entry in entries:
            if self._holds(_KNOWN, _key(entry)):
                continue
            last, count = chain.seal(last, entry), count + 1
            self._run(_INSERT, (last.seq, last.previous, last.hash, *_key(entry), chain.canonical(entry.body)))
        return count

    def told(self, uids: Collection[str], transition: str) -> frozenset[str]:
        """Those of `uids` of which there is that transition."""
        return frozenset(uid for uid in uids if self._holds(_TOLD, (uid, transition)))

    def rows(self, after: int) -> Sequence[Row]:
        """At most PAGE rows behind number `after`."""
        self._run(_NEXT, (after, PAGE))
        return [_row(found) for found in self._cursor.fetchall()]

    def _holds(self, statement: str, parameters: Sequence[Any]) -> bool:
        self._run(statement, parameters)
        return self._cursor.fetchone() is not None

    def _run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        self._cursor.execute(statement.replace("?", self._mark), parameters)


def _key(entry: Entry) -> tuple[str, int, int, str, str]:
    return entry.uid, entry.step, entry.attempt, entry.transition, format_time(entry.at)


def _row(found: Sequence[Any]) -> Row:
    """Raises ValueError for what no ledger has written."""
    seq, previous, digest, uid, step, attempt, transition, at, body = found
    names = {"uid": uid, "step": step, "attempt": attempt, "transition": transition, "at": at}
    return chain.from_json({"seq": seq, "previous": previous, "hash": digest, **names, "body": json.loads(body)})
