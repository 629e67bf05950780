"""Approval: who counts, and how many it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from forestall.api.remediationapproval import RemediationApproval
from forestall.gates.approval import approvers, given, judge, required, rights
from forestall.gates.facts import Facts
from tests.unit.gates.scene import APPROVED, NOW, OTHER_DIGEST, decision, facts, plan, policy, rendered

ARGO = {"argocd.argoproj.io/instance": "shop"}


def waiting(annotations: dict[str, str] | None = None, *approvals: RemediationApproval, wanted: int = 1) -> Facts:
    """A plan that nobody's approval is on record for yet."""
    return facts(rendered(approval=None, approvers=wanted), annotations or {}, approvals=approvals)


def in_git(annotations: dict[str, str], *approvals: RemediationApproval) -> Facts:
    known = facts(approvals=approvals)
    return replace(known, plan=plan(rendered(approval=None), annotations, ARGO))


def test_an_object_approves_as_an_annotation_does() -> None:
    known = waiting({}, decision())
    assert approvers(known) == ("bob",)
    assert judge(known, NOW).message == "approved by bob"


def test_an_object_that_does_not_fit_approves_nothing() -> None:
    known = waiting({}, decision(planDigest=OTHER_DIGEST))
    assert approvers(known) == ()
    assert judge(known, NOW).reason == "NotApproved"


@pytest.mark.parametrize(
    ("annotations", "approvals", "people"),
    [
        (APPROVED, (), ("ann",)),
        (APPROVED, (decision(),), ("ann", "bob")),
        ({}, (decision(), decision("by-carol", approver="carol")), ("bob", "carol")),
        (APPROVED, (decision(approver="ann"),), ("ann",)),
        ({}, (decision(), decision("again")), ("bob",)),
        ({}, (decision(), decision("by-forestall", approver="forestall")), ("bob",)),
    ],
    ids=["annotation", "both ways", "two objects", "one person both ways", "one person twice", "the proposer"],
)
def test_two_approvals_are_those_of_two_people(
    annotations: dict[str, str], approvals: tuple[RemediationApproval, ...], people: tuple[str, ...]
) -> None:
    known = waiting(annotations, *approvals, wanted=2)
    assert approvers(known) == people
    assert judge(known, NOW).ok == (len(people) == 2)


@pytest.mark.parametrize(("then", "now", "wanted"), [(1, 1, 1), (2, 1, 2), (1, 2, 2)])
def test_a_plan_takes_as_many_as_the_policy_wants_or_wanted(then: int, now: int, wanted: int) -> None:
    answer = policy().spec.responses[0].model_copy(update={"approvers": now})
    assert required(facts(rendered(approvers=then), response=answer)) == wanted


def test_without_a_response_one_is_needed_all_the_same() -> None:
    assert required(facts(response=None)) == 1


def test_an_annotation_on_a_plan_that_is_kept_in_git_counts_for_nothing() -> None:
    known = in_git(APPROVED)
    found = judge(known, NOW)
    assert approvers(known) == ()
    assert found.reason == "ApprovalNotDurable"
    assert "use a RemediationApproval" in found.message


def test_an_object_counts_for_a_plan_that_is_kept_in_git() -> None:
    assert judge(in_git(APPROVED, decision()), NOW).message == "approved by bob"


def test_both_people_stay_needed_once_they_are_on_record() -> None:
    approval = {**rendered()["approval"], "name": "ann", "others": ["bob"]}
    status = rendered(approval=approval, approvers=2)
    carol = decision("by-carol", approver="carol")
    assert judge(facts(status, approvals=(decision(),)), NOW).ok
    assert judge(facts(status, approvals=(carol,)), NOW).reason == "ApproverChanged"


@pytest.mark.parametrize(
    ("known", "tried"),
    [
        (waiting(), False),
        (waiting(APPROVED), True),
        (waiting({}, decision(planDigest=OTHER_DIGEST)), True),
        (waiting({}, decision(decision="Reject", reason="no")), False),
    ],
)
def test_an_attempt_to_approve_is_noticed_whether_it_counts_or_not(known: Facts, tried: bool) -> None:
    assert given(known) == tried


@pytest.mark.parametrize(
    ("more", "entitled"),
    [
        ({}, True),
        ({"rightless": frozenset({"by-bob"})}, False),
        ({"rightless": frozenset({"of-another-plan"})}, True),
    ],
)
def test_an_approver_must_still_hold_the_right(more: dict[str, Any], entitled: bool) -> None:
    assert rights(facts(approvals=(decision(),), **more), NOW).ok == entitled
