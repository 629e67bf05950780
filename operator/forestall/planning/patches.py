"""What changes of objects of every kind have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forestall.ports import Json


class ChangeImpossibleError(Exception):
    """The object does not allow the change. The message says why and what would help."""


def put(path: str, value: object) -> Json:
    """Set a member of an object, whether it is there or not."""
    return {"op": "add", "path": path, "value": value}


def parameter(parameters: Mapping[str, str], name: str) -> str:
    """The parameter of that name. Raises ChangeImpossibleError where it is missing."""
    if name not in parameters:
        raise ChangeImpossibleError(f"parameters[{name}] is missing; it is resolved when the plan is made")
    return parameters[name]


def spec_of(target: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object's spec."""
    spec: Mapping[str, Any] = target.get("spec") or {}
    return spec


def name_of(target: Mapping[str, Any]) -> str:
    """The object's name."""
    return str(target["metadata"]["name"])


def title(target: Mapping[str, Any], kind: str) -> str:
    """The object, for people."""
    namespace = target["metadata"].get("namespace", "")
    return f"{kind} {namespace}/{name_of(target)}" if namespace else f"{kind} {name_of(target)}"


def port_of(text: str) -> int | str:
    """A port as objects have it: a number, or the name that a container gives."""
    return int(text) if text.isascii() and text.isdigit() else text
