"""YAML is read as Kubernetes reads it, and every field has its line."""

import pytest

from forestall.cli.linting.documents import UnreadableError, read, text_of

TWO = """\
kind: A
spec:
  names:
    - one
    - {deep: 1}
---
# nothing here
---
kind: B
"""


def test_each_object_keeps_the_lines_of_its_own_fields() -> None:
    (first, _), (second, _) = read("f", TWO)
    assert [first.line(path) for path in ((), ("spec",), ("spec", "names", 1, "deep"))] == [1, 2, 5]
    assert second.line(("kind",)) == 9


def test_what_is_not_there_is_shown_where_it_would_be() -> None:
    (document, _), _ = read("f", TWO)
    assert document.line(("spec", "names", 7)) == 3
    assert document.line(("spec", "other")) == 2


def test_times_stay_text_and_exponents_are_numbers() -> None:
    ((document, _),) = read("f", "until: 2026-01-05T10:00:00Z\ntarget: 1e-3\nplain: 12\nname: e3\n")
    assert document.content == {"until": "2026-01-05T10:00:00Z", "target": 0.001, "plain": 12, "name": "e3"}


def test_a_key_that_is_given_twice_is_seen() -> None:
    ((_, twice),) = read("f", "spec:\n  items:\n    - {mode: Open, mode: Observe}\n")
    assert [text_of(one.path) for one in twice] == ["spec.items[0].mode"]


@pytest.mark.parametrize(("text", "line"), [("a: 1\nb: c: d\n", 2), ("a: [1\n", 2), ("a: !!python/none x\n", 1)])
def test_what_is_no_yaml_says_where(text: str, line: int) -> None:
    with pytest.raises(UnreadableError) as caught:
        list(read("f", text))
    assert caught.value.line == line
