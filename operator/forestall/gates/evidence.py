"""Evidence: the finding was seen lately, by an inspection that could see."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto

GATE = "evidence"


def judge(facts: Facts, now: datetime) -> Verdict:
    """Shut on missing, old or unreadable evidence: nothing is executed on what is not known."""
    inspected = facts.inspected
    if inspected is None or facts.policy is None:
        return veto(GATE, "NotInspected", "the policy has not been inspected since the operator started")
    if not inspected.metrics_ok:
        return veto(GATE, "MetricsUnreachable", inspected.problem or "Prometheus does not answer the policy's queries")
    if inspected.finding_present is None:
        return veto(GATE, "EvidenceMissing", inspected.problem or "the inspection could not judge")
    age = now - inspected.at
    if age > facts.policy.spec.execution.evidence_max_age:
        return veto(GATE, "EvidenceTooOld", f"the last inspection is {age.total_seconds():.0f} s old")
    return passes(GATE, "Fresh")
