"""A later version only adds: whatever the previous one let people and the operator store, this one lets them keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import previous

CRDS = Path(__file__).parents[3] / "crds"
Schema = dict[str, Any]
LEAST, MOST = (
    ("minimum", "minLength", "minItems", "minProperties"),
    ("maximum", "maxLength", "maxItems", "maxProperties"),
)
"""Limits that may only go down, and limits that may only go up."""
SAME = ("type", "pattern", "format", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "additionalProperties")


def narrowed(old: Schema, new: Schema, path: str = "") -> Iterator[str]:
    """Where the new schema refuses something that the old one took."""
    yield from _limited(old, new, path)
    for name, inner in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{path}.{name} is gone"
        else:
            yield from narrowed(inner, new["properties"][name], f"{path}.{name}")
    if "items" in old:
        yield from narrowed(old["items"], new["items"], f"{path}[]")


def _limited(old: Schema, new: Schema, path: str) -> Iterator[str]:
    """The same for one value, whatever is in it."""
    yield from (f"{path}: {name} was {old[name]}" for name in SAME if name in old and old[name] != new.get(name))
    yield from (f"{path}: {name} is new" for name in ("pattern",) if name in new and name not in old)
    yield from (f"{path}: {one} may be left out no longer" for one in _required(new) - _required(old))
    if "enum" in new and ("enum" not in old or set(old["enum"]) - set(new["enum"])):
        yield f"{path}: not everything of {old.get('enum', 'any')}"
    yield from (f"{path}: {name} was {old.get(name)}" for name in LEAST if new.get(name, 0) > old.get(name, 0))
    most = [name for name in MOST if name in new and new[name] < old.get(name, float("inf"))]
    yield from (f"{path}: {name} was {old.get(name)}" for name in most)


def _required(schema: Schema) -> set[str]:
    return set(schema.get("required", ()))


def _schema(crd: Path) -> Schema:
    (version,) = yaml.safe_load(crd.read_text(encoding="utf-8"))["spec"]["versions"]
    assert version["name"] == "v1alpha1"
    found: Schema = version["schema"]["openAPIV3Schema"]
    return found


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return previous.unpack(tmp_path_factory.mktemp("previous")) / "charts" / "forestall" / "crds"


def test_nothing_that_could_be_stored_is_refused_now(before: Path) -> None:
    kinds = sorted(path.name for path in before.iterdir())
    assert kinds
    assert [one for kind in kinds for one in narrowed(_schema(before / kind), _schema(CRDS / kind), kind)] == []


NARROWER = {
    "a field that is gone": ({"properties": {"a": {}}}, {"properties": {}}),
    "another type": ({"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"type": "integer"}}}),
    "a value that is gone": ({"enum": ["a", "b"]}, {"enum": ["a"]}),
    "values where any was taken": ({"type": "string"}, {"type": "string", "enum": ["a"]}),
    "a field that must be set": ({"properties": {"a": {}}}, {"properties": {"a": {}}, "required": ["a"]}),
    "a smaller maximum in a list": ({"items": {"maximum": 2}}, {"items": {"maximum": 1}}),
    "a maximum where there was none": ({}, {"maxItems": 1}),
    "a greater minimum": ({"minLength": 1}, {"minLength": 2}),
    "a new pattern": ({}, {"pattern": "^a$"}),
}


@pytest.mark.parametrize(("old", "new"), NARROWER.values(), ids=NARROWER.keys())
def test_it_would_be_noticed(old: Schema, new: Schema) -> None:
    assert list(narrowed(old, new))
    assert not list(narrowed(old, old))
