"""Suspend: a person has stopped this policy's plans."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto

GATE = "suspend"


def stopped(facts: Facts, _now: datetime) -> Verdict:
    """Shut while the policy is suspended or gone."""
    if facts.policy is None:
        return veto(GATE, "PolicyMissing", f"inspection policy {facts.plan.spec.policy_ref.name} is gone")
    if facts.policy.spec.suspend:
        return veto(GATE, "Suspended", "spec.suspend of the inspection policy is true: set it to false to go on")
    return passes(GATE, "NotSuspended")


def judge(facts: Facts, now: datetime) -> Verdict:
    """Shut while the policy is suspended, gone, or lets plans of this kind only be proposed."""
    verdict = stopped(facts, now)
    if verdict.ok and (facts.response is None or facts.response.mode != "Open"):
        return veto(GATE, "ModeNotOpen", "the policy's response to this finding is not in mode Open")
    return verdict
