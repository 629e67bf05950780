"""Content and target: what would run, and what it would run on, are what was approved."""

from __future__ import annotations

from datetime import datetime

from forestall.api.remediationplan import Verdict
from forestall.gates.facts import Facts
from forestall.gates.verdicts import passes, veto


def content(facts: Facts, _now: datetime) -> Verdict:
    """Open if the plan's digest follows from its content, and the runbook is still the one it was made for."""
    gate = "content"
    status = facts.plan.status
    if not status.content_digest or not status.plan_digest or facts.plan_digest != status.plan_digest:
        return veto(gate, "DigestMismatch", "status.planDigest does not follow from status.contentDigest and the UID")
    if facts.runbook is None or facts.runbook.spec.version != facts.plan.spec.runbook_ref.version:
        return veto(gate, "RunbookChanged", "the runbook is gone or has another version: a fresh plan is needed")
    return passes(gate, "Unchanged")


def unchanged(facts: Facts, _now: datetime) -> Verdict:
    """Open if the target is the same object, with the same values in all that the runbook reads."""
    gate = "target"
    live, status = facts.live, facts.plan.status
    if live is None or live.error:
        return veto(gate, "TargetUnreadable", live.error if live else "the target has not been read")
    if status.target is None or live.uid != status.target.uid:
        return veto(gate, "TargetReplaced", "the target was deleted and made anew since the plan was made")
    if live.reads_hash != status.expected_hash:
        return veto(gate, "TargetChanged", "fields that the decision rests on have changed since the plan was made")
    if live.foreign_owners:
        owners = ", ".join(live.foreign_owners)
        return veto(gate, "OwnedElsewhere", f"{owners} owns what the runbook writes: change it there (in Git)")
    return passes(gate, "Unchanged")
