"""`explain` says in words why there is no plan, what a plan waits for, and why it is this one."""

import json
from typing import Any

import pytest

from forestall.ports import Json
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import condition, finding, plan, policy
from tests.unit.cli.running import run, text_of


def says(name: str, *objects: Json) -> dict[str, list[str]]:
    """What is said, by question."""
    result = run(Cluster(objects), "explain", name, "-o", "json")
    assert result.exit_code == 0, result.stderr
    return {part["about"]: part["says"] for part in json.loads(result.stdout)["parts"]}


def without_plan(**status: Any) -> list[str]:
    return says("on-web", policy(), finding("on-web", **status))["Why it has no plan"]


def test_a_finding_without_a_plan_says_what_the_operator_found_missing() -> None:
    reason = "there is no Runbook scale; rollout-undo: goal ready becomes NotFulfilled when node worker-2 is lost"
    assert without_plan(state="Open", noPlanReason=reason) == [
        "there is no Runbook scale",
        "rollout-undo: goal ready becomes NotFulfilled when node worker-2 is lost",
        "see: kubectl forestall readiness web --namespace shop",
    ]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"state": "Closed"}, "it is Closed: there is nothing to do"),
        ({"state": "Escalated"}, "a person has it in hand: nothing is proposed until it has cleared and shows again"),
        ({"state": "Open"}, "the next inspection of its policy decides"),
    ],
)
def test_a_finding_that_takes_no_plan_says_why(status: Json, why: str) -> None:
    assert without_plan(**status) == [why]


def test_a_finding_whose_policy_is_gone_or_not_inspected_says_so() -> None:
    lost = says("on-web", finding("on-web", state="Open"))
    assert lost["Why it has no plan"] == ["its policy web is gone: nobody looks at it any more"]
    blind = policy(conditions=[condition("Ready", "False", "TwinMissing", "there is no NetworkTwin main")])
    told = says("on-web", blind, finding("on-web", state="Open"))
    assert told["Why it has no plan"] == ["policy web is not being inspected: there is no NetworkTwin main"]


def test_a_finding_with_a_plan_points_to_it_and_to_those_before() -> None:
    before = plan("imagepull-web-1-0-0", phase="Expired", message="nobody decided in time")
    told = says("imagepull-web-1", policy(), finding(), before, plan())
    assert told["Its plan"] == [
        "imagepull-web-1-0-1 (rollout-undo) is PendingApproval: waits for a person with the right `approve`",
        "see: kubectl forestall explain imagepull-web-1-0-1 --namespace shop",
    ]
    assert told["Plans that there were"] == ["imagepull-web-1-0-0 (rollout-undo) is Expired: nobody decided in time"]
    assert "Why it has no plan" not in told


def test_a_plan_says_why_it_is_this_one_and_why_nothing_else() -> None:
    told = says("imagepull-web-1-0-1", policy(), finding(), plan())
    assert told["Why this one"] == ["rollout-undo resolves it, with 0 goals broken now or after a loss"]
    assert told["Why nothing else"] == [
        "scale was rejected by the twin: ready: NotFulfilled, and worse than before",
        "doing nothing does not resolve it, with 1 goals broken now or after a loss: no better than what was chosen",
    ]


def test_a_plan_that_waits_says_for_whom_and_how_long() -> None:
    told = says("imagepull-web-1-0-1", policy(), plan(riskClass="High", approvers=2))["What it waits for"]
    proposer = "system:serviceaccount:forestall:operator"
    assert told[:2] == [
        f"2 different people with the right approve-high on policy web, {proposer} not among them",
        "if nobody decides until 2026-01-05T10:30:00Z it ends as Expired, and a fresh plan follows",
    ]


def test_a_plan_whose_approval_would_not_count_says_so() -> None:
    weak = policy(conditions=[condition("ApprovalPolicyEnforced", "False", "NotEnforced", "a binding is gone")])
    told = says("imagepull-web-1-0-1", weak, plan())["What it waits for"]
    assert "no approval counts until this is mended: a binding is gone" in told


def test_a_plan_that_is_only_proposed_says_what_would_make_it_run() -> None:
    told = says("imagepull-web-1-0-1", policy(), plan(phase="Proposed", mode="Propose"))["What it waits for"]
    assert told[0] == "nobody can approve it: the response of policy web is in mode Propose"


def test_a_blocked_plan_says_which_gates_are_shut_and_when_it_looks_again() -> None:
    gates = [
        {"gate": "pause", "ok": False, "reason": "Paused", "message": "gina paused it (a release)"},
        {"gate": "approval", "ok": True, "reason": "Approved"},
    ]
    blocked = plan(phase="Blocked", gates=gates, blockedUntil="2026-01-05T10:13:00Z")
    told = says("imagepull-web-1-0-1", policy(), blocked)
    assert told["Gates that are shut"] == ["pause: gina paused it (a release)"]
    assert told["What it waits for"] == ["it looks again at 2026-01-05T10:13:00Z"]


def test_a_plan_under_way_says_which_job_runs_and_when_it_is_judged() -> None:
    job = {"step": 0, "attempt": 1, "jobName": "fix-1", "intendedAt": "2026-01-05T10:05:00Z"}
    told = says("imagepull-web-1-0-1", policy(), plan(phase="Executing", attempts=[job]))["What it waits for"]
    assert told == ["Job fix-1, begun 2026-01-05T10:05:00Z"]
    soak = {"since": "2026-01-05T10:05:00Z", "until": "2026-01-05T10:06:00Z"}
    told = says("imagepull-web-1-0-1", policy(), plan(phase="Soaking", verification=soak))["What it waits for"]
    assert told == ["its goals are judged at 2026-01-05T10:06:00Z"]


def test_a_plan_that_has_ended_waits_for_nothing() -> None:
    told = says("imagepull-web-1-0-1", policy(), plan(phase="Rejected", message="ann: not on a Friday"))
    assert told["Where it stands"] == [
        "Rejected: refused by a person; not proposed again while the finding lasts",
        "ann: not on a Friday",
    ]
    assert "What it waits for" not in told


def test_people_read_sentences_below_questions() -> None:
    text = text_of(run(Cluster([policy(), finding("on-web", state="Cleared")]), "explain", "on-web"))
    assert text.startswith("Finding shop/on-web: Cleared\n\nWhat is wrong\n  2 of 3 pods cannot pull shop:broken\n")
    assert "\nWhy it has no plan\n  it is Cleared: there is nothing to do\n" in text


def test_what_is_neither_plan_nor_finding_is_an_error() -> None:
    assert run(Cluster(), "explain", "nothing").exit_code == 1
