"""Events of InspectionPolicy objects."""

from __future__ import annotations

import kopf

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.handlers.intake import Seen, follow


def register(registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report each one to the runtime."""
    follow(InspectionPolicy, registry, seen)
