"""Specification of the way from a model to a structural schema."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, create_model

from forestall.api import schemas
from forestall.api.base import DecimalText, Duration, Label, Model, Resource, Time, list_map, validations


class Part(Model):
    """A part of the spec."""

    size: Annotated[float, Field(ge=0.5)] = 1
    """How big."""


class Spec(Model):
    """What is wanted."""

    name: Label
    """What it
    is called."""
    mode: Literal["Only"] = "Only"
    """The one mode."""
    part: Part = Part()
    maybe: Part | None = None
    """Perhaps."""
    hold: Annotated[Duration | None, Field(json_schema_extra=validations(("self == oldSelf", "stays")))] = None
    """A time."""
    wait: Duration = timedelta(seconds=90)
    """Another."""
    empty: Annotated[tuple[Label, ...], Field(max_length=3, json_schema_extra=list_map("x"))] = ()
    """Names."""
    notes: Annotated[Mapping[str, Part], Field(max_length=2)] = Field(default_factory=dict)
    """Parts by name."""
    zero: int = 0
    """A number."""
    no: bool = False
    """A question."""


class Status(Model):
    """What is."""

    count: int = 5
    """How many."""
    seen: Time | None = None
    """When."""
    value: DecimalText
    """How much."""


class Thing(Resource):
    """A kind."""

    spec: Spec
    """The wish."""
    status: Status | None = None
    """The truth."""


WHOLE = schemas.of_resource(Thing)
SPEC = WHOLE["properties"]["spec"]["properties"]
STATUS = WHOLE["properties"]["status"]["properties"]


def test_a_kind_needs_its_spec_and_leaves_its_metadata_to_kubernetes() -> None:
    assert (WHOLE["type"], WHOLE["required"], list(WHOLE["properties"])) == ("object", ["spec"], ["spec", "status"])


def test_a_docstring_becomes_one_line_and_the_fields_own_one_wins() -> None:
    assert SPEC["name"]["description"] == "What it is called."
    assert WHOLE["properties"]["spec"]["description"] == "The wish."
    assert SPEC["part"]["description"] == "A part of the spec."


@pytest.mark.parametrize(
    ("field", "schema"),
    [
        ("mode", {"description": "The one mode.", "type": "string", "enum": ["Only"], "default": "Only"}),
        ("zero", {"description": "A number.", "type": "integer", "default": 0}),
        ("no", {"description": "A question.", "type": "boolean", "default": False}),
    ],
)
def test_a_field_keeps_its_type_its_choices_and_its_default(field: str, schema: dict[str, Any]) -> None:
    assert SPEC[field] == schema


def test_bounds_stay() -> None:
    assert (SPEC["name"]["minLength"], SPEC["name"]["maxLength"]) == (1, 63)
    assert SPEC["part"]["properties"]["size"] == {
        "description": "How big.",
        "type": "number",
        "minimum": 0.5,
        "default": 1,
    }
    assert (SPEC["empty"]["type"], SPEC["empty"]["maxItems"], SPEC["empty"]["items"]["type"]) == ("array", 3, "string")
    assert (SPEC["notes"]["maxProperties"], SPEC["notes"]["additionalProperties"]["type"]) == (2, "object")


def test_a_duration_defaults_to_its_text() -> None:
    assert SPEC["wait"]["default"] == "1m30s"


def test_an_object_defaults_to_its_fields_defaults() -> None:
    assert SPEC["part"]["default"] == {}


@pytest.mark.parametrize("field", ["name", "maybe", "hold", "empty", "notes"])
def test_what_would_default_to_nothing_has_no_default(field: str) -> None:
    assert "default" not in SPEC[field]


def test_or_null_is_an_optional_field_that_keeps_its_extras() -> None:
    assert SPEC["maybe"]["type"] == "object"
    assert SPEC["hold"]["type"] == "string"
    assert SPEC["hold"]["x-kubernetes-validations"] == [{"rule": "self == oldSelf", "message": "stays"}]
    assert SPEC["empty"]["x-kubernetes-list-map-keys"] == ["x"]


def test_a_status_has_no_defaults() -> None:
    assert [field.get("default") for field in STATUS.values()] == [None, None, None]


def test_what_is_required_inside_a_status_stays_required() -> None:
    assert WHOLE["properties"]["status"]["required"] == ["value"]


class Union(Model):
    """Either or."""

    either: int | str
    """This or that."""


class Exclusive(Model):
    """Bounds that OpenAPI writes differently."""

    above: Annotated[int, Field(gt=3)]
    """More than three."""


@pytest.mark.parametrize(
    ("part", "reason"), [(Union, "a field has one type"), (Exclusive, "no structural schema can say exclusiveMinimum")]
)
def test_what_no_structural_schema_can_say_is_refused_and_never_lost(part: type[Model], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        schemas.of_resource(create_model("Broken", __base__=Resource, spec=part, status=Status))
