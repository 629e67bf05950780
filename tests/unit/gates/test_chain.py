"""Every gate, both ways: open for a plan that is in order; shut, with a reason and a remedy, for one that is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from forestall.api.remediationplan import APPROVE, APPROVED_BY, Verdict
from forestall.gates import chain
from forestall.gates.facts import Facts, LiveTarget, Simulation
from tests.unit.gates.scene import (
    APPROVAL,
    DIGEST,
    GATES,
    NOW,
    OTHER_DIGEST,
    READS,
    attempts,
    decision,
    facts,
    finding,
    inspected,
    pause,
    policy,
    rendered,
    runbook,
)


class Case(NamedTuple):
    """What is wrong, and what the gate is to say of it."""

    facts: Facts
    gate: str
    reason: str
    remedy: str
    consequence: chain.Consequence


def live(**more: Any) -> LiveTarget:
    return LiveTarget(**{"uid": "uid-cart", "reads_hash": READS, **more})


SHUT: Mapping[str, Case] = {
    "somebody has paused it": Case(
        facts(pauses=(pause(),)), "pause", "Paused", "when pause shop/freeze is deleted", "Blocked"
    ),
    "the pauses were not read": Case(facts(pauses=None), "pause", "PausesUnreadable", "not been read", "Blocked"),
    "an approver has lost the right": Case(
        facts(approvals=(decision(),), rightless=frozenset({"by-bob"})),
        "approver",
        "ApproverLostRight",
        "bob may no longer approve",
        "Stale",
    ),
    "nobody asked for the approver's right": Case(
        facts(rightless=None), "approver", "RightsUnknown", "not been asked", "Stale"
    ),
    "one of two has approved": Case(
        facts(rendered(approvers=2)), "approval", "NotApproved", "1 of 2 approvals, by ann", "Unapproved"
    ),
    "an approver has withdrawn, and another has come": Case(
        facts(annotations={}, approvals=(decision(),)),
        "approval",
        "ApproverChanged",
        "ann approved, and has",
        "Unapproved",
    ),
    "another plan works on the target": Case(
        facts(rival="shop/other", live=live(reads_hash="sha256:by-the-other")),
        "lock",
        "TargetLocked",
        "plan shop/other works on the same target",
        "Blocked",
    ),
    "nobody asked who works on the target": Case(
        facts(rival=None), "lock", "LockUnreadable", "not been read", "Blocked"
    ),
    "the policies are not as shipped": Case(
        facts(approval_enforced=False, enforcement="spec.x was added"),
        "approval-enforced",
        "ApprovalPolicyNotEnforced",
        "spec.x was added",
        "Blocked",
    ),
    "the policy is gone": Case(facts(policy=None), "suspend", "PolicyMissing", "policy shop is gone", "Blocked"),
    "the policy is suspended": Case(
        facts(policy=policy(suspend=True)), "suspend", "Suspended", "spec.suspend", "Blocked"
    ),
    "no response matches any more": Case(facts(response=None), "suspend", "ModeNotOpen", "mode Open", "Blocked"),
    "the response only proposes": Case(
        facts(response=policy(mode="Propose").spec.responses[0]), "suspend", "ModeNotOpen", "mode Open", "Blocked"
    ),
    "nobody approved": Case(
        facts(annotations={}), "approval", "NotApproved", "kubectl forestall approve mend-cart", "Unapproved"
    ),
    "an approval without a name": Case(
        facts(annotations={APPROVE: DIGEST}), "approval", "NotApproved", "waits for a person", "Unapproved"
    ),
    "a name without an approval": Case(
        facts(annotations={APPROVED_BY: "ann"}), "approval", "NotApproved", "waits for a person", "Unapproved"
    ),
    "another content was approved": Case(
        facts(annotations={APPROVE: OTHER_DIGEST, APPROVED_BY: "ann"}),
        "approval",
        "WrongDigest",
        "status.planDigest: approve again",
        "Unapproved",
    ),
    "nothing is there to approve": Case(
        facts(rendered(planDigest=None)), "approval", "WrongDigest", "status.planDigest", "Unapproved"
    ),
    "the approval has ended": Case(
        facts(rendered(approval={**APPROVAL, "expiresAt": NOW})),
        "approval",
        "ApprovalExpired",
        "ended at 2030-01-01T12:00",
        "Unapproved",
    ),
    "forged approvals are not refused": Case(
        facts(approval_enforced=False),
        "approval-enforced",
        "ApprovalPolicyNotEnforced",
        "install the chart's admission policies",
        "Blocked",
    ),
    "the digest is not that of the content": Case(
        facts(plan_digest=OTHER_DIGEST), "content", "DigestMismatch", "status.contentDigest", "Stale"
    ),
    "the content has no digest": Case(
        facts(rendered(contentDigest=None)), "content", "DigestMismatch", "status.contentDigest", "Stale"
    ),
    "the runbook is gone": Case(facts(runbook=None), "content", "RunbookChanged", "a fresh plan is needed", "Stale"),
    "the runbook has another version": Case(
        facts(runbook=runbook("1.0.1")), "content", "RunbookChanged", "another version", "Stale"
    ),
    "the target was not read": Case(facts(live=None), "target", "TargetUnreadable", "not been read", "Stale"),
    "the target cannot be read": Case(
        facts(live=LiveTarget(error="cart is gone")), "target", "TargetUnreadable", "cart is gone", "Stale"
    ),
    "the plan has no target": Case(facts(rendered(target=None)), "target", "TargetReplaced", "made anew", "Stale"),
    "the target is another object of that name": Case(
        facts(live=live(uid="uid-new")), "target", "TargetReplaced", "made anew", "Stale"
    ),
    "somebody changed what the decision rests on": Case(
        facts(live=live(reads_hash="sha256:else")), "target", "TargetChanged", "fields", "Stale"
    ),
    "somebody changed what the last step left": Case(
        facts(rendered(steps=2, attempts=[{**attempts("Success")[0], "targetHash": "sha256:as-left"}])),
        "target",
        "TargetChanged",
        "fields",
        "Stale",
    ),
    "a GitOps controller owns what is written": Case(
        facts(live=live(foreign_owners=("argocd-controller", "flux"))),
        "target",
        "OwnedElsewhere",
        "argocd-controller, flux owns what the runbook writes: change it there (in Git)",
        "Stale",
    ),
    "nothing was inspected since the start": Case(
        facts(inspected=None), "evidence", "NotInspected", "since the operator started", "Blocked"
    ),
    "Prometheus is silent": Case(
        facts(inspected=inspected(metrics_ok=False)), "evidence", "MetricsUnreachable", "Prometheus", "Blocked"
    ),
    "Prometheus says why": Case(
        facts(inspected=inspected(metrics_ok=False, problem="timed out")),
        "evidence",
        "MetricsUnreachable",
        "timed out",
        "Blocked",
    ),
    "the inspection could not judge": Case(
        facts(inspected=inspected(finding_present=None)), "evidence", "EvidenceMissing", "could not judge", "Blocked"
    ),
    "the inspection says why it could not judge": Case(
        facts(inspected=inspected(finding_present=None, problem="no series")),
        "evidence",
        "EvidenceMissing",
        "no series",
        "Blocked",
    ),
    "the evidence is old": Case(
        facts(inspected=inspected(at=NOW - timedelta(minutes=15, seconds=1))),
        "evidence",
        "EvidenceTooOld",
        "901 s old",
        "Blocked",
    ),
    "the plan cannot be simulated": Case(
        facts(simulation=Simulation(problem="the twin misses changes")),
        "simulation",
        "NotSimulated",
        "the twin misses changes",
        "Blocked",
    ),
    "the twin has a counterexample": Case(
        facts(simulation=Simulation("goal up breaks when worker-1 is lost")),
        "twin",
        "LeavesGoalWorse",
        "worker-1",
        "Stale",
    ),
}


def verdict_of(known: Facts, gate: str) -> Verdict:
    return next(one for one in chain.judge(known, NOW).verdicts if one.gate == gate)


def test_a_plan_in_order_passes_every_gate_in_the_order_of_the_chain() -> None:
    judgement = chain.judge(facts(), NOW)
    assert [(one.gate, one.ok) for one in judgement.verdicts] == [(gate, True) for gate in GATES]
    assert (judgement.veto, judgement.consequence) == (None, None)


@pytest.mark.parametrize("case", SHUT.values(), ids=SHUT.keys())
def test_a_gate_is_shut_and_says_why_when(case: Case) -> None:
    found = verdict_of(case.facts, case.gate)
    assert (found.ok, found.reason) == (False, case.reason)
    assert case.remedy in found.message


@pytest.mark.parametrize("case", SHUT.values(), ids=SHUT.keys())
def test_a_veto_has_the_consequence_of_its_gate_when(case: Case) -> None:
    judgement = chain.judge(case.facts, NOW)
    first = next(one for one in judgement.verdicts if not one.ok)
    assert judgement.veto == first
    if first.gate == case.gate:
        assert judgement.consequence == case.consequence


def test_each_gate_is_shut_by_some_case() -> None:
    assert {case.gate for case in SHUT.values()} == set(GATES)


def test_a_person_sees_every_obstacle_at_once_and_the_first_one_decides() -> None:
    worse = Simulation("goal up breaks")
    judgement = chain.judge(facts(annotations={}, policy=policy(suspend=True), live=None, simulation=worse), NOW)
    assert [one.gate for one in judgement.verdicts if not one.ok] == ["suspend", "approval", "target", "twin"]
    assert judgement.veto is not None
    assert (judgement.veto.gate, judgement.consequence) == ("suspend", "Blocked")


def test_what_cannot_be_read_is_a_veto() -> None:
    unknown = Facts(plan=facts(annotations={}).plan)
    assert [one.gate for one in chain.judge(unknown, NOW).verdicts if one.ok] == []


def test_evidence_is_fresh_to_the_last_second() -> None:
    assert verdict_of(facts(inspected=inspected(at=NOW - timedelta(minutes=15))), "evidence").ok


def test_evidence_of_a_condition_that_is_gone_is_evidence_too() -> None:
    assert verdict_of(facts(inspected=inspected(finding_present=False)), "evidence").ok


def test_evidence_without_a_policy_to_say_how_old_it_may_be_is_none() -> None:
    assert verdict_of(facts(policy=None), "evidence").reason == "NotInspected"


def test_an_approval_holds_until_its_last_moment() -> None:
    status = rendered(approval={**APPROVAL, "expiresAt": NOW + timedelta(milliseconds=1)})
    assert verdict_of(facts(status), "approval").message == "approved by ann"


def test_the_next_step_finds_the_target_as_the_last_one_left_it() -> None:
    done = [{**attempts("Success")[0], "targetHash": "sha256:as-left"}]
    assert verdict_of(facts(rendered(steps=2, attempts=done), live=live(reads_hash="sha256:as-left")), "target").ok


def test_a_step_that_is_tried_again_finds_the_target_as_the_failed_try_left_it() -> None:
    tried = [{**attempts()[0], "outcome": "Failure", "targetHash": "sha256:half-done"}]
    assert not verdict_of(facts(rendered(attempts=tried)), "target").ok
    assert verdict_of(facts(rendered(attempts=tried), live=live(reads_hash="sha256:half-done")), "target").ok


def test_a_step_that_told_no_hash_leaves_the_target_as_rendered() -> None:
    assert verdict_of(facts(rendered(steps=2, attempts=attempts("Success")[:1])), "target").ok


def test_a_message_longer_than_a_status_takes_is_cut() -> None:
    found = verdict_of(facts(simulation=Simulation("x" * 5000)), "twin")
    assert found.message == "x" * 1024


def test_a_cleared_finding_is_no_matter_of_the_gates() -> None:
    assert chain.judge(facts(finding=finding(state="Cleared")), NOW).veto is None
