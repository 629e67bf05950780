"""Entries follow from a status: the same ones, however often it is asked, each with the time it tells."""

from forestall.api.finding import Finding
from forestall.api.remediationplan import RemediationPlan
from forestall.closure import chain
from forestall.closure.entries import of_finding, of_plan
from forestall.ports import Entry
from tests.unit.api.samples import status
from tests.unit.closure.histories import (
    DIGEST,
    HUMAN,
    approval,
    at,
    attempt,
    finding,
    good,
    handed,
    plan,
    policy,
    text,
)


def one(entries: list[Entry], transition: str) -> Entry:
    (found,) = [entry for entry in entries if entry.transition == transition]
    return found


def test_a_finding_tells_each_transition_and_how_it_counts() -> None:
    told = of_finding(finding((0, "Raised"), (5, "Closed"), risk=True), policy("Observe", suspend=True))
    assert [(entry.transition, entry.at) for entry in told] == [("Raised", at(0)), ("Closed", at(5))]
    body = told[0].body
    assert (body["kind"], body["finding"], body["type"], body["class"]) == ("Finding", "shop/web", "ImagePull", "Risk")
    assert (body["mode"], body["suspended"]) == ("Observe", True)


def test_a_finding_that_no_response_answers_and_one_without_a_policy_have_no_mode() -> None:
    other = of_finding(finding((0, "Raised"), kind="CrashLoop"), policy())
    gone = of_finding(finding((0, "Raised")), None)
    assert [entry.body["mode"] for entry in (*other, *gone)] == ["", ""]


def test_a_plan_tells_its_way_from_proposal_to_end() -> None:
    told = of_plan(good(0))
    assert [entry.transition for entry in told] == [
        *("Proposed", "Approved", "Intended", "Finished", "Verified", "Ended")
    ]
    assert {entry.uid for entry in told} == {"uid-of-p"}
    assert {(entry.body["finding"], entry.body["plan"]) for entry in told} == {("shop/web", "shop/p")}
    assert one(told, "Approved").body["digest"] == one(told, "Approved").body["planDigest"] == DIGEST
    assert one(told, "Intended").body["runs"]["argv"] == ["rollout-undo"]
    assert one(told, "Finished").body["outcome"] == "Success"
    assert one(told, "Verified").body["result"] == "Fulfilled"
    assert one(told, "Ended").at == at(3)
    assert one(told, "Ended").body["times"]["acted"] == text(2)


def test_an_attempt_is_told_by_step_and_number_and_what_undoes_apart() -> None:
    told = of_plan(good(0, attempts=[attempt(1, outcome="Failure"), attempt(2, number=2), attempt(3, rollback=True)]))
    jobs = [(entry.step, entry.attempt, entry.transition) for entry in told if entry.step >= 0]
    assert jobs == [
        (0, 1, "Intended"),
        (0, 1, "Finished"),
        (0, 2, "Intended"),
        (0, 2, "Finished"),
        (0, 1, "UndoIntended"),
        (0, 1, "UndoFinished"),
    ]
    assert len({(entry.uid, entry.step, entry.attempt, entry.transition, entry.at) for entry in told}) == len(told)


def test_what_has_not_happened_yet_is_not_told() -> None:
    pending = {"since": text(2), "until": text(3), "result": "Pending"}
    waiting = of_plan(plan(0))
    running = of_plan(plan(0, "Executing", approval=approval(1), attempts=[{**attempt(2), "finishedAt": None}]))
    soaking = of_plan(plan(0, "Soaking", verification=pending, undoing=pending))
    assert [entry.transition for entry in waiting] == ["Proposed"]
    assert [entry.transition for entry in running] == ["Proposed", "Approved", "Intended"]
    assert [entry.transition for entry in soaking] == ["Proposed"]


def test_a_plan_that_is_executed_again_after_a_restore_is_told_again() -> None:
    once, again = of_plan(good(0)), of_plan(good(0, attempts=[attempt(500)]))
    assert one(once, "Intended") != one(again, "Intended")
    assert one(once, "Intended").at != one(again, "Intended").at


def test_a_status_with_every_field_set_leads_to_rows_that_can_be_sealed() -> None:
    own = {name: value for name, value in status(RemediationPlan).items() if name not in ("phase", "attempts")}
    found = Finding.model_validate({**finding().to_json(), "status": status(Finding)})
    told = [*of_plan(plan(0, "Failed", **own)), *of_finding(found, policy())]
    assert {entry.transition for entry in told} >= {"Approved", "Rejected", "HandedOff", "Raised"}
    for entry in told:
        assert chain.from_json(chain.to_json(chain.seal(None, entry))).entry == entry


def test_hand_offs_are_told_by_whom_and_to_whom() -> None:
    told = of_plan(plan(0, "Escalated", handOffs=[handed(2, HUMAN)]))
    body = one(told, "HandedOff").body
    assert (body["from"]["kind"], body["to"]["name"], body["reason"]) == ("Agent", "alice", "why not")
