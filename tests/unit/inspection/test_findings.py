"""Findings over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import get_args

import pytest

from forestall.api.assignment import AGENT, ON_CALL, SYSTEM, Assignee, HandOff
from forestall.api.conditions import is_true
from forestall.api.finding import MAX_TRANSITIONS, FindingStatus
from forestall.api.prediction import Score
from forestall.api.remediationplan import TERMINAL, Phase, RemediationPlan
from forestall.inspection.findings import unplanned
from forestall.inspection.report import Observation
from tests.unit.inspection.scenes import measured, only, policy, report, threshold
from tests.unit.inspection.story import SEEN, Story
from tests.unit.twin.objects import web

ACTIVE = ("Proposed", "PendingApproval", "Approved", "Preflight", "Executing", "Soaking", "Blocked", "RollingBack")


@pytest.fixture
def story() -> Story:
    """A finding that was raised just now."""
    found = Story()
    found.tell(SEEN)
    return found


def credited(status: FindingStatus) -> bool:
    assert status.closure is not None
    return status.closure.one_hop


def moves(status: FindingStatus) -> list[str]:
    return [transition.to for transition in status.transitions]


def test_a_condition_seen_for_the_first_time_raises_a_finding_with_all_its_facts(story: Story) -> None:
    status = story.status

    assert (status.state, status.detected_at, status.snapshot_id) == ("Open", story.now, "sha256:1")
    assert (status.finding_class, status.severity, status.message) == (SEEN.finding_class, SEEN.severity, SEEN.message)
    assert (status.evidence, status.targets) == (SEEN.evidence, SEEN.targets)
    assert moves(status) == ["Raised"]
    assert not is_true(status.conditions, "Ready")


def test_an_unchanged_world_writes_nothing(story: Story) -> None:
    before = story.status

    assert story.tell(SEEN, snapshot="sha256:2") == before


def test_a_fact_that_changed_is_rewritten_with_its_snapshot(story: Story) -> None:
    status = story.tell(replace(SEEN, severity="critical"), snapshot="sha256:2")

    assert (status.severity, status.snapshot_id, status.transition_count) == ("critical", "sha256:2", 1)


def loaded(value: str) -> Observation:
    return only(report(policy(inspections=(threshold(),)), web("a"), measurements=measured(value)))


@pytest.mark.parametrize(("value", "kept"), [("0.91", "0.9"), ("0.98", "0.9"), ("0.82", "0.9"), ("1.1", "1.1")])
def test_a_value_is_rewritten_only_when_it_means_something_else(value: str, kept: str) -> None:
    story = Story()
    story.tell(loaded("0.9"))

    assert story.tell(loaded(value)).evidence[0].value == Decimal(kept)


def test_a_condition_that_goes_away_clears_the_finding_and_does_not_close_it(story: Story) -> None:
    status = story.tell(None)

    assert (status.state, status.cleared_at, status.closed_at, status.closure) == ("Cleared", story.now, None, None)
    assert status.message == SEEN.message
    assert moves(status) == ["Raised", "Cleared"]
    assert is_true(status.conditions, "Ready")
    assert story.tell(None) == status


def test_a_cleared_finding_that_shows_again_is_raised_again(story: Story) -> None:
    story.tell(None)

    status = story.tell(SEEN)

    assert (status.state, status.detected_at) == ("Open", story.now)
    assert moves(status) == ["Raised", "Cleared", "Raised"]


def test_ten_toggles_are_one_finding_with_ten_transitions() -> None:
    story = Story()
    for turn in range(10):
        story.tell(SEEN if turn % 2 == 0 else None)

    assert story.status.transition_count == 10
    assert moves(story.status) == ["Raised", "Cleared"] * 5


def test_the_count_stays_exact_when_old_transitions_are_dropped() -> None:
    story = Story()
    for turn in range(100):
        story.tell(SEEN if turn % 2 == 0 else None)

    assert story.status.transition_count == 100
    assert len(story.status.transitions) == MAX_TRANSITIONS
    assert story.status.transitions[-1].time == story.now


def test_what_could_not_be_judged_stays_as_it_was(story: Story) -> None:
    before = story.status

    assert story.tell(None, judged=False) == before
    cleared = story.tell(None)
    assert story.tell(None, judged=False) == cleared


@pytest.mark.parametrize("phase", ACTIVE)
def test_a_finding_is_planned_while_a_plan_is_under_way(story: Story, phase: Phase) -> None:
    plan = story.plan("one", phase)

    status = story.tell(SEEN, plan)

    assert (status.state, moves(status)) == ("Planned", ["Raised", "Planned"])
    assert status.transition_count == 1
    assert [(ref.name, ref.uid, ref.runbook, ref.phase) for ref in status.plans] == [
        ("one", "uid-one", "rollout-undo", phase)
    ]
    assert story.tell(SEEN, plan) == status


def test_all_phases_are_either_under_way_or_terminal() -> None:
    assert {*ACTIVE, *TERMINAL} == set(get_args(Phase))


@pytest.mark.parametrize("phase", ["Rejected", "Expired", "Stale", "Cancelled", "Superseded", "RolledBack", "Failed"])
def test_a_plan_that_came_to_nothing_leaves_the_finding_open(story: Story, phase: Phase) -> None:
    story.tell(SEEN, story.plan("one", "PendingApproval"))

    assert story.tell(SEEN, story.plan("one", phase)).state == "Open"


def test_a_plan_moves_on_while_the_condition_cannot_be_judged(story: Story) -> None:
    assert story.tell(None, story.plan("one", "Executing"), judged=False).state == "Planned"


BOB = Assignee(kind="Human", name="bob")


def taken_over(story: Story) -> RemediationPlan:
    """A plan that bob has taken over now."""
    hand_off = HandOff(time=story.now, source=AGENT, to=BOB, reason="I know this one")
    plan = story.plan("one", "Escalated")
    return plan.model_copy(update={"status": plan.status.model_copy(update={"hand_offs": (hand_off,)})})


def assignees(status: FindingStatus) -> list[str]:
    return [f"{one.source.kind}-{one.to.kind}: {one.reason}" for one in status.hand_offs]


def test_a_plan_that_a_person_has_escalates_the_finding_until_another_one_is_made(story: Story) -> None:
    taken = taken_over(story)

    assert story.tell(SEEN, taken).state == "Escalated"
    assert story.status.assignee == BOB
    assert story.tell(SEEN, taken) == story.status
    assert story.tell(SEEN, taken, story.plan("two", "PendingApproval")).state == "Planned"
    assert moves(story.status) == ["Raised", "Escalated", "Planned"]
    assert (story.status.assignee, assignees(story.status)) == (
        AGENT,
        ["System-Human: I know this one", "Human-Agent: a plan is under way"],
    )


def test_a_finding_is_the_system_s_until_a_plan_is_made_and_then_the_agent_s(story: Story) -> None:
    assert story.status.assignee == SYSTEM
    assert story.tell(SEEN, story.plan("one", "PendingApproval")).assignee == AGENT
    assert story.tell(SEEN, story.plan("one", "Expired")).assignee == AGENT
    story.tell(None)
    assert story.tell(SEEN).assignee == SYSTEM


def test_a_finding_for_which_everything_was_tried_stays_a_person_s(story: Story) -> None:
    failed = story.plan("one", "RolledBack", attempts=1)
    story.tell(SEEN, failed)

    status = unplanned(story.status, "all was tried", story.now, exhausted=True)

    assert (status.state, status.assignee, moves(status)) == ("Escalated", ON_CALL, ["Raised", "Escalated"])
    assert status.transitions[-1].message == "all was tried"
    assert story.finding is not None
    story.finding = story.finding.model_copy(update={"status": status})
    assert story.tell(SEEN, failed).state == "Escalated"
    assert story.tell(None, failed).state == "Cleared"
    assert story.tell(SEEN, failed).state == "Open"


def test_why_there_is_no_plan_is_told_until_there_is_one_or_none_is_needed(story: Story) -> None:
    story.tell(SEEN)
    assert story.finding is not None
    without = unplanned(story.status, "there is no Runbook scale", story.now, exhausted=False)
    assert (without.state, without.no_plan_reason) == ("Open", "there is no Runbook scale")
    for step in ((SEEN, story.plan("one", "PendingApproval")), (None,)):
        story.finding = story.finding.model_copy(update={"status": without})
        assert story.tell(SEEN).no_plan_reason == "there is no Runbook scale"
        assert story.tell(*step).no_plan_reason == ""


def test_a_finding_that_a_person_had_in_hand_is_not_closed_in_one_hop(story: Story) -> None:
    taken = taken_over(story)
    story.tell(SEEN, taken)

    status = story.tell(None, taken, story.succeeded("two"))

    assert not credited(status)


def test_what_a_person_had_before_the_finding_was_raised_anew_is_forgotten(story: Story) -> None:
    story.tell(SEEN, taken_over(story))
    story.tell(None)
    story.tell(SEEN)

    status = story.tell(None, story.succeeded("two"))

    assert credited(status)


def test_a_finding_that_is_gone_after_one_executed_plan_is_closed_in_one_hop(story: Story) -> None:
    story.tell(SEEN, story.plan("one", "Executing", attempts=1))
    story.tell(None, story.plan("one", "Soaking", attempts=1))
    assert story.status.state == "Cleared"

    plan = story.succeeded()
    status = story.tell(None, plan)

    assert (status.state, status.closed_at) == ("Closed", plan.status.timestamps.verified)
    assert status.closure is not None
    assert (status.closure.one_hop, status.closure.series, status.closure.plan) == (True, "Supervised", "one")
    assert status.closure.provisional
    assert moves(status) == ["Raised", "Planned", "Cleared", "Closed"]
    assert status.transition_count == 2
    assert is_true(status.conditions, "Ready")


@pytest.mark.parametrize(
    ("phases", "one_hop"),
    [
        ([("Rejected", 0)], False),
        ([("Expired", 0), ("Stale", 0)], True),
        ([("Failed", 1)], False),
        ([("Succeeded", 1)], False),
        ([("Cancelled", 1)], False),
    ],
)
def test_one_hop_means_exactly_one_plan_that_ran_or_was_decided_on(
    story: Story, phases: Sequence[tuple[Phase, int]], one_hop: bool
) -> None:
    earlier = [story.plan(f"a{place}", phase, attempts=tries) for place, (phase, tries) in enumerate(phases)]

    status = story.tell(None, *earlier, story.succeeded("z"))

    assert status.state == "Closed"
    assert status.closure is not None
    assert (status.closure.one_hop, status.closure.plan) == (one_hop, "z")


def test_a_plan_whose_approval_was_withdrawn_was_decided_on_all_the_same(story: Story) -> None:
    withdrawn = story.plan("a", "Stale", decided=story.now)

    status = story.tell(None, withdrawn, story.succeeded("z"))

    assert not credited(status)


def test_a_plan_whose_job_found_nothing_to_do_closes_without_a_credit(story: Story) -> None:
    plan = story.succeeded()
    idle = (plan.status.attempts[0].model_copy(update={"outcome": "NothingToDo"}),)
    done = plan.model_copy(update={"status": plan.status.model_copy(update={"attempts": idle})})
    assert not credited(story.tell(None, done))


def test_a_plan_that_succeeded_does_not_close_what_still_shows(story: Story) -> None:
    status = story.tell(SEEN, story.succeeded())

    assert (status.state, status.closure) == ("Open", None)


@pytest.mark.parametrize("phase", ["Rejected", "Expired", "Failed", "Executing"])
def test_what_went_away_without_a_success_is_cleared_only(story: Story, phase: Phase) -> None:
    assert story.tell(None, story.plan("one", phase)).state == "Cleared"


def test_a_closed_finding_stays_closed_when_its_plans_are_deleted(story: Story) -> None:
    closed = story.tell(None, story.succeeded())

    assert story.tell(None) == closed


def test_a_closed_finding_that_shows_again_is_open_and_loses_its_closure(story: Story) -> None:
    plan = story.succeeded()
    story.tell(None, plan)

    status = story.tell(SEEN, plan)

    assert (status.state, status.detected_at) == ("Open", story.now)
    assert (status.closure, status.closed_at, status.plans) == (None, None, ())


def test_the_plan_of_the_last_time_does_not_close_the_finding_again(story: Story) -> None:
    plan = story.succeeded()
    story.tell(None, plan)
    story.tell(SEEN, plan)

    assert story.tell(None, plan).state == "Cleared"


def test_a_plan_under_way_goes_on_for_a_finding_that_flickers(story: Story) -> None:
    running = story.plan("one", "Executing", attempts=1)
    story.tell(None, running)
    story.tell(SEEN, running)
    assert story.status.state == "Planned"
    story.tell(None, running)

    done = running.model_copy(update={"status": story.succeeded().status})
    assert story.tell(None, done).state == "Closed"


def test_a_plan_made_within_the_second_of_detection_counts(story: Story) -> None:
    """The API server cuts creation times to the second, so that the plan seems older than its finding."""
    plan = story.plan("one", "PendingApproval")

    assert plan.metadata.creation_timestamp is not None
    assert story.status.detected_at is not None
    assert plan.metadata.creation_timestamp < story.status.detected_at
    rejected = plan.model_copy(update={"status": plan.status.model_copy(update={"phase": "Rejected"})})
    assert [ref.name for ref in story.tell(SEEN, rejected).plans] == ["one"]


def test_the_latest_plans_are_kept_in_order(story: Story) -> None:
    plans = [story.plan(f"p{place:03d}", "Expired") for place in range(70)]

    refs = story.tell(SEEN, *reversed(plans)).plans

    assert [ref.name for ref in refs] == [f"p{place:03d}" for place in range(6, 70)]


def test_the_condition_tells_the_state_and_since_when_the_finding_is_at_rest(story: Story) -> None:
    raised: datetime = story.now
    status = story.tell(SEEN, story.plan("one", "Executing"))

    (condition,) = status.conditions
    assert (condition.type, condition.status, condition.reason) == ("Ready", "False", "Planned")
    assert condition.last_transition_time == raised
    assert condition.message == SEEN.message


def test_a_score_is_kept_until_the_condition_shows_anew(story: Story) -> None:
    score = Score(matched=2, total=3, message="goal room: predicted NotFulfilled, is Fulfilled")
    assert story.tell(replace(SEEN, score=score)).score == score
    assert story.tell(SEEN).score == score
    assert story.tell(None).score == score
    assert story.tell(SEEN).score is None
