"""Events of RemediationPlan objects."""

from __future__ import annotations

import kopf

from forestall.api.remediationplan import RemediationPlan
from forestall.handlers.intake import Seen, follow


def register(registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report each one to the runtime."""
    follow(RemediationPlan, registry, seen)
