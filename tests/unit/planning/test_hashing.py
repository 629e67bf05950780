"""One meaning has one canonical text, and what has none is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from forestall.planning.hashing import canonical, decimal_text, reads_hash, sha256_of
from tests.unit.planning.objects import BAD, deployment


def test_canonical_json_orders_keys_and_has_no_spaces() -> None:
    assert canonical({"b": [1, True, None], "a": "ü"}) == '{"a":"ü","b":[1,true,null]}'.encode()


def test_a_hash_names_its_algorithm() -> None:
    assert sha256_of({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.0", "1"),
        ("0.00004", "0"),
        ("-0.00004", "0"),
        ("-0", "0"),
        ("100", "100"),
        ("1E+2", "100"),
        ("0.12345", "0.1234"),
        ("0.12355", "0.1236"),
        ("1E+300", "1" + 300 * "0"),
    ],
)
def test_a_decimal_is_text_rounded_to_a_ten_thousandth(number: str, text: str) -> None:
    assert decimal_text(Decimal(number)) == text


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        canonical([Decimal(number)])


@pytest.mark.parametrize("value", [1.0, {"a": [0.5]}, {1: "a"}, {"a", "b"}, b"a"])
def test_what_has_no_one_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_integers_that_json_readers_would_round_are_text() -> None:
    assert canonical([2**53 - 1, 2**63 - 1]) == b'[9007199254740991,"9223372036854775807"]'


def test_only_what_is_read_enters_the_hash() -> None:
    before = reads_hash(deployment(), ["spec.template"])
    assert reads_hash(deployment(replicas=9, annotations={"a": "b"}), ["spec.template"]) == before
    assert reads_hash(deployment(BAD), ["spec.template"]) != before


def test_absent_is_not_null() -> None:
    assert reads_hash({"spec": {}}, ["spec.a"]) != reads_hash({"spec": {"a": None}}, ["spec.a"])


def test_a_path_through_a_value_that_is_no_object_is_absent() -> None:
    assert reads_hash({"spec": "text"}, ["spec.a"]) == reads_hash({}, ["spec.a"])
