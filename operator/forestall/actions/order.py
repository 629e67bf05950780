"""What an action Job was told to do, read from its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from forestall.api.runbook import Effect
from forestall.planning.changes import ACTIONS


class InvalidOrderError(ValueError):
    """The environment does not say what to do, or contradicts the arguments."""


@dataclass(frozen=True, slots=True)
class Order:
    """One change of one object."""

    action: str
    effect: Effect
    kind: str
    namespace: str
    """Of the target; empty for a node."""
    name: str
    uid: str
    reads: tuple[str, ...]
    reads_hash: str
    parameters: Mapping[str, str]
    post_checks: tuple[str, ...]
    timeout: float
    """Seconds that the action may take."""

    @property
    def manager(self) -> str:
        """The field manager that the change is made as."""
        return f"forestall-action-{self.action}"


def read(action: str, environment: Mapping[str, str]) -> Order:
    """The order in `environment` for `action`. Raises InvalidOrderError."""
    if action not in ACTIONS:
        raise InvalidOrderError(f"unknown action {action!r}: known are {', '.join(sorted(ACTIONS))}")
    try:
        target = json.loads(environment["FORESTALL_TARGET"])
        return Order(
            action=action,
            effect=ACTIONS[action],
            kind=str(target["kind"]),
            namespace=str(target.get("namespace", "")),
            name=str(target["name"]),
            uid=str(target["uid"]),
            reads=_texts(environment["FORESTALL_READS"]),
            reads_hash=str(target["readsHash"]),
            parameters=_parameters(environment["FORESTALL_PARAMETERS"]),
            post_checks=_texts(environment["FORESTALL_POST_CHECKS"]),
            timeout=int(environment["FORESTALL_TIMEOUT_SECONDS"]),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidOrderError(f"the Job's environment cannot be read: {error!r}") from error


def _texts(text: str) -> tuple[str, ...]:
    """A JSON list of texts. Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"{text[:100]!r} is no list of texts")
    return tuple(found)


def _parameters(text: str) -> dict[str, str]:
    """A JSON object of texts. Raises ValueError."""
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise ValueError(f"{text[:100]!r} is no object of texts")
    return found
