"""Proposed: the plan is simulated and rendered, once."""

from __future__ import annotations

from datetime import datetime

from forestall.api.assignment import AGENT
from forestall.api.inspectionpolicy import Mode, Response
from forestall.api.remediationplan import RemediationPlanStatus
from forestall.api.runbook import Runbook
from forestall.execution.decision import Decision, News
from forestall.execution.moves import RECHECK, end, given_up, stay, to
from forestall.gates.facts import Draft, Facts
from forestall.planning.runbooks import reach


def decide(facts: Facts, now: datetime) -> Decision:
    """Render what has not been rendered; then wait for approval, or stay a proposal."""
    if done := _carried_out(facts) or given_up(facts, now) or _crowded_out(facts):
        return done
    if facts.plan.status.candidates:
        return _proposal(facts)
    draft = facts.draft
    if draft is None or draft.error:
        return stay(facts, draft.error if draft else "waits for the twin", RECHECK)
    chosen = next((one for one in draft.candidates if facts.plan.spec.is_of(one.runbook, one.parameters)), None)
    if chosen is None or chosen.verdict == "Rejected":
        reason = chosen.counterexample if chosen else "its runbook is not among the response's"
        return end(facts, "Cancelled", f"the twin rejects it: {reason}", candidates=draft.candidates)
    status = _rendered(facts, draft)
    if draft.mode != "Open":
        return Decision(to(status, "Proposed", _unapprovable(facts)))
    message = f"waits for a person with the right `{'approve' if draft.risk_class == 'Low' else 'approve-high'}`"
    news = News("Normal", "ApprovalPending", f"{message}: kubectl forestall show {facts.plan.metadata.name}")
    return Decision(to(status, "PendingApproval", message), news=(news,))


def _carried_out(facts: Facts) -> Decision | None:
    """The end of a proposal that people have carried out: what it promised is held against what came."""
    score = facts.inspected.realised if facts.inspected else None
    if score is None:
        return None
    return end(
        facts,
        "Cancelled",
        f"people have carried it out; prediction {score.matched} of {score.total} right",
        score=score,
    )


def _crowded_out(facts: Facts) -> Decision | None:
    """The end of a plan whose proposer has as many open as they may have."""
    return end(facts, "Superseded", facts.surplus) if facts.surplus else None


def _proposal(facts: Facts) -> Decision:
    """A rendered plan that may only be proposed: it gives way once the policy says otherwise."""
    if facts.response is None or _mode(facts.response, facts.runbook) != facts.plan.status.mode:
        return end(facts, "Stale", "the policy's response has changed: a fresh plan follows")
    if facts.inspected and facts.inspected.outdated:
        return end(facts, "Stale", "the network has changed: a fresh plan follows")
    return stay(facts, facts.plan.status.message)


def _mode(response: Response, runbook: Runbook | None) -> Mode:
    """How far a plan can go under the response as that is now."""
    return reach(response.mode, runbook.spec) if runbook else response.mode


def _unapprovable(facts: Facts) -> str:
    if facts.runbook is not None and facts.runbook.spec.by_people:
        return "proposed only: people carry it out, and the twin sees when it is done"
    return "proposed only: the policy's response is not in mode Open"


def _rendered(facts: Facts, draft: Draft) -> RemediationPlanStatus:
    """The status with all that rendering found. Digests only where somebody may approve them."""
    finding = facts.finding.status if facts.finding else None
    status = facts.plan.status.model_copy(
        update={
            "mode": draft.mode,
            "target": draft.target,
            "steps": draft.steps,
            "rollback": draft.rollback,
            "candidates": draft.candidates,
            "prediction": draft.prediction,
            "diff": draft.diff,
            "risk_class": draft.risk_class,
            "risk_reasons": draft.risk_reasons,
            "approvers": draft.approvers,
            "assignee": AGENT,
            "policy_generation": facts.policy.metadata.generation if facts.policy else 0,
            "timestamps": facts.plan.status.timestamps.model_copy(
                update={"detected": finding.detected_at if finding else None}
            ),
        }
    )
    if draft.mode != "Open":
        return status
    return status.model_copy(update={"content_digest": draft.content_digest, "plan_digest": facts.plan_digest})
