"""The ledger in a PostgreSQL database, which several operators may write to."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg

from forestall.adapters.ledger.table import TABLE, Table
from forestall.ports import Entry, LedgerError, Row

_RULES: Final = (
    """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
    """
CREATE FUNCTION ledger_at_the_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledger) THEN
    RAISE EXCEPTION 'the ledger is append-only';
  END IF;
  RETURN NEW;
END $$""",
    "CREATE TRIGGER no_change BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_refuse()",
    "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    "CREATE TRIGGER at_the_end BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_at_the_end()",
)
_WRITERS: Final = 0x666F7265
"""The advisory lock that only one writer holds at a time, so that the chain has one end."""
_CONNECT_SECONDS = 10


class PostgresLedger:
    """The table `ledger` of the database at `url` (postgresql://…); the first write makes it.

    Each call has a connection and a thread of its own.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    async def append(self, entries: Sequence[Entry]) -> int:
        """Write those entries that are not there yet, all or none. Raises LedgerError."""
        return await asyncio.to_thread(self._append, entries)

    async def told(self, uids: Collection[str], transition: str) -> frozenset[str]:
        """Those of `uids` of which it has that transition. Raises LedgerError."""
        return await asyncio.to_thread(self._told, uids, transition)

    async def rows(self, after: int) -> Sequence[Row]:
        """At most PAGE rows behind number `after`. Raises LedgerError, also where there is no table."""
        return await asyncio.to_thread(self._rows, after)

    def _append(self, entries: Sequence[Entry]) -> int:
        with self._cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITERS,))
            if not _made(cursor):
                for statement in (TABLE, *_RULES):
                    cursor.execute(statement)
            return Table(cursor, "%s").append(entries)

    def _told(self, uids: Collection[str], transition: str) -> frozenset[str]:
        with self._cursor() as cursor:
            return Table(cursor, "%s").told(uids, transition) if _made(cursor) else frozenset()

    def _rows(self, after: int) -> Sequence[Row]:
        with self._cursor() as cursor:
            return Table(cursor, "%s").rows(after)

    @contextmanager
    def _cursor(self) -> Iterator[psycopg.Cursor]:
        """A cursor in a transaction that is committed at the end of the block. Every failure is a LedgerError."""
        try:
            with psycopg.connect(self._url, connect_timeout=_CONNECT_SECONDS) as made, made.cursor() as cursor:
                yield cursor
        except (psycopg.Error, ValueError) as error:
            raise LedgerError(f"ledger in PostgreSQL: {error}") from error


def _made(cursor: psycopg.Cursor) -> bool:
    """Whether there is a ledger yet."""
    cursor.execute("SELECT to_regclass('ledger')")
    return cursor.fetchone() != (None,)
