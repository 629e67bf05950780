"""Events of NetworkTwin objects."""

from __future__ import annotations

import kopf

from forestall.api.networktwin import NetworkTwin
from forestall.handlers.intake import Seen, follow


def register(registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report each one to the runtime."""
    follow(NetworkTwin, registry, seen)
