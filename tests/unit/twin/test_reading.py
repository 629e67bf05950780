"""Fields of objects that others wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from forestall.twin.reading import (
    MAX_WORDS,
    UnreadableError,
    amount,
    child,
    children,
    integer,
    text,
    text_list,
    texts,
    time,
    words,
)


@pytest.mark.parametrize(
    ("quantity", "unit", "expected"),
    [
        ("500m", -3, 500),
        ("2", -3, 2000),
        (2, -3, 2000),
        ("0.5", -3, 500),
        (".5", -3, 500),
        ("1500u", -3, 2),
        ("1n", -3, 1),
        ("1k", 0, 1000),
        ("1Ki", 0, 1024),
        ("1.5Gi", 0, 3 * 2**29),
        ("2M", 0, 2_000_000),
        ("1e3", 0, 1000),
        ("1E3", 0, 1000),
        ("1E", 0, 10**18),
        ("1Ei", 0, 2**60),
        ("100m", 0, 1),
    ],
)
def test_a_quantity_is_read_exactly_and_rounded_up(quantity: object, unit: int, expected: int) -> None:
    assert amount({"cpu": quantity}, "cpu", unit=unit) == expected


def test_a_missing_quantity_is_nothing() -> None:
    assert amount({}, "cpu") == 0


@pytest.mark.parametrize(
    "quantity",
    [
        "",
        "-1",
        "1e1000",
        "1e99",
        "9" * 40,
        "9" * 100_000,
        "٣",
        "1ki",
        "1 Gi",
        "NaN",
        "Infinity",
        "0x10",
        1.5,
        True,
        [],
        {},
    ],
)
def test_an_unreadable_quantity_names_its_field(quantity: object) -> None:
    with pytest.raises(UnreadableError, match="memory"):
        amount({"memory": quantity}, "memory")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda value: child(value, "spec"), {"spec": []}),
        (lambda value: child(value, "spec"), "text"),
        (lambda value: children(value, "spec"), {"spec": {}}),
        (lambda value: children(value, "spec"), {"spec": [1]}),
        (lambda value: text(value, "spec"), {"spec": 1}),
        (lambda value: text(value, "spec"), {"spec": "x" * 5000}),
        (lambda value: texts(value, "spec"), {"spec": {"a": 1}}),
        (lambda value: text_list(value, "spec"), {"spec": "text"}),
        (lambda value: text_list(value, "spec"), {"spec": [1]}),
        (lambda value: integer(value, "spec", 0), {"spec": "1"}),
        (lambda value: integer(value, "spec", 0), {"spec": True}),
        (lambda value: integer(value, "spec", 0), {"spec": -1}),
        (lambda value: integer(value, "spec", 0, maximum=7), {"spec": 8}),
    ],
)
def test_a_field_that_is_not_as_expected_is_unreadable(read: Any, value: object) -> None:
    with pytest.raises(UnreadableError):
        read(value)


def test_missing_fields_have_defaults() -> None:
    assert child(None, "spec", "template") == {}
    assert children({}, "items") == ()
    assert text({}, "name", "none") == "none"
    assert texts({"labels": None}, "labels") == {}
    assert text_list({}, "values") == ()
    assert integer({}, "replicas", 1) == 1


def test_maps_of_texts_are_ordered_so_that_equal_objects_read_alike() -> None:
    assert list(texts({"labels": {"b": "2", "a": "1"}}, "labels")) == ["a", "b"]


@pytest.mark.parametrize("value", ["2030-01-01T12:00:00Z", "2030-01-01T12:00:00.000000Z", "2030-01-01T13:00:00+01:00"])
def test_a_time_is_read_with_its_offset(value: str) -> None:
    assert time({"at": value}, "at") == datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_a_missing_time_is_none() -> None:
    assert time({}, "at") is None


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2030-01-01T12:00:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "\ud800",
        "x" * 100_000,
        7,
        [],
    ],
)
def test_an_unreadable_time_names_its_field(value: object) -> None:
    with pytest.raises(UnreadableError, match="at"):
        time({"at": value}, "at")


def test_what_a_component_says_is_kept_in_part_and_an_odd_thing_not_at_all() -> None:
    assert words({"message": "x" * 1_000_000}, "message") == "x" * MAX_WORDS
    assert words({"message": "half \ud800"}, "message") == "half ?"
    assert words({"message": {"a": []}}, "message") == ""
    assert words({}, "message") == ""
