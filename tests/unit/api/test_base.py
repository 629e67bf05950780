"""Specification of the field types."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from forestall.api.base import (
    TO_KEEP,
    DecimalText,
    Duration,
    Key,
    Model,
    ObjectMeta,
    Time,
    format_duration,
    parse_duration,
)
from forestall.api.finding import Finding


class Thing(Model):
    """A model with a field of each type that has a text form of its own."""

    how_long: Duration = timedelta(0)
    when: Time | None = None
    how_much: DecimalText | None = None


def test_a_model_to_keep_remembers_no_more_than_its_fields_and_its_copies_are_as_good() -> None:
    whole = {"metadata": {"name": "f", "uid": "1"}}
    one, other = (Named.model_validate(whole, context=TO_KEEP) for _ in range(2))
    assert one.metadata.model_fields_set is other.metadata.model_fields_set
    copy = one.metadata.model_copy(update={"uid": "2"})
    assert copy.to_json() == ObjectMeta(name="f", uid="2").to_json()
    assert one == other == Named.model_validate(whole)


def test_other_models_know_which_of_their_fields_were_given() -> None:
    assert Thing.model_validate({"howLong": "0s"}).model_fields_set == {"how_long"}


class Named(Model):
    """A model with a model in it."""

    metadata: ObjectMeta


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0s", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("2d", timedelta(days=2)),
    ],
)
def test_a_duration_is_read_in_its_units(text: str, value: timedelta) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(days=1), "24h"),
        (timedelta(milliseconds=1500), "1s500ms"),
    ],
)
def test_a_duration_is_written_in_its_shortest_form(value: timedelta, text: str) -> None:
    assert format_duration(value) == text


@given(st.integers(min_value=0, max_value=10**12))
def test_a_duration_survives_being_written_and_read(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(value)) == value


@pytest.mark.parametrize("text", ["", "5", "5 m", "-5m", "1.5h", "5min", "1d\n", "9" * 30 + "d"])
def test_what_is_no_duration_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ValidationError, match="howLong") as refused:
        Thing.model_validate({"howLong": text})
    assert repr(text) in str(refused.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-02-03T04:05:06Z"),
        (datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC), "2026-02-03T04:05:06.000789Z"),
        (datetime(2026, 2, 3, 6, 5, 6, tzinfo=timezone(timedelta(hours=2))), "2026-02-03T04:05:06Z"),
    ],
)
def test_a_time_is_written_in_utc_and_read_back(value: datetime, text: str) -> None:
    wire = Thing(when=value).to_json()
    assert wire["when"] == text
    assert Thing.model_validate(wire).when == value


@pytest.mark.parametrize("text", ["0.1", "-3", "1000000", "0.00000001"])
def test_a_decimal_keeps_every_digit_and_never_becomes_an_exponent(text: str) -> None:
    assert Thing(how_much=Decimal(text)).to_json()["howMuch"] == text
    assert Thing.model_validate({"howMuch": text}).how_much == Decimal(text)


def test_what_is_not_set_is_not_written() -> None:
    assert Thing().to_json() == {"howLong": "0s"}


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert Thing.model_validate({"howLong": "5m", "howOften": 3}) == Thing(how_long=timedelta(minutes=5))


def test_a_model_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Thing().how_long = timedelta(1)


def test_a_key_names_kind_namespace_and_name_and_leaves_out_what_is_empty() -> None:
    assert str(Key("Finding", "shop", "one")) == "Finding/shop/one"
    assert str(Key("Node", "", "worker-1")) == "Node/worker-1"


def test_a_resource_knows_where_it_stands() -> None:
    spec = {"policyRef": {"name": "p"}, "type": "ImagePull", "resource": {"kind": "Deployment", "name": "web"}}
    finding = Finding.model_validate({"metadata": ObjectMeta(name="one", namespace="shop"), "spec": spec})
    assert finding.key == Key("Finding", "shop", "one")
