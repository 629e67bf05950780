"""The ledger in an SQLite file. What is written is on the disk before the call returns."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from forestall.adapters.ledger.table import TABLE, Table
from forestall.ports import Entry, LedgerError, Row

_RULES: Final = (
    """
CREATE TRIGGER IF NOT EXISTS ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """
CREATE TRIGGER IF NOT EXISTS ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """
CREATE TRIGGER IF NOT EXISTS ledger_at_the_end BEFORE INSERT ON ledger
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger)
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
)
_WAIT_SECONDS = 30.0


class SqliteLedger:
    """The file at `path`; it is made by the first write. Each call has a connection and a thread of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def append(self, entries: Sequence[Entry]) -> int:
        """Write those entries that are not there yet, all or none. Raises LedgerError."""
        return await asyncio.to_thread(self._append, entries)

    async def told(self, uids: Collection[str], transition: str) -> frozenset[str]:
        """Those of `uids` of which it has that transition. Raises LedgerError."""
        return await asyncio.to_thread(self._told, uids, transition)

    async def rows(self, after: int) -> Sequence[Row]:
        """At most PAGE rows behind number `after`. Raises LedgerError, also where there is no file."""
        return await asyncio.to_thread(self._rows, after)

    async def copy_to(self, target: Path) -> None:
        """Copy the ledger as it is now, while it may be written to, into a new file. Raises LedgerError."""
        await asyncio.to_thread(self._copy_to, target)

    def _append(self, entries: Sequence[Entry]) -> int:
        with self._connected("rwc") as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in (TABLE, *_RULES):
                connection.execute(statement)
            count = Table(connection.cursor()).append(entries)
            connection.execute("COMMIT")
        return count

    def _told(self, uids: Collection[str], transition: str) -> frozenset[str]:
        if not self._path.exists():
            return frozenset()
        with self._connected("rw") as connection:
            return Table(connection.cursor()).told(uids, transition)

    def _rows(self, after: int) -> Sequence[Row]:
        with self._connected("rw") as connection:
            return Table(connection.cursor()).rows(after)

    def _copy_to(self, target: Path) -> None:
        if target.exists():
            raise LedgerError(
                f"{target} exists, and nothing is replaced: move it away first, with its -wal and -shm files"
            )
        unfinished = target.with_name(f"{target.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        with self._connected("rw") as source, closing(sqlite3.connect(unfinished)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
        _to_disk(unfinished)
        unfinished.rename(target)
        _to_disk(target.parent)

    @contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        """A connection that rolls back what is not committed. Every failure is a LedgerError."""
        address = f"{self._path.absolute().as_uri()}?mode={mode}"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)) as made:
                yield made
        except (sqlite3.Error, OSError, ValueError) as error:
            raise LedgerError(f"ledger {self._path}: {error}") from error


def _to_disk(path: Path) -> None:
    """Have a file, or the names in a folder, survive a loss of power."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
