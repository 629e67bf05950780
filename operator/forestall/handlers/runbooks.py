"""Events of Runbook objects."""

from __future__ import annotations

import kopf

from forestall.api.runbook import Runbook
from forestall.handlers.intake import Seen, follow


def register(registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report each one to the runtime."""
    follow(Runbook, registry, seen)
