"""Documents, broken: values replaced, members and items doubled, moved and removed, text cut."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from forestall.twin.formats import Written, export
from tests.property.topologies import topologies

ODD: st.SearchStrategy[object] = st.one_of(
    st.sampled_from(
        (
            None,
            True,
            -1,
            0,
            1.5,
            10**400,
            2**70,
            "",
            "x" * 5000,
            "\ud800",
            "\x00",
            [],
            {},
            [[]],
            {"a": {}},
            "0x1p99",
            "NaN",
        )
    ),
    st.text(max_size=5),
)


@st.composite
def documents(draw: st.DrawFn, form: Written) -> str:
    """The text of a document with one to three faults."""
    text = export(draw(topologies()), form)
    if form == "graphml":
        return _cut(draw, text)
    document = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        _break(draw, document)
    return _cut(draw, json.dumps(document)) if draw(st.booleans()) else json.dumps(document)


def _break(draw: st.DrawFn, value: Any) -> None:
    """Breaks something within the value, however deep."""
    while isinstance(value, (dict, list)) and value:
        place = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        if not isinstance(value[place], (dict, list)) or not value[place] or draw(st.integers(0, 5)) == 0:
            _break_at(draw, value, place)
            return
        value = value[place]


def _break_at(draw: st.DrawFn, holder: Any, place: Any) -> None:
    match draw(st.sampled_from(("replace", "remove", "double", "rename"))):
        case "remove":
            del holder[place]
        case "double" if isinstance(holder, list):
            holder.append(holder[place])
        case "rename" if isinstance(holder, dict):
            holder[draw(st.text(max_size=3))] = holder.pop(place)
        case _:
            holder[place] = draw(ODD)


def _cut(draw: st.DrawFn, text: str) -> str:
    """The text without a piece of it, or with a piece doubled."""
    begin = draw(st.integers(0, len(text)))
    end = draw(st.integers(begin, min(len(text), begin + 40)))
    return text[:begin] + text[end:] if draw(st.booleans()) else text[:end] + text[begin:]
