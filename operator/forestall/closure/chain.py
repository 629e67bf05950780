"""The chain of the ledger: each row's hash is over the row before it, so that no row can be changed unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forestall.api.base import format_time
from forestall.ports import Entry, Json, Row

START: Final = "0" * 64
"""What stands for the hash of a row before the first one."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold: the number of the row, and what is wrong with it."""

    seq: int
    problem: str


def seal(last: Row | None, entry: Entry) -> Row:
    """The row of an entry behind the row `last`; None: the first one."""
    seq, previous = (last.seq + 1, last.hash) if last else (1, START)
    return Row(seq, previous, _hash(seq, previous, entry), entry)


def links(rows: Iterable[Row]) -> Iterator[Row | Break]:
    """The rows of a chain that is read from its start, as long as it holds; a Break ends it where it does not."""
    expected, previous = 1, START
    for row in rows:
        if problem := _problem(row, expected, previous):
            yield Break(expected, problem)
            return
        yield row
        expected, previous = row.seq + 1, row.hash


def _problem(row: Row, expected: int, previous: str) -> str:
    """What is wrong with a row, or with its absence; empty: nothing."""
    if row.seq != expected:
        return f"the row is missing: row {row.seq} stands in its place"
    if row.previous != previous:
        return "the row does not follow from the row before it"
    same = row.hash == _hash(row.seq, row.previous, row.entry)
    return "" if same else "the row was changed after it was written"


def canonical(value: object) -> str:
    """The one text of a JSON value: names sorted, no spaces, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def to_json(row: Row) -> Json:
    """The row as it is exported. Its hash is the sha256 of the canonical text of all the other fields."""
    return {**_content(row.seq, row.previous, row.entry), "hash": row.hash}


def from_json(value: Json) -> Row:
    """The row of an exported line. Raises ValueError naming what is missing."""
    try:
        entry = Entry(
            uid=value["uid"],
            step=value["step"],
            attempt=value["attempt"],
            transition=value["transition"],
            at=datetime.fromisoformat(value["at"]),
            body=value["body"],
        )
        return Row(value["seq"], value["previous"], value["hash"], entry)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no row of a ledger: {error}") from error


def _hash(seq: int, previous: str, entry: Entry) -> str:
    return hashlib.sha256(canonical(_content(seq, previous, entry)).encode()).hexdigest()


def _content(seq: int, previous: str, entry: Entry) -> Json:
    return {
        "seq": seq,
        "previous": previous,
        "uid": entry.uid,
        "step": entry.step,
        "attempt": entry.attempt,
        "transition": entry.transition,
        "at": format_time(entry.at),
        "body": entry.body,
    }
