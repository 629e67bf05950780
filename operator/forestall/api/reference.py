"""The page that lists every field of every kind, made from the CRDs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from forestall.api.base import DecimalText, Digest, Duration, Model, Time

Json = dict[str, Any]

_INTRODUCTION = """\
# API reference

Group `forestall.dev`, version `v1alpha1`. `kubectl get forestall` lists the objects of all kinds, and
`kubectl explain` shows the same texts as this page, for example `kubectl explain inspectionpolicy.spec.goals`.

A *duration* is text such as `30s`, `5m` or `1h30m`. A *time* is RFC 3339 in UTC. A *decimal* is a number
written as text, so that no digit is lost. A field without a default may be left out, unless it is required.
Fields inside an optional object are required only where the object is there.
"""
_PLURALS = {"object": "objects", "string": "strings"}
_TABLE = "| Field | Type | Default | Meaning |\n|---|---|---|---|\n"


class _Shapes(Model):
    """Texts that the page calls by a word of their own."""

    duration: Duration
    decimal: DecimalText
    digest: Digest
    time: Time


def _shape(schema: Json) -> tuple[str, str]:
    return schema.get("format", ""), schema.get("pattern", "")


_WORDS: Mapping[tuple[str, str], str] = {
    _shape(schema): word for word, schema in _Shapes.model_json_schema()["properties"].items()
}


def page(definitions: Sequence[Json]) -> str:
    """The page as Markdown, from CustomResourceDefinitions of one version each."""
    return "\n".join([_INTRODUCTION, *(_kind(definition["spec"]) for definition in definitions)])


def _kind(spec: Json) -> str:
    kind, (version,) = spec["names"]["kind"], spec["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    parts = [f"## {kind}\n\n{schema['description']}\n\n{_facts(spec, version)}\n"]
    for part, node in schema["properties"].items():
        rows = "".join(f"{row}\n" for row in _rows(part, node))
        parts.append(f"### {kind} {part}\n\n{node['description']}\n\n{_TABLE}{rows}")
    rules = "".join(f"- `{path or kind}`: {message}\n" for path, message in _rules("", schema))
    return "\n".join([*parts, *([f"### {kind} rules\n\n{rules}"] if rules else [])])


def _facts(spec: Json, version: Json) -> str:
    """Scope, names and selectable fields, in one line."""
    names, scope = spec["names"], {"Cluster": "Cluster-scoped", "Namespaced": "Namespaced"}[spec["scope"]]
    known = _listed([names["plural"], names["singular"], *names.get("shortNames", [])])
    selectable = _listed([field["jsonPath"].removeprefix(".") for field in version.get("selectableFields", [])])
    return f"{scope}. kubectl knows it as {known}." + (f" Field selectors: {selectable}." if selectable else "")


def _rows(path: str, node: Json) -> Iterator[str]:
    """A row for each field below a node, depth first, in the order of the models."""
    if node["type"] == "array":
        path, node = f"{path}[]", node["items"]
    for name, child in node.get("properties", {}).items():
        default = "required" if name in node.get("required", ()) else _default(child)
        yield f"| `{path}.{name}` | {_type(child)} | {default} | {_cell(child['description'])} |"
        yield from _rows(f"{path}.{name}", child)


def _rules(path: str, node: Json) -> Iterator[tuple[str, str]]:
    """Path and message of each CEL rule at a node and below."""
    for rule in node.get("x-kubernetes-validations", ()):
        yield path.removeprefix("."), rule["message"]
    if "items" in node:
        yield from _rules(f"{path}[]", node["items"])
    for name, child in node.get("properties", {}).items():
        yield from _rules(f"{path}.{name}", child)


def _default(node: Json) -> str:
    default = node.get("default")
    if default is None or isinstance(default, dict):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _type(node: Json) -> str:
    """The type in words, with the bounds that a writer must know."""
    if node["type"] == "array":
        return f"list of {_PLURALS.get(items := _type(node['items']), items)}{_range(node, 'Items')}"
    if "enum" in node:
        return _listed([str(value) for value in node["enum"]], " or ")
    return _WORDS.get(_shape(node), str(node["type"])) + _range(node, "imum")


def _range(node: Json, bound: str) -> str:
    """The bounds `min…` and `max…` of a node, as `, 1 to 16`; nothing where there are none."""
    low, high = node.get(f"min{bound}"), node.get(f"max{bound}")
    if low is not None and high is not None:
        return f", {low} to {high}"
    if high is not None:
        return f", at most {high}"
    return "" if low is None else f", at least {low}"


def _listed(words: Sequence[str], between: str = ", ") -> str:
    return between.join(f"`{word}`" for word in words)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
