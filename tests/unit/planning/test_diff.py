"""The difference that an approver reads shows the change and nothing else, and always fits."""

from __future__ import annotations

from forestall.planning.diff import LONGEST, unified_diff
from tests.unit.planning.objects import BAD, GOOD, deployment


def test_the_change_is_shown_and_what_the_server_keeps_for_itself_is_not() -> None:
    before, after = deployment(BAD), deployment(GOOD)
    after["metadata"] |= {"resourceVersion": "42", "generation": 5, "managedFields": [{"manager": "m"}]}
    after["status"] = {}
    changed = [line for line in unified_diff(before, after).splitlines() if line[0] in "+-"]
    assert changed == ["--- before", "+++ after", f"-      - image: {BAD}", f"+      - image: {GOOD}"]


def test_equal_states_have_no_difference() -> None:
    assert unified_diff(deployment(), deployment(annotations={})) == ""


def test_a_long_difference_is_cut_and_says_so() -> None:
    after = deployment(annotations={f"note-{number:04}": "x" * 80 for number in range(1000)})
    text = unified_diff(deployment(), after)
    assert len(text) <= LONGEST
    assert text.splitlines()[-1].endswith("more lines left out")


def test_one_enormous_line_is_left_out_too() -> None:
    text = unified_diff(deployment(), deployment(annotations={"note": "x" * 100_000}))
    assert len(text) <= LONGEST
    assert "more lines left out" in text


def test_hostile_text_cannot_forge_lines_or_hide_itself() -> None:
    text = unified_diff(deployment(), deployment(annotations={"note": "a\n+ok: true\x1b[31m\u202e"}))
    assert text.isascii()
    assert "+ok" not in [line.strip() for line in text.splitlines()]
    assert all(character.isprintable() or character == "\n" for character in text)
