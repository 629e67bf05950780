"""PendingApproval: how long it waits, and what an approval leaves on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from forestall.api.remediationplan import APPROVE, APPROVED_BY, REJECT, REJECTED_BY
from forestall.execution import pending
from forestall.execution.decision import Decision
from forestall.execution.moves import given_up
from tests.unit.gates.scene import APPROVED, DIGEST, NOW, OTHER_DIGEST, facts, policy, rendered


def decided(annotations: dict[str, str], **more: Any) -> Decision:
    return pending.decide(
        facts(rendered(phase="PendingApproval", approval=None, message="waits"), annotations, **more), NOW
    )


def test_it_waits_as_long_as_an_approval_may_take() -> None:
    decision = decided({})
    assert (decision.status.message, decision.requeue_after) == ("waits", timedelta(minutes=29))  # one has passed


def test_a_wrong_approval_is_answered() -> None:
    decision = decided({APPROVE: OTHER_DIGEST, APPROVED_BY: "ann"})
    assert "approve again" in decision.status.message
    assert decision.requeue_after == timedelta(minutes=29)


def test_time_that_is_up_is_not_waited_for_again() -> None:
    short = policy(execution={"approvalLifetime": "1m"})
    for given in ({}, {APPROVE: OTHER_DIGEST, APPROVED_BY: "ann"}):
        decision = decided(given, policy=short)
        assert (decision.status.phase, decision.requeue_after) == ("Expired", None)


def test_an_approval_is_recorded_with_its_end() -> None:
    decision = decided(APPROVED)
    approval = decision.status.approval
    assert approval is not None
    assert (approval.kind, approval.name, approval.digest) == ("Human", "ann", DIGEST)
    assert (approval.observed_at, approval.expires_at) == (NOW, NOW + timedelta(minutes=30))
    assert decision.status.timestamps.decided == NOW
    assert [(one.kind, one.reason) for one in decision.news] == [("Normal", "PlanApproved")]


def test_a_rejection_is_recorded_with_its_reason() -> None:
    status = decided({REJECT: "wrong target", REJECTED_BY: "bob"}).status
    assert status.rejection is not None
    assert (status.rejection.name, status.rejection.reason, status.rejection.time) == ("bob", "wrong target", NOW)
    assert status.message == "rejected by bob: wrong target"


def test_a_rejection_without_a_reason_is_one() -> None:
    assert decided({REJECT: "", REJECTED_BY: "bob"}).status.phase == "Rejected"


def test_half_a_rejection_is_none() -> None:
    assert given_up(facts(annotations={REJECT: "no"}), NOW) is None
    assert given_up(facts(annotations={REJECTED_BY: "bob"}), NOW) is None


def test_a_reason_longer_than_a_status_takes_is_cut() -> None:
    status = decided({REJECT: "x" * 5000, REJECTED_BY: "bob"}).status
    assert status.rejection is not None
    assert len(status.rejection.reason) == len(status.message) == 1024
