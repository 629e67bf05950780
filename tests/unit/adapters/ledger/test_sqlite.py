"""The ledger in a file: append-only, idempotent, whole after any death, and copied while it is written."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from forestall.adapters.ledger.sqlite import SqliteLedger
from forestall.adapters.ledger.table import PAGE
from forestall.ports import LedgerError
from tests.unit.adapters.ledger.samples import append, entry, every, first_break

ROOT = Path(__file__).parents[4]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> SqliteLedger:
    return SqliteLedger(path)


def change(path: Path, *statements: str) -> None:
    """What somebody with the file in hand does to it, past all rules."""
    with sqlite3.connect(path) as connection:
        for rule in ("ledger_no_update", "ledger_no_delete", "ledger_at_the_end"):
            connection.execute(f"DROP TRIGGER {rule}")
        for statement in statements:
            connection.execute(statement)


def test_entries_come_back_as_they_went_in_and_in_order(ledger: SqliteLedger) -> None:
    entries = [entry(1, note="Grüße „ü“\n"), entry(2, ok=True, nothing=None), entry(3, list=[1, {"a": "b"}])]
    assert append(ledger, *entries) == 3
    rows = every(ledger)
    assert [row.entry for row in rows] == entries
    assert [row.seq for row in rows] == [1, 2, 3]
    assert first_break(rows) is None


def test_it_says_of_whom_it_has_a_transition(ledger: SqliteLedger) -> None:
    assert asyncio.run(ledger.told(["u1"], "Ended")) == frozenset()
    append(ledger, entry(1, uid="u1", transition="Ended"), entry(2, uid="u2"), entry(3, uid="u3", transition="Ended"))
    assert asyncio.run(ledger.told(["u1", "u2", "u4"], "Ended")) == {"u1"}


def test_an_entry_is_written_once_however_often_it_is_offered(ledger: SqliteLedger) -> None:
    assert append(ledger, entry(1), entry(2)) == 2
    assert append(ledger, entry(1, other="words"), entry(2), entry(3), entry(3)) == 1
    assert [row.entry for row in every(ledger)] == [entry(1), entry(2), entry(3)]


def test_entries_that_differ_in_any_part_of_their_identity_are_several(ledger: SqliteLedger) -> None:
    assert append(ledger, entry(1), entry(1, uid="u2"), entry(1, transition="Cleared"), entry(2)) == 4


def test_a_long_ledger_is_read_in_pages(ledger: SqliteLedger) -> None:
    append(ledger, *map(entry, range(PAGE + 1)))
    assert [len(asyncio.run(ledger.rows(after))) for after in (0, PAGE, PAGE + 1)] == [PAGE, 1, 0]
    assert first_break(every(ledger)) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}'",
        "DELETE FROM ledger",
        "INSERT OR REPLACE INTO ledger SELECT * FROM ledger WHERE seq = 1",
        "INSERT INTO ledger SELECT 7, previous, 'x', 'y', step, attempt, transition, at, body FROM ledger",
    ],
)
def test_the_file_refuses_what_is_no_append(ledger: SqliteLedger, path: Path, statement: str) -> None:
    append(ledger, entry(1))
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert [row.entry for row in every(ledger)] == [entry(1)]


@pytest.mark.parametrize(
    ("statements", "seq", "words"),
    [
        (["UPDATE ledger SET body = replace(body, '2', '3') WHERE seq = 2"], 2, "was changed"),
        (["UPDATE ledger SET at = '2026-01-05T10:00:09Z' WHERE seq = 3"], 3, "was changed"),
        (["UPDATE ledger SET hash = 'f' WHERE seq = 1"], 1, "was changed"),
        (["DELETE FROM ledger WHERE seq = 2"], 2, "is missing"),
        (["DELETE FROM ledger WHERE seq = 1"], 1, "is missing"),
        (
            ["DELETE FROM ledger WHERE seq = 2", "UPDATE ledger SET seq = seq - 1 WHERE seq > 2"],
            2,
            "does not follow",
        ),
    ],
)
def test_the_first_row_that_was_tampered_with_is_named(
    ledger: SqliteLedger, path: Path, statements: Sequence[str], seq: int, words: str
) -> None:
    append(ledger, *map(entry, range(1, 5)))
    change(path, *statements)
    broken = first_break(every(ledger))
    assert broken is not None
    assert (broken.seq, words in broken.problem) == (seq, True)


@pytest.mark.parametrize("size", [1, 40])
def test_a_writer_killed_at_any_moment_leaves_a_whole_chain_with_all_that_it_said_was_written(
    ledger: SqliteLedger, path: Path, size: int
) -> None:
    number = 0
    for lines in (1, 3, 7, 2, 5):
        told = killed_after(path, size, number, lines)
        rows = every(ledger)
        assert first_break(rows) is None
        assert len(rows) >= told
        assert len(rows) % size == 0, "a batch is written whole or not at all"
        number = len(rows)
    assert append(ledger, entry(-1)) == 1


def killed_after(path: Path, size: int, first: int, lines: int) -> int:
    """Let a writer say some lines, then kill it; the number of entries that it had said to be written."""
    argv = [sys.executable, "-m", "tests.unit.adapters.ledger.appending", str(path), str(size), str(first)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}"}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as writer:
        assert writer.stdout is not None
        for _ in range(lines):
            assert writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
    return int(rest[-1]) if rest else first + lines * size


def test_a_copy_is_whole_while_the_ledger_is_written(ledger: SqliteLedger, path: Path, tmp_path: Path) -> None:
    append(ledger, entry(0))
    copies = [tmp_path / f"copy-{number}.db" for number in range(5)]

    async def both() -> None:
        async def write() -> None:
            for number in range(1, 60):
                await ledger.append([entry(number)])

        async def copy() -> None:
            for target in copies:
                await ledger.copy_to(target)

        await asyncio.gather(write(), copy())

    asyncio.run(both())
    for copy in copies:
        rows = every(SqliteLedger(copy))
        assert rows
        assert rows == every(ledger)[: len(rows)]
        assert sorted(copy.parent.glob(f"{copy.name}*")) == [copy]


def test_a_copy_replaces_nothing(ledger: SqliteLedger, tmp_path: Path) -> None:
    append(ledger, entry(1))
    other = tmp_path / "other.db"
    append(SqliteLedger(other), entry(2))
    with pytest.raises(LedgerError, match="nothing is replaced: move it away first"):
        asyncio.run(ledger.copy_to(other))
    assert [row.entry for row in every(SqliteLedger(other))] == [entry(2)]


def test_after_a_restore_what_is_missing_is_chained_to_the_backup_when_it_is_offered_again(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    append(ledger, entry(1))
    backup, restored = SqliteLedger(tmp_path / "backup.db"), SqliteLedger(tmp_path / "restored.db")
    asyncio.run(ledger.copy_to(tmp_path / "backup.db"))
    append(ledger, entry(2))
    asyncio.run(backup.copy_to(tmp_path / "restored.db"))
    assert append(restored, entry(1), entry(2)) == 1
    assert every(restored) == every(ledger)


def test_reading_makes_no_ledger(ledger: SqliteLedger, path: Path) -> None:
    with pytest.raises(LedgerError, match=str(path)):
        every(ledger)
    assert not path.exists()


def test_what_cannot_be_written_is_told_and_leaves_the_ledger_as_it_was(ledger: SqliteLedger, path: Path) -> None:
    append(ledger, entry(1))
    with pytest.raises(TypeError):
        append(ledger, entry(2), entry(3, odd=object()))
    assert [row.entry for row in every(ledger)] == [entry(1)]
    with pytest.raises(LedgerError, match="unable to open"):
        append(SqliteLedger(path.parent / "missing" / "ledger.db"), entry(1))


def test_a_file_that_is_no_ledger_is_told(path: Path) -> None:
    path.write_text("not a database, but long enough to be read as one" * 100)
    with pytest.raises(LedgerError, match="not a database"):
        every(SqliteLedger(path))
