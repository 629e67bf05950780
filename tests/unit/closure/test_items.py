"""What is an item of account, what makes it eligible, and what it takes to be closed in one hop."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import RemediationPlan
from forestall.closure.items import HOLD_OFF, Item, items_of
from tests.unit.closure.histories import (
    AGENT,
    HUMAN,
    ON_CALL,
    OTHER,
    History,
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

DAY = 24 * 60
CLOSED = ((0, "Raised"), (0.1, "Planned"), (2, "Cleared"), (3, "Closed"))


def items(
    found: Finding, *plans: RemediationPlan, under: InspectionPolicy | None = None, now: float = 10 * DAY
) -> Sequence[Item]:
    told = History([found], plans, under or policy()).entries()
    return items_of(told, hold_off=HOLD_OFF, now=at(now))


def item(found: Finding, *plans: RemediationPlan, **more: Any) -> Item:
    (only,) = items(found, *plans, **more)
    return only


def test_an_item_closed_by_one_plan_that_a_person_approved_is_closed_in_one_hop() -> None:
    one = item(finding(*CLOSED), good(0))
    assert (one.missed, one.eligible, one.supervised, one.provisional) == ("", True, True, False)
    assert (one.finding, one.type, one.horizon, one.touches, one.unsafe) == ("shop/web", "ImagePull", "T0", 1, 0)
    assert one.times is not None
    assert (one.times.detected, one.times.verified) == (at(0), at(3))


def test_without_any_approval_it_is_touchless_and_its_jobs_are_unsafe() -> None:
    one = item(finding(*CLOSED), good(0, approval=None))
    assert (one.missed, one.supervised, one.touches, one.unsafe) == ("", False, 0, 1)


def test_a_risk_is_found_before_it_bites() -> None:
    assert item(finding(*CLOSED, risk=True), good(0)).horizon == "T-1"


@pytest.mark.parametrize(("now", "provisional"), [(3 + DAY - 0.001, True), (3 + DAY, False)])
def test_the_credit_is_provisional_until_the_hold_off_is_over(now: float, *, provisional: bool) -> None:
    assert item(finding(*CLOSED), good(0), now=now).provisional == provisional


@pytest.mark.parametrize("again", [3.001, 3 + DAY])
def test_a_reopening_within_the_hold_off_retracts_the_credit_of_one_and_the_same_item(again: float) -> None:
    one = item(finding(*CLOSED, (again, "Raised")), good(0))
    assert (one.missed, one.closed, one.reopened) == ("raised again within the hold-off", True, True)
    assert (one.eligible, one.provisional) == (True, False)


def test_a_second_closure_within_the_hold_off_does_not_bring_the_credit_back() -> None:
    moves = (*CLOSED, (10, "Raised"), (12, "Cleared"), (13, "Closed"))
    one = item(finding(*moves), good(0), good(10, name="q"))
    assert (one.missed, one.reopened) == ("raised again within the hold-off", True)


def test_what_is_raised_after_the_hold_off_is_another_item() -> None:
    later = 3 + DAY + 0.001
    first, second = items(finding(*CLOSED, (later, "Raised")), good(0), plan(later, name="q"))
    assert (first.missed, first.reopened) == ("", False)
    assert (second.missed, second.eligible) == ("not closed: Raised", True)


def test_toggles_within_the_hold_off_are_one_item() -> None:
    toggles = [(minute, "Cleared" if minute % 2 else "Raised") for minute in range(20)]
    one = item(finding(*toggles))
    assert (one.self_cleared, one.eligible) == (True, False)


@pytest.mark.parametrize(
    ("plans", "missed"),
    [
        ([], "0 plans were decided on or ran"),
        ([good(0), good(0, name="q")], "2 plans were decided on or ran"),
        ([good(0), good(0, name="q", attempts=[], phase="Expired")], "2 plans were decided on or ran"),
        ([good(0), plan(0, "Rejected", name="q", rejection={"name": "b", "reason": "r", "time": text(1)})], "2 plans"),
        ([good(0), plan(0, "Superseded", name="q")], ""),
        ([good(0), plan(0, "Stale", name="q")], ""),
        ([good(0, attempts=[])], "its plan was not verified"),
        ([good(0, phase="Failed")], "its plan was not verified"),
        ([good(0, verification={"since": text(2), "until": text(3), "result": "Inconclusive"})], "not verified"),
        ([good(0, attempts=[attempt(1.5), attempt(2.5, rollback=True)])], "its plan was not verified"),
        ([good(0, handOffs=[handed(2, HUMAN)])], "handed to a person"),
        ([good(0, handOffs=[handed(2, ON_CALL)])], "handed to a person"),
        ([good(0, handOffs=[handed(2, AGENT)])], ""),
        ([good(0, attempts=[attempt(1.2, outcome="Failure"), attempt(1.5, number=2)])], ""),
        ([good(0, attempts=[attempt(1.5, outcome="NothingToDo")])], "its plan found nothing to do"),
        ([good(0, attempts=[attempt(1.2, outcome="Failure"), attempt(1.5, outcome="NothingToDo", number=2)])], ""),
    ],
)
def test_one_hop_is_one_plan_that_ran_and_was_verified_in_nobody_elses_hands(
    plans: Sequence[RemediationPlan], missed: str
) -> None:
    found = item(finding(*CLOSED), *plans).missed
    assert missed in found
    assert bool(missed) == bool(found)


def test_a_finding_handed_to_a_person_is_not_closed_in_one_hop() -> None:
    assert item(finding(*CLOSED, handOffs=[handed(1, ON_CALL)]), good(0)).missed == "handed to a person"
    assert item(finding(*CLOSED, handOffs=[handed(1, AGENT)]), good(0)).missed == ""


@pytest.mark.parametrize(
    ("moves", "plans", "eligible"),
    [
        (((0, "Raised"),), [], True),
        (((0, "Raised"), (1, "Cleared")), [], False),
        (((0, "Raised"), (1, "Cleared")), [plan(0, "Cancelled")], False),
        (((0, "Raised"), (1, "Cleared")), [plan(0, "Failed", attempts=[attempt(0.5)])], True),
        (((0, "Raised"), (1, "Cleared")), [plan(0, "Escalated", handOffs=[handed(0.5, HUMAN)])], True),
        (((0, "Raised"),), [plan(0, "Rejected", rejection={"name": "b", "reason": "r", "time": text(1)})], True),
        (((0, "Raised"),), [plan(0, "Expired")], True),
        (((0, "Raised"),), [plan(0, "Blocked", approval=approval(1))], True),
    ],
)
def test_what_waits_was_rejected_expired_or_has_no_runbook_is_eligible_and_what_cleared_by_itself_is_not(
    moves: Sequence[tuple[float, str]], plans: Sequence[RemediationPlan], *, eligible: bool
) -> None:
    assert item(finding(*moves), *plans).eligible == eligible


@pytest.mark.parametrize(
    ("under", "plans", "eligible"),
    [
        (policy("Observe"), [], False),
        (policy("Observe"), [plan(1)], True),
        (policy("Propose"), [], True),
        (policy(suspend=True), [plan(1)], False),
        (policy(suspend=True), [plan(1, "Failed", attempts=[attempt(2)])], True),
    ],
)
def test_what_was_only_observed_or_raised_under_a_suspended_policy_counts_for_coverage_alone(
    under: InspectionPolicy, plans: Sequence[RemediationPlan], *, eligible: bool
) -> None:
    assert item(finding((0, "Raised")), *plans, under=under).eligible == eligible


def test_a_finding_of_a_type_that_nothing_answers_is_eligible() -> None:
    assert item(finding((0, "Raised"), kind="CrashLoop")).eligible


@pytest.mark.parametrize(
    ("status", "unsafe"),
    [
        ({}, 0),
        ({"approval": approval(1, digest=OTHER)}, 1),
        ({"approval": approval(1.6)}, 1),
        ({"approval": approval(1, lasts=0.4)}, 1),
        ({"approval": approval(1, lasts=0.5)}, 0),
        ({"verification": {"since": text(2), "until": text(3), "result": "NotFulfilled", "lost": ["up"]}}, 1),
        ({"verification": {"since": text(2), "until": text(3), "result": "NotFulfilled"}}, 0),
        ({"approval": None, "attempts": [attempt(1), attempt(2, number=2)]}, 2),
    ],
)
def test_unsafe_are_jobs_outside_an_approval_and_plans_by_which_a_goal_was_lost(
    status: dict[str, Any], unsafe: int
) -> None:
    assert item(finding((0, "Raised")), good(0, **status)).unsafe == unsafe


def test_every_approver_refuser_and_taker_over_is_a_touch() -> None:
    both = good(0, approval=approval(1, others=["carol"]))
    refused = plan(0, "Rejected", name="q", rejection={"name": "bob", "reason": "no", "time": text(1)})
    taken = plan(0, "Escalated", name="r", handOffs=[handed(1, HUMAN), handed(2, ON_CALL)])
    assert item(finding((0, "Raised")), both, refused, taken).touches == 4


def test_moves_that_bear_one_time_are_taken_in_their_natural_order() -> None:
    assert item(finding((0, "Raised"), (3, "Closed"), (3, "Cleared")), good(0)).missed == ""


def test_a_finding_whose_raising_is_on_no_record_is_no_item() -> None:
    assert items(finding((1, "Cleared")), good(0)) == []


def test_a_shorter_hold_off_parts_what_a_longer_one_joins() -> None:
    told = History([finding(*CLOSED, (60, "Raised"))], [good(0)]).entries()
    counted = [len(items_of(told, hold_off=timedelta(minutes=span), now=at(DAY))) for span in (56, 57)]
    assert counted == [2, 1]
