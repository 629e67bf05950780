"""From a model to the structural schema that the API server takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from forestall.api.base import Resource, format_duration

Json = dict[str, Any]

_BOUNDS = (
    *("enum", "pattern", "minLength", "maxLength", "minimum", "maximum"),
    *("minItems", "maxItems", "minProperties", "maxProperties"),
)
_KEPT = ("description", "type", "format", *_BOUNDS, "required")
"""Keywords that both languages have, in the order in which they are written."""
_TRANSLATED = ("default", "properties", "items", "additionalProperties")
_DROPPED = ("title", "$defs")


def of_resource(model: type[Resource]) -> Json:
    """The schema of a kind.

    Defaults stand in the spec only: what is not in a status has not been found out. `metadata`, `apiVersion`
    and `kind` are left to Kubernetes. Raises ValueError for a model that no structural schema can express.
    """
    whole = model.model_json_schema(schema_generator=_Generator)
    wanted, observed = (_Translation(whole["$defs"], defaults) for defaults in (True, False))
    properties = whole.pop("properties")
    parts = {"spec": wanted.of(properties["spec"]), "status": observed.of(properties["status"])}
    return {**wanted.of(whole), "properties": parts}


class _Generator(GenerateJsonSchema):
    """JSON schema with durations as forestall writes them."""

    def encode_default(self, dft: Any) -> Any:
        """The default as a JSON value."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


@dataclass(frozen=True)
class _Translation:
    """Translates nodes of JSON schema whose references lead to `parts`."""

    parts: Mapping[str, Json]
    defaults: bool

    def of(self, node: Json) -> Json:
        """The structural form of a node."""
        plain = self._plain(node)
        extensions = {key: value for key, value in plain.items() if key.startswith("x-kubernetes-")}
        unknown = plain.keys() - {*_KEPT, *_TRANSLATED, *_DROPPED} - extensions.keys()
        if unknown:
            raise ValueError(f"no structural schema can say {', '.join(sorted(unknown))}: {plain}")
        kept = {key: plain[key] for key in _KEPT if key in plain}
        return {**kept, **self._default(plain), **extensions, **self._nested(plain)}

    def _plain(self, node: Json) -> Json:
        """The node without reference, `or null` and constant; what stands beside these goes before."""
        beside = {key: value for key, value in node.items() if key not in {"$ref", "anyOf", "const"}}
        if "$ref" in node:
            return self._plain({**self.parts[node["$ref"].rpartition("/")[2]], **beside})
        if "anyOf" in node:
            return self._plain({**_only(node["anyOf"]), **beside})
        constant = {"enum": [node["const"]]} if "const" in node else {}
        text = {"description": " ".join(node["description"].split())} if "description" in node else {}
        return {**beside, **constant, **text}

    def _default(self, plain: Json) -> Json:
        """The default that the API server shall fill in: none where it would be empty, as absent means the same."""
        default = plain.get("default")
        if not self.defaults or default in (None, "", []):
            return {}
        # The server goes on into what it filled in, and each field brings a default of its own.
        return {"default": {} if isinstance(default, dict) else default}

    def _nested(self, plain: Json) -> Json:
        properties = {name: self.of(node) for name, node in plain.get("properties", {}).items()}
        below: Json = {key: self.of(plain[key]) for key in ("items", "additionalProperties") if key in plain}
        return {"properties": properties, **below} if properties else below


def _only(choices: list[Json]) -> Json:
    """The one choice that is not null."""
    found = [choice for choice in choices if choice != {"type": "null"}]
    if len(found) != 1:
        raise ValueError(f"a field has one type; write one optional field for each of {choices}")
    return found[0]
