"""PendingApproval: a person decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from forestall.api.remediationplan import Approval
from forestall.execution.decision import Decision, News
from forestall.execution.moves import end, given_up, stay, to
from forestall.gates import approval as gate
from forestall.gates.facts import Facts

UNTRUSTED = (
    "an approval was set while the API server did not check approvals, so it cannot be told from a forged one: "
    "install the chart's admission policies and approve the fresh plan that follows"
)


def decide(facts: Facts, now: datetime) -> Decision:
    """Rejected, expired, no longer needed, approved, or still waiting."""
    if done := given_up(facts, now):
        return done
    if facts.policy is None or facts.response is None or facts.response.mode != facts.plan.status.mode:
        return end(facts, "Stale", "the policy's response has changed: a fresh plan follows")
    if facts.content_now not in {None, facts.plan.status.content_digest}:
        return end(facts, "Superseded", "its content would be another one now: a fresh plan follows")
    lifetime = facts.policy.spec.execution.approval_lifetime
    verdict = gate.judge(facts, now)
    if not verdict.ok:
        return _waiting(facts, verdict.message, (facts.plan.metadata.creation_timestamp or now) + lifetime - now)
    if not gate.enforced(facts, now).ok:
        return end(facts, "Stale", UNTRUSTED)
    first, *others = gate.approvers(facts)
    approval = Approval(
        kind="Human",
        name=first,
        others=tuple(others[:1]),
        digest=facts.plan.status.plan_digest or "",
        observed_at=now,
        expires_at=now + lifetime,
    )
    times = facts.plan.status.timestamps.model_copy(update={"decided": now})
    status = to(facts.plan.status, "Approved", verdict.message, approval=approval, timestamps=times)
    return Decision(status, news=(News("Normal", "PlanApproved", verdict.message),))


def _waiting(facts: Facts, obstacle: str, left: timedelta) -> Decision:
    """Wait for a valid approval for as long as is left."""
    if left <= timedelta(0):
        return end(facts, "Expired", "nobody decided in time: a fresh plan follows while the finding is open")
    return stay(facts, obstacle if gate.given(facts) else facts.plan.status.message, left)
