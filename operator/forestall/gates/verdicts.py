"""How a gate words its answer."""

from __future__ import annotations

from forestall.api.remediationplan import Verdict


def passes(gate: str, reason: str, message: str = "") -> Verdict:
    """The gate is open."""
    return Verdict(gate=gate, ok=True, reason=reason, message=message[:1024])


def veto(gate: str, reason: str, message: str) -> Verdict:
    """The gate is shut; the message names what is in the way and the remedy."""
    return Verdict(gate=gate, ok=False, reason=reason, message=message[:1024])
