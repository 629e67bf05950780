"""What a structural schema refuses is told with its field; every rule of the CRDs is known."""

from collections.abc import Iterator
from typing import Any

import pytest

from forestall.api import schemas
from forestall.api.crds import MODELS
from forestall.api.networktwin import NetworkTwin
from forestall.cli.linting.documents import text_of
from forestall.cli.linting.structure import RULES, problems, rule_of
from forestall.ports import Json

SCHEMA: Json = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 3, "pattern": "^[a-z]+$", "description": "Its name. As it is."},
        "count": {"type": "integer", "minimum": 1, "maximum": 5},
        "ratio": {"type": "number"},
        "on": {"type": "boolean"},
        "mode": {"type": "string", "enum": ["Open", "Observe"]},
        "after": {"type": "string", "pattern": "^([0-9]+(ms|s|m|h|d))+$"},
        "items": {
            "type": "array",
            "maxItems": 2,
            "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
    },
}


def found(**value: Any) -> list[tuple[str, str, str]]:
    return [(text_of(one.path), one.message, one.remedy) for one in problems(SCHEMA, value, ())]


def test_what_is_right_is_left_alone() -> None:
    items = [{"name": "a"}, {"name": "b"}]
    assert found(name="abc", count=5, ratio=1, on=True, mode="Open", after="1m30s", items=items) == []


@pytest.mark.parametrize(
    ("value", "field", "words", "remedy"),
    [
        ({"naem": "x"}, "naem", "no such field", "write name"),
        ({"zzzzzz": 1}, "zzzzzz", "no such field", "there are name, count"),
        ({"name": 1}, "name", "must be text: put it in quotes, and is 1", ""),
        ({"name": "abcd"}, "name", "4 characters: at most 3", "Its name"),
        ({"name": "A"}, "name", "'A' is not of the form", "it must match ^[a-z]+$"),
        ({"count": "2"}, "count", "must be of type integer, and is '2'", ""),
        ({"count": True}, "count", "must be of type integer, and is True", ""),
        ({"count": 1.5}, "count", "must be of type integer, and is 1.5", ""),
        ({"count": 6}, "count", "6 is out of bounds: at least 1 and at most 5", ""),
        ({"ratio": None}, "ratio", "must be of type number, and is empty", ""),
        ({"on": "yes"}, "on", "must be of type boolean, and is 'yes'", ""),
        ({"mode": "Opne"}, "mode", "'Opne' is not known", "write Open"),
        ({"after": "5 minutes"}, "after", "is not of the form", "write it like 30s, 5m or 1h30m"),
        ({"items": {}}, "items", "must be a list", ""),
        ({"items": [{}, {}, {"name": 1}]}, "items", "3 items: at most 2", ""),
        ({"items": [{"name": "a"}, {"name": "a"}]}, "items[1].name", "another item is called a, too", "another name"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(value: Json, field: str, words: str, remedy: str) -> None:
    first = next(one for one in found(**{"name": "x", **value}) if one[0] == field)
    assert words in first[1]
    assert remedy in first[2]


def test_what_is_missing_is_told_with_its_meaning() -> None:
    assert found() == [("name", "it is missing", "Its name")]


def rules(node: Json) -> Iterator[str]:
    yield from (one["rule"] for one in node.get("x-kubernetes-validations", ()))
    for child in [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]:
        yield from rules(child)


def test_every_rule_of_a_spec_is_known_and_none_is_kept_that_no_spec_has() -> None:
    shipped = {rule for model in MODELS for rule in rules(schemas.of_resource(model)["properties"]["spec"])}
    judged = {rule for rule in shipped if rule_of(rule) is not None}
    assert judged >= RULES.keys()
    assert len(judged) > len(RULES), "choices between fields are rules, too"


@pytest.mark.parametrize(("value", "count"), [({"a": 1}, 0), ({"a": 1, "b": 1}, 1), ({}, 1)])
def test_of_a_choice_one_is_set_and_one_only(value: Json, count: int) -> None:
    rule = {"rule": "(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) == 1", "message": "set one"}
    field = {"type": "integer"}
    schema = {"type": "object", "properties": {"a": field, "b": field}, "x-kubernetes-validations": [rule]}
    assert [one.message for one in problems(schema, value, ())] == ["set one"] * count


BINDINGS = {
    "a link's capacity": ({"attribute": "capacity", "kind": "NetworkLink", "network": "n"}, ""),
    "a Service's capacity": ({"attribute": "capacity", "kind": "Service"}, "attribute capacity is one of NetworkLink"),
    "a link of no network": ({"attribute": "up", "kind": "NetworkLink"}, "network: say which network"),
    "a demand": ({"attribute": "demand", "kind": "Demand", "network": "n", "targetLabel": "to"}, ""),
    "a demand to nowhere": ({"attribute": "demand", "kind": "Demand", "network": "n"}, "targetLabel: say which label"),
}


@pytest.mark.parametrize(("fields", "words"), BINDINGS.values(), ids=BINDINGS.keys())
def test_a_binding_says_all_that_its_kind_needs(fields: Json, words: str) -> None:
    schema = schemas.of_resource(NetworkTwin)["properties"]["spec"]["properties"]["metrics"]["items"]
    binding = {"name": "m", "query": "up", "nameLabel": "from", **fields}
    told = [one.message for one in problems(schema, binding, ())]
    assert [message.startswith(words) for message in told] == ([True] if words else [])
