"""Proposed: rendered once, with all that a person needs to decide."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from forestall.api.inspectionpolicy import Mode
from forestall.api.prediction import Score
from forestall.api.remediationplan import RemediationPlanStatus
from forestall.execution.decide import decide
from forestall.gates.facts import Draft, Facts, Inspected
from tests.unit.execution.scene import draft
from tests.unit.gates.scene import CONTENT, DIGEST, NOW, facts, finding, policy
from tests.unit.planning.objects import runbook


def new(drawn: Draft | None = None) -> Facts:
    return facts({"phase": "Proposed"}, {}, draft=drawn, finding=finding(detectedAt=NOW - timedelta(minutes=2)))


def rendered(mode: Mode = "Open") -> RemediationPlanStatus:
    return decide(new(draft(mode=mode)), NOW).status


def test_a_plan_without_a_draft_waits_and_looks_again() -> None:
    decision = decide(new(), NOW)
    assert (decision.status.message, decision.requeue_after) == ("waits for the twin", timedelta(seconds=15))


def test_a_draft_that_failed_says_why() -> None:
    assert decide(new(Draft(error="runbook scale is missing")), NOW).status.message == "runbook scale is missing"


def test_all_that_was_drafted_is_recorded() -> None:
    drawn, status = draft(), rendered()
    assert (status.target, status.steps, status.rollback) == (drawn.target, drawn.steps, drawn.rollback)
    assert (status.candidates, status.prediction, status.diff) == (drawn.candidates, drawn.prediction, drawn.diff)
    assert (status.mode, status.risk_class, status.policy_generation) == ("Open", "Low", 3)
    assert status.timestamps.detected == NOW - timedelta(minutes=2)


def test_a_plan_that_may_run_has_digests() -> None:
    assert (rendered().content_digest, rendered().plan_digest) == (CONTENT, DIGEST)


@pytest.mark.parametrize("mode", ["Propose", "Observe"])
def test_a_plan_that_may_only_be_proposed_has_nothing_to_approve(mode: Mode) -> None:
    status = rendered(mode)
    assert (status.content_digest, status.plan_digest, status.phase) == (None, None, "Proposed")
    assert "not in mode Open" in status.message


def test_a_person_is_told_which_right_it_takes() -> None:
    decision = decide(new(draft()), NOW)
    assert decision.status.message == "waits for a person with the right `approve`"
    [news] = decision.news
    assert (news.kind, news.reason) == ("Normal", "ApprovalPending")
    assert "kubectl forestall show mend-cart" in news.message


def test_a_high_risk_takes_another_right() -> None:
    drawn = draft()
    high = Draft(**{**{name: getattr(drawn, name) for name in Draft.__dataclass_fields__}, "risk_class": "High"})
    assert "`approve-high`" in decide(new(high), NOW).status.message


def test_a_rejected_candidate_is_shown_with_its_counterexample() -> None:
    decision = decide(new(draft(verdict="Rejected", counterexample="goal up breaks")), NOW)
    assert decision.status.message == "the twin rejects it: goal up breaks"
    assert decision.status.candidates[0].verdict == "Rejected"
    assert [one.kind for one in decision.news] == ["Normal"]


def test_a_draft_without_the_plan_s_runbook_says_so() -> None:
    assert "not among the response's" in decide(new(Draft()), NOW).status.message


def test_a_plan_whose_policy_and_finding_are_not_known_is_rendered_without_them() -> None:
    known = facts({"phase": "Proposed"}, {}, draft=draft(), policy=None, finding=None)
    status = decide(known, NOW).status
    assert (status.policy_generation, status.timestamps.detected) == (0, None)


def test_a_proposal_at_rest_keeps_its_words() -> None:
    only = policy(mode="Propose").spec.responses[0]
    first = decide(facts({"phase": "Proposed"}, {}, draft=draft(mode="Propose"), response=only), NOW).status
    again = decide(facts(first.to_json(), {}, response=only), NOW + timedelta(hours=1)).status
    assert again == first


def test_one_too_many_of_its_proposer_ends_before_it_is_simulated() -> None:
    decision = decide(replace(new(), surplus="frank has 10 proposals"), NOW)
    assert (decision.status.phase, decision.status.message) == ("Superseded", "frank has 10 proposals")
    assert decision.actions == ()


def for_people(found: Inspected) -> Facts:
    """A proposal that people carry out, as it rests under a response in mode Open."""
    known = facts({"phase": "Proposed"}, {}, runbook=runbook("SetMetrics"), finding=finding(), inspected=found)
    changes = {"mode": "Propose", "candidates": draft().candidates}
    return known.with_status(known.plan.status.model_copy(update=changes))


def inspected(score: Score | None, *, outdated: bool = False) -> Inspected:
    return Inspected(at=NOW, finding_present=True, problem="", metrics_ok=True, realised=score, outdated=outdated)


def test_what_people_carry_out_stays_a_proposal_however_far_the_response_goes() -> None:
    drawn = replace(new(draft(mode="Propose")), runbook=runbook("SetMetrics"))
    assert decide(drawn, NOW).status.message == "proposed only: people carry it out, and the twin sees when it is done"
    decision = decide(for_people(inspected(None)), NOW)
    assert decision.status.phase == "Proposed"


def test_a_proposal_that_people_have_carried_out_ends_with_its_score() -> None:
    score = Score(matched=2, total=3, message="link a-b: predicted 0.4, is 0.9")
    status = decide(for_people(inspected(score)), NOW).status
    assert (status.phase, status.score) == ("Cancelled", score)
    assert status.message == "people have carried it out; prediction 2 of 3 right"


def test_a_proposal_for_a_network_that_has_changed_since_gives_way_to_a_fresh_one() -> None:
    status = decide(for_people(inspected(None, outdated=True)), NOW).status
    assert (status.phase, status.message) == ("Stale", "the network has changed: a fresh plan follows")
