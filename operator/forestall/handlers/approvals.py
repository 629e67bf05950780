"""Events of RemediationApproval objects."""

from __future__ import annotations

import kopf

from forestall.api.remediationapproval import RemediationApproval
from forestall.handlers.intake import Seen, follow


def register(registry: kopf.OperatorRegistry, seen: Seen) -> None:
    """Report each one to the runtime."""
    follow(RemediationApproval, registry, seen)
