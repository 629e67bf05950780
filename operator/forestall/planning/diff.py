"""The difference between two states of an object, for people."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Final

import yaml

LONGEST = 16_384
"""Most characters of a difference, as the plan's field takes them."""
_ROOM = LONGEST - 64
_NOISE: Final = frozenset(("managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"))
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class _Flat(yaml.CSafeDumper):
    """Writes equal parts out each time: an anchor would show sharing in memory, not a fact of the object."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def unified_diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Unified diff of the YAML of two states, without what the API server keeps for itself.

    Empty where nothing differs. At most `LONGEST` characters of plain ASCII; a cut is said in the last line.
    """
    lines = list(difflib.unified_diff(_yaml(before), _yaml(after), "before", "after", lineterm=""))
    ends = list(accumulate(len(line) + 1 for line in lines))
    kept = sum(end <= _ROOM for end in ends)
    rest = [] if kept == len(lines) else [f"... {len(lines) - kept} more lines left out"]
    return "\n".join(lines[:kept] + rest)


def _yaml(state: Mapping[str, Any]) -> list[str]:
    return yaml.dump(_without_noise(state), Dumper=_Flat, sort_keys=True, width=LONGEST).splitlines()


def _without_noise(state: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in (state.get("metadata") or {}).items() if name not in _NOISE}
    if isinstance(notes := metadata.get("annotations"), Mapping):
        metadata["annotations"] = {name: value for name, value in notes.items() if name != _LAST_APPLIED}
    rest = {name: value for name, value in state.items() if name not in ("metadata", "status")}
    return {**rest, "metadata": metadata}
