from __future__ import annotations

import pytest

from forestall.twin.formats import UnreadableTopologyError, load
from forestall.twin.formats.parsing import DEEPEST, decoded, escaped, parsed


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a": 1, "a": 1}', ""),
        ('{"x": [{"a/b": {"c": 1, "c": 2}}]}', "/x/0/a~1b"),
        ('{"x": {"y": {"c": 1, "c": 2}}, "x": 1}', ""),
    ],
)
def test_an_object_with_a_member_twice_is_unreadable_and_told_by_its_path(text: str, path: str) -> None:
    with pytest.raises(UnreadableTopologyError, match="twice") as caught:
        parsed(text)

    assert caught.value.path == path


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", "1e999", "9" * 5000, "[1", "", "{", '{"a"}', "nil"])
def test_what_is_no_json_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableTopologyError):
        parsed(text)


@pytest.mark.parametrize("depth", [DEEPEST + 1, 5_000, 200_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deeply_is_unreadable(depth: int, begin: str, end: str) -> None:
    with pytest.raises(UnreadableTopologyError, match="nested"):
        parsed(begin * depth + "0" + end * depth)


def test_nesting_within_the_bound_is_read() -> None:
    assert parsed("[" * DEEPEST + "]" * DEEPEST) is not None


def test_bytes_are_utf_8_with_or_without_a_mark() -> None:
    assert decoded(b"\xef\xbb\xbf{}", 10) == decoded("{}", 10) == "{}"
    with pytest.raises(UnreadableTopologyError, match="byte 1"):
        decoded(b"{\xff}", 10)


def test_a_longer_document_than_the_limit_is_not_even_decoded() -> None:
    with pytest.raises(UnreadableTopologyError, match="longer than 9 bytes"):
        load(b"\xff" * 10, source="test", limit=9)


@pytest.mark.parametrize(("text", "path"), [('["a", "\\ud800"]', "/1"), ('{"x": {"\\uDC00": 1}}', "/x")])
def test_half_a_character_is_unreadable_since_two_of_them_would_become_one(text: str, path: str) -> None:
    with pytest.raises(UnreadableTopologyError, match="half") as caught:
        parsed(text)

    assert caught.value.path == path


@pytest.mark.parametrize(("text", "said"), [('"\\\\ud800"', "\\ud800"), ('"\\ud83d\\ude00"', "\N{GRINNING FACE}")])
def test_what_only_looks_like_half_a_character_is_read(text: str, said: str) -> None:
    assert parsed(text) == said


@pytest.mark.parametrize("text", ["\ud800", '<graphml id="\ud800"/>', '{"\udc00": 1}'])
def test_half_a_character_in_the_text_itself_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableTopologyError, match="half"):
        load(text, source="test")


def test_half_characters_in_a_path_become_readable() -> None:
    assert escaped("a/\ud800~") == "a~1\\ud800~0"
