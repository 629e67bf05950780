"""Objects with every field set, made from the schema, so that none can be forgotten."""

from collections.abc import Iterator
from typing import Any

from forestall.api import schemas
from forestall.api.base import Resource

Json = dict[str, Any]

EITHER = "set exactly one of "

_TEXTS = {
    r"^[A-Z][A-Z0-9_]*$": "MODE",
    r"^([0-9]+(ms|s|m|h|d))+$": "1m30s",
    r"^-?[0-9]+(\.[0-9]+)?$": "1.5",
    r"^(sha256:[0-9a-f]{64})?$": f"sha256:{'a' * 64}",
    r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$": "web",
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$": "web",
    r"^[A-Z][A-Za-z0-9]*$": "Deployment",
    r"^[A-Za-z][A-Za-z0-9]*$": "Judged",
}


def status(model: type[Resource]) -> Json:
    """A status of that kind with every field set, on the wire."""
    whole = _sample(schemas.of_resource(model)["properties"]["status"])
    assert isinstance(whole, dict)
    return whole


def _sample(node: Json) -> object:
    match node["type"]:
        case "object":
            return {name: _sample(child) for name, child in node["properties"].items()}
        case "array":
            return list(_items(node["items"]))
        case "string":
            return _text(node)
        case "boolean":
            return True
        case "integer":
            return 3
    raise AssertionError(f"no sample of {node}")


def _items(node: Json) -> Iterator[object]:
    """One sample; of what is exactly one of several, one for each."""
    sample = _sample(node)
    rules = [rule["message"] for rule in node.get("x-kubernetes-validations", ())]
    members: list[str] = next((rule.removeprefix(EITHER).split(", ") for rule in rules if rule.startswith(EITHER)), [])
    if not members:
        yield sample
    for member in members:
        assert isinstance(sample, dict)
        yield {name: value for name, value in sample.items() if name == member or name not in members}


def _text(node: Json) -> str:
    if "enum" in node:
        return str(node["enum"][0])
    if node.get("format") == "date-time":
        return "2026-02-03T04:05:06Z"
    return _TEXTS[node["pattern"]] if "pattern" in node else "some text"
