"""How a Kopf event of one kind reaches the runtime. The kinds' modules differ in the kind alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kopf

from forestall.api.base import GROUP, VERSION, Resource

Seen = Callable[[str, str | None, dict[str, Any]], None]
"""Takes (kind, event type or None for the initial list, object)."""


def follow(model: type[Resource], registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report every event of `model`'s kind to `seen`: creations, changes, deletions, and all objects at a start."""

    @kopf.on.event(GROUP, VERSION, model.crd.plural, registry=registry, id=model.crd.plural)
    async def changed(type: str | None, body: kopf.Body, **_: object) -> None:  # noqa: A002  # Kopf's own name
        seen(model.crd.kind, type, dict(body))
