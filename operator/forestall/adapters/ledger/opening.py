"""A ledger by its address."""

from __future__ import annotations

from pathlib import Path

from forestall.adapters.ledger.sqlite import SqliteLedger
from forestall.ports import Ledger, LedgerError

SERVERS = ("postgresql://", "postgres://")
"""How the address of a database server begins."""


def open_ledger(address: str) -> Ledger:
    """The ledger at `address`, the URL of a PostgreSQL database or the path of an SQLite file. Raises LedgerError."""
    return _on_a_server(address) if address.startswith(SERVERS) else SqliteLedger(Path(address))


def _on_a_server(url: str) -> Ledger:
    try:
        from forestall.adapters.ledger.postgres import PostgresLedger  # noqa: PLC0415 - its driver is an extra
    except ImportError as error:
        raise LedgerError(f"PostgreSQL's driver is missing: install forestall[postgres] ({error})") from error
    return PostgresLedger(url)
