"""Foreign text is shown as it is, or as an escape: it never reaches the terminal as an order."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forestall.cli.plain import age, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-1", "web-1"),
        ("Zürich \N{WHITE HEAVY CHECK MARK}", "Zürich \N{WHITE HEAVY CHECK MARK}"),
        ("\x1b[2J\x1b[31mFulfilled", "\\x1b[2J\\x1b[31mFulfilled"),
        ("\x9b31m", "\\x9b31m"),
        ("one\r\ntwo\tthree\x7f", "one\\r\\ntwo\\tthree\\x7f"),
        ("ab\N{RIGHT-TO-LEFT OVERRIDE}cd\N{ZERO WIDTH SPACE}", "ab\\u202ecd\\u200b"),
        ("\N{LINE SEPARATOR}\ud800", "\\u2028\\ud800"),
        ("[red]x[/red]", "[red]x[/red]"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text())
def test_no_control_ever_passes_and_the_rest_is_untouched(text: str) -> None:
    shown = plain(text)
    assert all(unicodedata.category(char)[0] not in "C" and char not in "\u2028\u2029" for char in shown)
    if all(unicodedata.category(char)[0] not in "CZ" for char in text):
        assert shown == text


def test_an_age_is_told_in_its_largest_unit() -> None:
    now = datetime(2026, 1, 5, tzinfo=UTC)
    told = [age(now - timedelta(seconds=seconds), now) for seconds in (-5, 0, 59, 60, 3599, 3600, 86_399, 90_000_000)]
    assert told == ["0s", "0s", "59s", "1m", "59m", "1h", "23h", "1041d"]
    assert age(None, now) == "-"
