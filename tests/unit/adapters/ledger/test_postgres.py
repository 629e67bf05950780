"""The ledger in a real PostgreSQL: as in a file, and with several writers at once."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from forestall.adapters.ledger.opening import open_ledger
from forestall.adapters.ledger.table import PAGE
from forestall.ports import Ledger, LedgerError
from tests.unit.adapters.ledger.samples import append, entry, every, first_break
from tools import postgres


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.running() as started:
        yield started


@pytest.fixture
def ledger(server: postgres.Server) -> Ledger:
    """A ledger that nobody has written to yet."""
    with psycopg.connect(server.url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return open_ledger(server.url)


def test_entries_come_back_as_they_went_in_and_in_order(ledger: Ledger) -> None:
    entries = [entry(1, note="Grüße „ü“ 100 %s ?\n"), entry(2, ok=True, nothing=None), entry(3, list=[1, {"a": "b"}])]
    assert append(ledger, *entries) == 3
    rows = every(ledger)
    assert [row.entry for row in rows] == entries
    assert first_break(rows) is None


def test_it_says_of_whom_it_has_a_transition(ledger: Ledger) -> None:
    assert asyncio.run(ledger.told(["u1"], "Ended")) == frozenset()
    append(ledger, entry(1, uid="u1", transition="Ended"), entry(2, uid="u2"), entry(3, uid="u3", transition="Ended"))
    assert asyncio.run(ledger.told(["u1", "u2", "u4"], "Ended")) == {"u1"}


def test_an_entry_is_written_once_however_often_it_is_offered(ledger: Ledger) -> None:
    assert append(ledger, entry(1), entry(2)) == 2
    assert append(ledger, entry(1, other="words"), entry(2), entry(3), entry(3)) == 1
    assert [row.entry for row in every(ledger)] == [entry(1), entry(2), entry(3)]


def test_two_writers_at_once_make_one_chain(ledger: Ledger, server: postgres.Server) -> None:
    def write(writer: int) -> int:
        own = open_ledger(server.url)
        # Every other entry is one that the other writer offers, too.
        return sum(append(own, entry(turn, uid="both"), entry(turn, uid=f"{writer}")) for turn in range(40))

    with ThreadPoolExecutor(2) as pool:
        written = list(pool.map(write, range(2)))
    rows = every(ledger)
    assert sum(written) == len(rows) == 120
    assert first_break(rows) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "INSERT INTO ledger SELECT 7, previous, 'x', 'y', step, attempt, transition, at, body FROM ledger",
    ],
)
def test_the_database_refuses_what_is_no_append(ledger: Ledger, server: postgres.Server, statement: str) -> None:
    append(ledger, entry(1))
    with psycopg.connect(server.url) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute(statement.encode())
    assert [row.entry for row in every(ledger)] == [entry(1)]


def test_the_first_row_that_was_tampered_with_is_named(ledger: Ledger, server: postgres.Server) -> None:
    append(ledger, *map(entry, range(1, 5)))
    with psycopg.connect(server.url) as connection:
        connection.execute("ALTER TABLE ledger DISABLE TRIGGER ALL")
        connection.execute("UPDATE ledger SET body = replace(body, '3', '4') WHERE seq = 3")
    broken = first_break(every(ledger))
    assert broken is not None
    assert broken.seq == 3


def test_a_long_ledger_is_read_in_pages(ledger: Ledger) -> None:
    append(ledger, *map(entry, range(PAGE + 1)))
    assert [len(asyncio.run(ledger.rows(after))) for after in (0, PAGE, PAGE + 1)] == [PAGE, 1, 0]


def test_a_batch_is_written_whole_or_not_at_all(ledger: Ledger) -> None:
    append(ledger, entry(1))
    with pytest.raises(TypeError):
        append(ledger, entry(2), entry(3, odd=object()))
    assert [row.entry for row in every(ledger)] == [entry(1)]


def test_an_outage_is_told_and_over_when_the_server_answers(ledger: Ledger, server: postgres.Server) -> None:
    append(ledger, entry(1))
    server.stop()
    try:
        with pytest.raises(LedgerError, match="PostgreSQL"):
            append(ledger, entry(2))
    finally:
        server.start()
    assert append(ledger, entry(1), entry(2)) == 1
    assert first_break(every(ledger)) is None


def test_reading_makes_no_table(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="does not exist"):
        every(ledger)
