"""The chain: every row follows from the one before, in a form that can be checked without this program."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from forestall.closure.chain import START, canonical, from_json, links, seal, to_json
from forestall.ports import Entry, Row

AT = datetime(2026, 1, 5, 10, 0, 0, 500, tzinfo=UTC)


def rows(count: int = 3) -> list[Row]:
    made: list[Row] = []
    for number in range(count):
        entry = Entry("u", -1, 0, "Raised", AT.replace(minute=number), {"text": "ü", "n": number, "none": None})
        made.append(seal(made[-1] if made else None, entry))
    return made


def test_a_row_is_numbered_from_one_and_holds_the_hash_of_the_row_before() -> None:
    first, second, _ = rows()
    assert (first.seq, first.previous) == (1, START)
    assert (second.seq, second.previous) == (2, first.hash)


def test_the_hash_is_that_of_the_exported_row_without_it() -> None:
    exported = json.loads(canonical(to_json(rows()[1])))
    claimed = exported.pop("hash")
    text = json.dumps(exported, sort_keys=True, separators=(",", ":"))
    assert claimed == hashlib.sha256(text.encode("ascii")).hexdigest()


def test_what_is_exported_is_read_back_as_it_was() -> None:
    assert [from_json(json.loads(canonical(to_json(row)))) for row in rows()] == rows()


def test_a_whole_chain_is_passed_on_and_a_broken_one_as_far_as_it_holds() -> None:
    first, second, third = rows()
    assert list(links([first, second, third])) == [first, second, third]
    changed = replace(second, entry=replace(second.entry, uid="v"))
    passed = list(links([first, changed, third]))
    assert passed[0] == first
    assert str(passed[1:]) == "[Break(seq=2, problem='the row was changed after it was written')]"


def test_a_row_that_was_sealed_anew_is_found_by_the_one_behind_it() -> None:
    first, second, third = rows()
    forged = seal(first, replace(second.entry, uid="v"))
    assert str(list(links([first, forged, third]))[2:]) == (
        "[Break(seq=3, problem='the row does not follow from the row before it')]"
    )


@pytest.mark.parametrize("broken", [{}, {"seq": 1}, [], {**to_json(rows()[0]), "at": "soon"}])
def test_what_is_no_row_is_told(broken: Any) -> None:
    with pytest.raises(ValueError, match=r"no row of a ledger|Invalid isoformat"):
        from_json(broken)
