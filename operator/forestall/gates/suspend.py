"""Suspend: a person has stopped this policy's plans."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto

GATE = "suspend"


def judge(facts: Facts, _now: datetime) -> Verdict:
    """Shut while the policy is suspended, gone, or lets plans of this kind only be proposed."""
    if facts.policy is None:
        return veto(GATE, "PolicyMissing", f"inspection policy {facts.plan.spec.policy_ref.name} is gone")
    if facts.policy.spec.suspend:
        return veto(GATE, "Suspended", "spec.suspend of the inspection policy is true: set it to false to go on")
    if facts.response is None or facts.response.mode != "Open":
        return veto(GATE, "ModeNotOpen", "the policy's response to this finding is not in mode Open")
    return passes(GATE, "NotSuspended")
