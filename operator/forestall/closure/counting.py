"""The closure figures of one policy, counted from its findings and plans.

Eligible is every finding that did not clear by itself before a plan ran: one that waits, was rejected or has no
runbook stays in the denominator. Findings whose response only observes count in coverage, not here.
"""

from __future__ import annotations

from collections.abc import Iterable

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Closure, InspectionPolicySpec

RAN = frozenset(("Executing", "Soaking", "Succeeded", "RollingBack", "RolledBack", "Failed", "Escalated"))
"""Phases of a plan of which a Job has been on record, or which a person has taken over: what a person mended did not
clear by itself."""


def count(policy: InspectionPolicySpec, findings: Iterable[Finding]) -> Closure:
    """Closed in one hop, of eligible. Supervised, provisional until the hold-off has passed."""
    counted = [finding for finding in findings if eligible(policy, finding)]
    one_hop = sum(1 for finding in counted if finding.status.closure is not None and finding.status.closure.one_hop)
    return Closure(eligible=len(counted), one_hop=one_hop)


def eligible(policy: InspectionPolicySpec, finding: Finding) -> bool:
    """Whether a finding stands in the denominator."""
    status = finding.status
    self_cleared = status.state == "Cleared" and not any(plan.phase in RAN for plan in status.plans)
    if status.detected_at is None or self_cleared:
        return False
    response = next((one for one in policy.responses if finding.spec.type in one.match.types), None)
    return response is None or response.mode != "Observe"
