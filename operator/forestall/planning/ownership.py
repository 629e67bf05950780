"""Who owns the fields that a runbook writes, by the API server's own record (managedFields)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

_PART: Final = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")
_FOREIGN: Final = (
    "argocd*",
    "argo-cd*",
    "flux*",
    "kustomize-controller*",
    "helm-controller*",
    "fleetagent*",
    "configsync*",
    "*autoscaler*",
    "keda*",
    "vpa-*",
    "karpenter*",
    "kube-controller-manager/scale",  # the horizontal pod autoscaler writes through the scale subresource
)
"""Managers that put their own value back: changing what they own would start a tug-of-war."""


def owners(target: Mapping[str, Any], paths: Sequence[str]) -> tuple[str, ...]:
    """Managers that own any of the paths, ordered; `manager/subresource` where they wrote through one.

    Paths are dotted; a name with dots of its own stands in brackets: `metadata.annotations[example.com/note]`.
    """
    fields = [_parts(path) for path in paths]
    entries = _entries(target)
    return tuple(
        sorted({_name(entry) for entry in entries if any(_owns(entry.get("fieldsV1"), path) for path in fields)})
    )


def foreign(managers: Sequence[str]) -> tuple[str, ...]:
    """Of these managers, the GitOps controllers and autoscalers."""
    return tuple(name for name in managers if any(fnmatchcase(name.lower(), pattern) for pattern in _FOREIGN))


def _parts(path: str) -> Sequence[str]:
    return [plain or bracketed for plain, bracketed in _PART.findall(path)]


def _entries(target: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    metadata = target.get("metadata") or {}
    return (entry for entry in metadata.get("managedFields") or () if isinstance(entry, Mapping))


def _name(entry: Mapping[str, Any]) -> str:
    manager, subresource = entry.get("manager") or "unknown", entry.get("subresource")
    return f"{manager}/{subresource}" if subresource else str(manager)


def _owns(fields: object, path: Sequence[str]) -> bool:
    """Whether a set of fields holds the path, something below it, or something above it as a whole."""
    node = fields
    for depth, name in enumerate(path):
        if not isinstance(node, Mapping):
            return False
        if depth and not node:
            return True
        node = node.get(f"f:{name}")
    return node is not None
