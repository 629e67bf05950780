"""A ledger by its address."""

from __future__ import annotations

from pathlib import Path

from forestall.adapters.ledger.sqlite import SqliteLedger
from forestall.ports import Ledger


def open_ledger(address: str) -> Ledger:
    """The ledger at `address`, the path of an SQLite file."""
    return SqliteLedger(Path(address))
