"""Events of RemediationPause objects."""

from __future__ import annotations

import kopf

from forestall.api.remediationpause import RemediationPause
from forestall.handlers.intake import Seen, follow


def register(registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report each one to the runtime."""
    follow(RemediationPause, registry, seen)
