"""Events of Finding objects."""

from __future__ import annotations

import kopf

from forestall.api.finding import Finding
from forestall.handlers.intake import Seen, follow


def register(registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report each one to the runtime."""
    follow(Finding, registry, seen)
