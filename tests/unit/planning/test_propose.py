"""An open finding gets one plan at a time, never what a person refused, and rung after rung until all are tried."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.base import Key, Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import RemediationPlan, RunbookRef
from forestall.planning.propose import Nothing, Proposal, matching, propose
from forestall.planning.targets import target_of
from forestall.ports import Json
from tests.unit.planning.objects import runbook
from tests.unit.planning.world import (
    CART,
    LADDER,
    NOW,
    RUNBOOKS,
    available,
    broken_rollout,
    heavy_load,
    images_pull,
    measured,
    plan,
    pod,
    policy,
    single_point,
    snapshot,
    world,
)


def proposed(
    *plans: RemediationPlan,
    of: Finding | None = None,
    under: InspectionPolicy | None = None,
    objects: Sequence[Json] = (),
    runbooks: Any = RUNBOOKS,
    hours: float = 2,
) -> Proposal | Nothing:
    return propose(
        under or policy(),
        of or images_pull(),
        plans,
        proposer="forestall",
        runbooks=runbooks,
        snapshot=snapshot(objects or broken_rollout()),
        measurements=measured("0.9"),
        now=NOW + timedelta(hours=hours),
    )


def name_of(answer: Proposal | Nothing) -> str:
    assert isinstance(answer, Proposal), answer
    return answer.name


def reason_of(answer: Proposal | Nothing) -> str:
    assert isinstance(answer, Nothing), answer
    return answer.reason


def test_the_chosen_candidate_becomes_the_first_plan_of_its_rung() -> None:
    answer = proposed()
    assert isinstance(answer, Proposal)
    assert (answer.name, answer.runbook_ref) == ("finding-cart-1-1", RunbookRef(name="rollout-undo", version="1.0.0"))
    assert (answer.response.name, answer.parameters) == ("mend", ())
    assert [one.candidate.runbook for one in answer.simulated][:2] == ["DoNothing", "rollout-undo"]


def test_a_later_rung_is_planned_where_it_is_the_best() -> None:
    answer = proposed(of=heavy_load(), objects=world("worker-1", "worker-2"), under=policy(available(1)))
    assert isinstance(answer, Proposal)
    assert (answer.name, answer.parameters) == ("finding-cart-2-1", (Parameter(name="replicas", value="3"),))


@pytest.mark.parametrize("mode", ["Propose", "Open"])
def test_both_modes_that_plan_do(mode: str) -> None:
    assert name_of(proposed(under=policy(mode=mode)))


def test_in_mode_observe_nothing_is_planned() -> None:
    assert reason_of(proposed(under=policy(mode="Observe"))) == "response mend is in mode Observe"


def test_without_a_matching_response_nothing_is_planned() -> None:
    assert "no response of policy shop matches findings of type ImagePull" in reason_of(
        proposed(under=policy(responses=[]))
    )


def test_a_finding_that_would_take_a_plan_is_told_from_one_that_has_one() -> None:
    without = (proposed(under=policy(mode="Observe")), proposed(runbooks={}))
    having = (proposed(of=images_pull(state="Closed")), proposed(plan("finding-cart-1-1", "Soaking")))
    assert [isinstance(one, Nothing) and one.lacking for one in (*without, *having)] == [True, True, False, False]


def test_the_first_matching_response_answers() -> None:
    one = {"name": "first", "match": {"types": ["ImagePull"]}, "mode": "Observe"}
    two = {"name": "second", "match": {"types": ["ImagePull"]}, "mode": "Open", "ladder": LADDER}
    under = policy(responses=[one, two])
    assert getattr(matching(under, images_pull()), "name", None) == "first"
    assert matching(under, single_point()) is None


@pytest.mark.parametrize("state", ["Cleared", "Closed"])
def test_a_finding_at_rest_gets_no_plan(state: str) -> None:
    assert reason_of(proposed(of=images_pull(state=state))) == f"the finding is {state}"


@pytest.mark.parametrize(
    "phase", ["Proposed", "PendingApproval", "Approved", "Preflight", "Executing", "Soaking", "Blocked"]
)
def test_while_a_plan_is_active_there_is_no_other(phase: str) -> None:
    assert reason_of(proposed(plan("finding-cart-1-1", phase))) == f"plan finding-cart-1-1 is {phase}"


@pytest.mark.parametrize("phase", ["Expired", "Stale", "Cancelled", "Superseded"])
def test_a_plan_that_came_to_nothing_is_followed_by_a_fresh_one(phase: str) -> None:
    assert name_of(proposed(plan("finding-cart-1-1", phase))) == "finding-cart-1-2"


def test_after_a_success_there_is_no_second_plan() -> None:
    assert "plan finding-cart-1-1 succeeded" in reason_of(proposed(plan("finding-cart-1-1", "Succeeded")))


def test_what_a_person_was_handed_is_left_alone() -> None:
    taken = plan("finding-cart-1-1", "Escalated", status={"assignee": {"kind": "Human", "name": "bob"}})
    answer = proposed(taken)
    assert reason_of(answer).startswith("plan finding-cart-1-1 was handed to a person")
    assert isinstance(answer, Nothing)
    assert not answer.exhausted


def tried(name: str, phase: str = "RolledBack", **more: Any) -> RemediationPlan:
    """A plan of which a Job has run."""
    job = {"step": 0, "attempt": 1, "jobName": "job", "intendedAt": NOW, "acceptedAt": NOW, "outcome": "Failure"}
    return plan(name, phase, status={"attempts": [job]}, **more)


TWO_RUNGS = [{"runbook": "spread-replicas"}, LADDER[1]]


def single(*plans: RemediationPlan, **more: Any) -> Proposal | Nothing:
    """What is proposed for a single point of failure, which both rungs would remove."""
    under = policy(available(1), ladder=TWO_RUNGS, **more)
    return proposed(*plans, of=single_point(), objects=world("worker-1", "worker-1"), under=under)


@pytest.mark.parametrize("phase", ["RolledBack", "Failed", "Stale"])
def test_after_a_rung_that_was_tried_the_next_one_is_planned(phase: str) -> None:
    first = single()
    assert isinstance(first, Proposal)
    spent = tried(first.name, phase, runbook=first.runbook_ref.name)
    second = single(spent)
    assert isinstance(second, Proposal)
    assert second.runbook_ref.name != first.runbook_ref.name
    last = single(spent, tried(second.name, phase, runbook=second.runbook_ref.name))
    assert isinstance(last, Nothing)
    assert last.exhausted
    assert "was tried as often as execution.maxAttempts allows" in last.reason


def test_a_rung_may_be_tried_as_often_as_the_policy_allows() -> None:
    twice = policy(execution={"maxAttempts": 2})
    assert name_of(proposed(tried("finding-cart-1-1"), under=twice)) == "finding-cart-1-2"
    answer = proposed(tried("finding-cart-1-1"), tried("finding-cart-1-2"), under=twice)
    assert isinstance(answer, Nothing)
    assert answer.exhausted


def test_a_rung_that_rests_is_not_exhausted() -> None:
    twice = policy(execution={"maxAttempts": 2, "backoff": "10m"})
    answer = proposed(tried("finding-cart-1-1"), under=twice, hours=0.1)
    assert "rollout-undo came to nothing and rests until" in reason_of(answer)
    assert isinstance(answer, Nothing)
    assert not answer.exhausted
    assert name_of(proposed(tried("finding-cart-1-1"), under=twice, hours=0.2)) == "finding-cart-1-2"


def test_where_nothing_was_tried_nothing_is_exhausted() -> None:
    answer = proposed(plan("finding-cart-1-1", "Rejected"))
    assert isinstance(answer, Nothing)
    assert not answer.exhausted


@pytest.mark.parametrize("phase", ["Failed", "RolledBack", "Escalated", "Succeeded"])
def test_a_finding_that_is_raised_anew_starts_anew(phase: str) -> None:
    assert name_of(proposed(plan("finding-cart-1-1", phase, minutes=-5))) == "finding-cart-1-2"


def test_a_plan_that_was_made_before_the_raise_and_ended_after_it_counts() -> None:
    times = {"timestamps": {"verified": NOW + timedelta(minutes=1)}}
    late = plan("finding-cart-1-1", "Succeeded", minutes=-5, status=times)
    assert "succeeded" in reason_of(proposed(late))


def test_what_a_person_rejected_is_not_proposed_again() -> None:
    refused = plan("finding-cart-1-1", "Rejected")
    answer = reason_of(proposed(refused))
    assert "rollout-undo was rejected in plan finding-cart-1-1" in answer
    assert "scale: no better than doing nothing" in answer


def test_what_was_rejected_before_the_finding_was_raised_anew_may_be_proposed() -> None:
    assert name_of(proposed(plan("finding-cart-1-1", "Rejected", minutes=-5))) == "finding-cart-1-2"


def test_a_rejection_counts_from_its_own_time() -> None:
    status = {"rejection": {"name": "ann", "reason": "no", "time": NOW + timedelta(minutes=1)}}
    assert "was rejected" in reason_of(proposed(plan("finding-cart-1-1", "Rejected", minutes=-5, status=status)))


def test_a_rejection_is_of_a_runbook_with_its_arguments_defaults_included() -> None:
    objects, under = world("worker-1", "worker-1"), policy(available(1), ladder=[{"runbook": "spread-replicas"}])
    bare = plan("finding-cart-1-1", "Rejected", runbook="spread-replicas")
    other = plan("finding-cart-1-1", "Rejected", runbook="spread-replicas", parameters={"max-skew": "2"})
    assert "was rejected" in reason_of(proposed(bare, of=single_point(), objects=objects, under=under))
    assert name_of(proposed(other, of=single_point(), objects=objects, under=under)) == "finding-cart-1-2"


def test_after_a_rejection_the_next_best_rung_is_planned() -> None:
    objects = world("worker-1", "worker-1")
    first = proposed(of=single_point(), objects=objects, under=policy(available(1)))
    assert name_of(first) == "finding-cart-2-1"
    refused = plan("finding-cart-2-1", "Rejected", runbook="scale", parameters={"replicas": "3"})
    second = proposed(refused, of=single_point(), objects=objects, under=policy(available(1)))
    assert name_of(second) == "finding-cart-3-1"


def test_plans_of_other_findings_do_not_matter() -> None:
    other = plan("other-1-1", "Executing")
    spec = other.spec.model_copy(update={"finding_ref": other.spec.finding_ref.model_copy(update={"name": "other"})})
    assert name_of(proposed(other.model_copy(update={"spec": spec}))) == "finding-cart-1-1"


def test_a_name_is_not_used_again_when_old_plans_are_removed() -> None:
    kept = [plan(f"finding-cart-1-{number}", "Stale") for number in (7, 12)]
    odd = [plan(name, "Stale") for name in ("finding-cart-1-x", "finding-cart-1-٣", "finding-cart-2-40")]
    assert name_of(proposed(*kept, *odd)) == "finding-cart-1-13"


def test_a_missing_runbook_is_named_and_the_rest_of_the_ladder_tried() -> None:
    without = {name: one for name, one in RUNBOOKS.items() if name != "rollout-undo"}
    assert "there is no Runbook rollout-undo" in reason_of(proposed(runbooks=without))


def test_a_bound_argument_out_of_bounds_is_told() -> None:
    ladder = [{"runbook": "scale", "parameters": [{"name": "replicas", "value": "1e1000"}]}]
    assert "scale: parameters[replicas]: " in reason_of(proposed(under=policy(ladder=ladder)))


def test_an_empty_ladder_is_told() -> None:
    assert reason_of(proposed(under=policy(ladder=[]))) == "the response has no runbook on its ladder"


def test_a_target_that_is_not_in_the_twin_is_told() -> None:
    assert "no target" in reason_of(proposed(of=images_pull(targets=[])))


def test_what_no_runbook_acts_on_is_told() -> None:
    refs = [{"kind": "StatefulSet", "namespace": "shop", "name": "db"}]
    owner = {"kind": "StatefulSet", "name": "db", "controller": True}
    stateful = pod("db-0", "worker-1")
    stateful["metadata"]["ownerReferences"] = [owner]
    answer = proposed(of=images_pull(targets=refs), objects=[*broken_rollout(), stateful])
    assert "rollout-undo: none of the finding's targets is a Deployment that the twin has" in reason_of(answer)


def test_the_first_target_that_the_twin_knows_is_acted_on() -> None:
    refs = [{"kind": "Deployment", "namespace": "shop", "name": name} for name in ("gone", "cart")]
    spec = RUNBOOKS["rollout-undo"].spec
    assert target_of(spec, {}, images_pull(targets=refs), snapshot(broken_rollout())) == CART


def test_a_node_of_a_network_is_no_target_and_its_twin_is() -> None:
    spec, network = runbook("ReHome").spec, {"kind": "NetworkTwin", "name": "cluster"}
    found = target_of(spec, {"node": "a", "home": "b"}, images_pull(targets=[network]), snapshot(broken_rollout()))
    assert found == Key("NetworkTwin", "", "cluster")


def test_the_same_world_gives_the_same_proposal() -> None:
    one, two = proposed(), proposed(objects=broken_rollout()[::-1])
    assert isinstance(one, Proposal)
    assert isinstance(two, Proposal)
    assert [item.candidate for item in one.simulated] == [item.candidate for item in two.simulated]
    assert [item.prediction for item in one.simulated] == [item.prediction for item in two.simulated]
