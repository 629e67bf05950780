"""The namespace that the kubeconfig's current context names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from forestall.cli.failures import Exit, Failure

DEFAULT = "~/.kube/config"


def namespace_of(kubeconfig: str | None) -> str:
    """The current context's namespace in `kubeconfig`, else in KUBECONFIG's files; `default` if it names none.

    Raises Failure where a file is there and cannot be read, or where the one that was asked for is missing.
    """
    if kubeconfig and not Path(kubeconfig).expanduser().is_file():
        raise Failure(Exit.ERROR, f"there is no kubeconfig {kubeconfig}", "name an existing file with --kubeconfig")
    source = kubeconfig or os.environ.get("KUBECONFIG") or DEFAULT
    contents = [_read(Path(part).expanduser()) for part in source.split(os.pathsep) if part]
    # As in the connection's own merge: the last file that names a context decides, its first definition counts.
    current = next((content["current-context"] for content in reversed(contents) if "current-context" in content), "")
    contexts = (context for content in contents for context in content.get("contexts") or ())
    found: dict[str, Any] = next((context["context"] for context in contexts if context.get("name") == current), {})
    return str(found.get("namespace") or "default")


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Failure(Exit.ERROR, f"the kubeconfig {path} cannot be read: {error}", "mend the file") from error
    if not isinstance(content, dict):
        raise Failure(Exit.ERROR, f"{path} is no kubeconfig", "name another file with --kubeconfig")
    return content
