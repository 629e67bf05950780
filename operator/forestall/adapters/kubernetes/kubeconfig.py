"""Kubeconfig files, read as kubectl reads them: of several, the first that says something decides."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

DEFAULT = "~/.kube/config"


class InvalidKubeconfigError(ValueError):
    """A file that is no kubeconfig; the message names it."""


def read(kubeconfig: str | None) -> Sequence[Mapping[str, Any]]:
    """The files that `kubeconfig`, else KUBECONFIG, else the default names; those that are missing are left out.

    Raises InvalidKubeconfigError.
    """
    source = kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT
    paths = [Path(part).expanduser() for part in source.split(os.pathsep) if part]
    return [_content(path) for path in paths if path.is_file()]


def current_context(contents: Sequence[Mapping[str, Any]]) -> str:
    """Name of the current context; empty if none is named."""
    return str(next((one["current-context"] for one in contents if one.get("current-context")), ""))


def contexts(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of all contexts."""
    return sorted({str(one["name"]) for content in contents for one in content.get("contexts") or () if "name" in one})


def namespace(contents: Sequence[Mapping[str, Any]], context: str | None = None) -> str:
    """The namespace of `context`, else of the current one; empty if it names none."""
    current = context or current_context(contents)
    known = (context for content in contents for context in content.get("contexts") or ())
    found = next((context.get("context") or {} for context in known if context.get("name") == current), {})
    return str(found.get("namespace") or "")


def _content(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidKubeconfigError(f"the kubeconfig {path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise InvalidKubeconfigError(f"{path} is no kubeconfig")
    return content
