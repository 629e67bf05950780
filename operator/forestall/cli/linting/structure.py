"""A value held against a structural schema: what the API server would refuse, or silently leave out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from forestall.api.base import Duration
from forestall.api.runbook import ACTIONS_RULE, BY_PEOPLE
from forestall.cli.linting.documents import Path, Problem
from forestall.ports import Json

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
_ARTICLES: Final = {"string": "text: put it in quotes", "array": "a list", "object": "an object with fields"}
_CHOICE: Final = re.compile(r"\(has\(self\.\w+\) \? 1 : 0\)( \+ \(has\(self\.\w+\) \? 1 : 0\))* == 1")
_ONLY_WITH: Final = re.compile(r"self\.(\w+) != '(\w+)' \|\| self\.(\w+) in \[((?:'\w+'(?:, )?)+)\]")
_MEMBER: Final = re.compile(r"has\(self\.(\w+)\)")
_DURATION: Final = "write it like 30s, 5m or 1h30m"
_DURATION_PATTERN: Final = TypeAdapter(Duration).json_schema()["pattern"]
Rule = Callable[[Json], bool]
RULES: Final[Mapping[str, Rule]] = {
    "!has(self.idempotent) || self.idempotent || self.actions.all(a, !has(a.retries) || a.retries == 0)": lambda spec: (
        spec.get("idempotent", True) or not any(action.get("retries") for action in spec["actions"])
    ),
    ACTIONS_RULE: lambda spec: (not spec["actions"]) == (spec["effect"] in BY_PEOPLE),
    "self.decision != 'Reject' || size(self.reason) > 0": lambda spec: (
        spec["decision"] != "Reject" or bool(spec.get("reason"))
    ),
    "!(self.kind in ['NetworkNode', 'NetworkLink', 'Demand']) || (has(self.network) && self.network != '')": (
        lambda binding: binding["kind"] not in {"NetworkNode", "NetworkLink", "Demand"} or bool(binding.get("network"))
    ),
    "self.kind != 'Demand' || (has(self.targetLabel) && self.targetLabel != '')": lambda binding: (
        binding["kind"] != "Demand" or bool(binding.get("targetLabel"))
    ),
}
"""The rules of the CRDs that are no choice between fields, by their CEL text."""


def problems(schema: Json, value: Any, path: Path) -> Iterator[Problem]:
    """All that is wrong with a value and what is below it, in the order of the schema."""
    expected = schema["type"]
    if not _is_a(value, expected):
        yield Problem(path, f"must be {_ARTICLES.get(expected, f'of type {expected}')}, and is {_shown(value)}")
    elif expected == "object":
        yield from _of_object(schema, value, path)
    elif expected == "array":
        yield from _of_list(schema, value, path)
    else:
        yield from _of_scalar(schema, value, path)


def unknown(name: str, known: Iterable[str]) -> str:
    """What to write in place of an unknown name."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"write {near[0]}" if near else f"there are {', '.join(names) or 'none'}"


def rule_of(text: str) -> Rule | None:
    """The rule of that CEL text; None for one about a change, which no single manifest can break.

    Raises KeyError for a rule that is not known here.
    """
    if "oldSelf" in text:
        return None
    if _CHOICE.fullmatch(text):
        members = frozenset(_MEMBER.findall(text))
        return lambda value: len(members & value.keys()) == 1
    if only := _ONLY_WITH.fullmatch(text):
        field, value, other, allowed = only[1], only[2], only[3], frozenset(re.findall(r"\w+", only[4]))
        return lambda given: given[field] != value or given[other] in allowed
    return RULES[text]


def _is_a(value: Any, expected: str) -> bool:
    # To Python a truth value is a number, too.
    return isinstance(value, _TYPES[expected]) and (expected == "boolean" or not isinstance(value, bool))


def _of_object(schema: Json, value: Json, path: Path) -> Iterator[Problem]:
    known = schema.get("properties", {})
    found = [
        Problem((*path, name), "there is no such field", unknown(str(name), known))
        for name in value
        if name not in known
    ]
    missing = [name for name in schema.get("required", ()) if name not in value]
    found += [Problem((*path, name), "it is missing", _meaning(known[name])) for name in missing]
    for name in known:
        if name in value:
            found += problems(known[name], value[name], (*path, name))
    # Like the API server: rules may rely on the form, and are left alone where it is wrong.
    yield from found or _broken_rules(schema, value, path)


def _broken_rules(schema: Json, value: Json, path: Path) -> Iterator[Problem]:
    for given in schema.get("x-kubernetes-validations", ()):
        rule = rule_of(given["rule"])
        if rule is not None and not rule(value):
            yield Problem(path, given["message"])


def _of_list(schema: Json, value: list[Any], path: Path) -> Iterator[Problem]:
    yield from _size(schema, len(value), "Items", "items", path)
    for index, item in enumerate(value):
        yield from problems(schema["items"], item, (*path, index))
    keys = schema.get("x-kubernetes-list-map-keys", ())
    seen: set[tuple[str, ...]] = set()
    for index, item in enumerate(value):
        identity = tuple(str(item.get(key)) for key in keys) if isinstance(item, dict) else ()
        if identity and identity in seen:
            yield Problem((*path, index, keys[0]), f"another item is called {identity[0]}, too", "choose another name")
        seen.add(identity)


def _of_scalar(schema: Json, value: Any, path: Path) -> Iterator[Problem]:
    if "enum" in schema and value not in schema["enum"]:
        yield Problem(path, f"{_shown(value)} is not known", unknown(str(value), [str(one) for one in schema["enum"]]))
    elif isinstance(value, str):
        yield from _size(schema, len(value), "Length", "characters", path)
        if "pattern" in schema and not re.search(schema["pattern"], value):
            form = _DURATION if schema["pattern"] == _DURATION_PATTERN else f"it must match {schema['pattern']}"
            yield Problem(path, f"{_shown(value)} is not of the form that is taken", form)
    elif value < schema.get("minimum", value) or value > schema.get("maximum", value):
        yield Problem(path, f"{value} is out of bounds: {_bounds(schema, 'imum')}")


def _size(schema: Json, size: int, bound: str, what: str, path: Path) -> Iterator[Problem]:
    if size < schema.get(f"min{bound}", size) or size > schema.get(f"max{bound}", size):
        yield Problem(path, f"{size} {what}: {_bounds(schema, bound)}", _meaning(schema))


def _bounds(schema: Json, bound: str) -> str:
    low, high = (schema.get(f"{end}{bound}") for end in ("min", "max"))
    return " and ".join(f"at {word} {end}" for word, end in (("least", low), ("most", high)) if end is not None)


def _meaning(schema: Json) -> str:
    """The first sentence about a field."""
    return str(schema.get("description", "")).partition(". ")[0]


def _shown(value: Any) -> str:
    text = "empty" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
