"""The demonstration believes what the API server says, and nothing that merely looks like success."""

import io
from typing import Any

import pytest
from rich.console import Console

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Closure
from forestall.api.remediationplan import Candidate, RemediationPlan
from tests.unit.tools.demo import bodies
from tools.demo.loop import Loop, candidate_text, total
from tools.demo.narration import Narration
from tools.demo.waiting import Stuck

ROOT = "/apis/forestall.dev/v1alpha1/namespaces/shop"


class Told:
    """A loop over given objects, and what it told."""

    def __init__(self, **kinds: list[dict[str, Any]]) -> None:
        self._text = io.StringIO()
        served = {f"{ROOT}/{plural}": {"items": items} for plural, items in kinds.items()}
        for plural, items in kinds.items():
            served |= {f"{ROOT}/{plural}/{item['metadata']['name']}": item for item in items}
        self.loop = Loop(served.get, "shop", Narration(Console(file=self._text, width=200), now=lambda: 0.0))

    @property
    def text(self) -> str:
        return self._text.getvalue()


FINDING = Finding.model_validate(bodies.finding())
PLAN = RemediationPlan.model_validate(bodies.plan("PendingApproval"))


def test_a_finding_that_is_open_is_told_by_class_and_severity() -> None:
    told = Told(findings=[bodies.finding(name="old", state="Cleared"), bodies.finding()])
    assert told.loop.await_finding("ImagePull", "web").metadata.name == FINDING.metadata.name
    assert "found: Problem, minor: 1 of 3 pods" in told.text


def test_a_plan_that_awaits_approval_is_told_with_all_that_was_tried() -> None:
    told = Told(remediationplans=[bodies.plan("Stale", name="older"), bodies.plan("PendingApproval")])
    assert told.loop.await_plan(FINDING).metadata.name == PLAN.metadata.name
    assert "DoNothing: does not resolve it" in told.text
    assert "rollout-undo: resolves it" in told.text


def test_a_plan_that_ended_otherwise_than_wanted_ends_the_demonstration() -> None:
    told = Told(remediationplans=[bodies.plan("Failed", message="the Job failed")])
    with pytest.raises(Stuck, match="ended as Failed: the Job failed"):
        told.loop.await_end(PLAN, "Succeeded")


def test_a_plan_that_ended_as_wanted_is_returned_as_it_ended() -> None:
    told = Told(remediationplans=[bodies.plan("Succeeded", message="verified")])
    assert told.loop.await_end(PLAN, "Succeeded").status.phase == "Succeeded"
    assert "Succeeded: verified" in told.text


@pytest.mark.parametrize("one_hop", [True, False])
def test_a_closure_in_more_than_one_hop_does_not_pass(one_hop: bool) -> None:
    told = Told(findings=[bodies.finding(state="Closed", one_hop=one_hop)])
    if one_hop:
        assert told.loop.await_closed(FINDING).status.state == "Closed"
    else:
        with pytest.raises(Stuck, match="more than one hop"):
            told.loop.await_closed(FINDING)


def test_the_closure_is_that_of_all_policies_together() -> None:
    policies = [bodies.policy("shop", eligible=3, one_hop=2), bodies.policy("shop-capacity", eligible=1, one_hop=1)]
    wanted = Closure(eligible=4, one_hop=3)
    assert Told(inspectionpolicies=policies).loop.await_closure(wanted) == wanted
    assert total([]) == Closure(eligible=0, one_hop=0)


def test_only_findings_at_rest_do_not_count_as_open() -> None:
    states = ("Open", "Planned", "Escalated", "Cleared", "Closed")
    told = Told(findings=[bodies.finding(name=state.lower(), state=state) for state in states])
    assert [one.metadata.name for one in told.loop.open_findings()] == ["open", "planned", "escalated"]


def test_a_candidate_that_was_rejected_is_told_with_its_counterexample() -> None:
    candidate = Candidate(
        runbook="scale",
        verdict="Rejected",
        resolves=True,
        broken=1,
        affected_services=1,
        counterexample="goal web-available becomes NotFulfilled",
    )
    assert "rejected, goal web-available becomes NotFulfilled" in candidate_text(candidate)


def qualified(name: str, qualifier: str) -> dict[str, Any]:
    body = bodies.finding(name=name)
    body["spec"]["qualifier"] = qualifier
    return body


def test_of_several_findings_about_one_resource_the_qualifier_tells_which_is_meant() -> None:
    told = Told(findings=[qualified("one", "ducts/city"), qualified("other", "cables/city")])
    assert told.loop.await_finding("ImagePull", "web", "cables/city").metadata.name == "other"
    assert told.loop.await_finding("ImagePull", "web").metadata.name == "one"


def test_a_proposal_counts_once_it_has_its_figures() -> None:
    prediction = {"snapshotId": "sha256:1", "readyPods": 0, "nodes": 0, "caveat": ""}
    bare, whole = bodies.plan("Proposed", name="bare"), bodies.plan("Proposed", name="whole", prediction=prediction)
    assert Told(remediationplans=[bare, whole]).loop.await_proposal(FINDING).metadata.name == "whole"


def test_what_is_cleared_and_why_there_is_no_plan_is_read_from_the_finding() -> None:
    cleared = bodies.finding(state="Cleared")
    cleared["status"]["noPlanReason"] = "no metric helps"
    told = Told(findings=[cleared])
    assert told.loop.await_cleared(FINDING).status.state == "Cleared"
    assert told.loop.await_reason(FINDING) == "no metric helps"
