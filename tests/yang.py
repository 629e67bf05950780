"""The YANG modules of the IETF, as the package pyang ships them, and our own: what a valid document is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yangson import DataModel
from yangson.enumerations import ContentType, ValidationScope

SHIPPED = Path(sys.prefix) / "share" / "yang" / "modules" / "ietf"
OURS = Path(__file__).parent.parent / "docs" / "reference"
IMPLEMENTED = ("ietf-network", "ietf-network-topology", "ietf-l3-unicast-topology", "forestall-topology")
IMPORTED = ("ietf-inet-types", "ietf-yang-types", "ietf-routing-types")


class Yang:
    """Validates documents against those modules."""

    def __init__(self, folders: tuple[Path, ...] = (SHIPPED, OURS), more: Mapping[str, str] | None = None) -> None:
        kinds = dict.fromkeys(IMPLEMENTED, "implement") | dict.fromkeys(IMPORTED, "import") | dict(more or {})
        modules = [_module(name, kind, folders) for name, kind in kinds.items()]
        library = {"ietf-yang-library:modules-state": {"module-set-id": "", "module": modules}}
        self._model = DataModel(json.dumps(library), [str(folder) for folder in folders])

    def validate(self, document: str) -> None:
        """Raises where the document is not valid, references apart."""
        instance = self._model.from_raw(json.loads(document))
        instance.validate(ValidationScope.all, ContentType.all)


def _module(name: str, kind: str, folders: tuple[Path, ...]) -> dict[str, Any]:
    text = next(path for folder in folders if (path := folder / f"{name}.yang").exists()).read_text()
    found: dict[str, Any] = {"name": name, "conformance-type": kind}
    found["revision"] = re.findall(r'revision\s+"?([0-9-]{10})"?\s*\{', text)[0]
    found["namespace"] = re.findall(r'namespace\s+"?([^";\s]+)"?', text)[0]
    return found
