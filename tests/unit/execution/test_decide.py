"""The state machine as a whole: every arrow there is, and none besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, get_args

import pytest

from forestall.api.remediationplan import (
    APPROVE,
    APPROVED_BY,
    REJECT,
    REJECTED_BY,
    TAKE_OVER,
    TAKEN_OVER_BY,
    TERMINAL,
    Phase,
)
from forestall.execution import decide as machine
from forestall.execution.decide import PHASES, decide
from forestall.execution.decision import CreateJob, Decision
from forestall.execution.table import ARROWS as TABLE
from forestall.gates.facts import Draft, Facts, LiveTarget, Simulation
from tests.unit.execution.scene import draft, executing, rolling_back, soaking
from tests.unit.gates.scene import (
    APPROVAL,
    APPROVED,
    CONTENT,
    DIGEST,
    NOW,
    OTHER_DIGEST,
    READS,
    attempts,
    chosen,
    facts,
    finding,
    inspected,
    plan,
    policy,
    rendered,
)

REJECTED = {**APPROVED, REJECT: "not now", REJECTED_BY: "bob"}
TAKEN = {**APPROVED, TAKE_OVER: "I know this one", TAKEN_OVER_BY: "bob"}
SUSPENDED = policy(suspend=True)


def proposed(**more: Any) -> Facts:
    return facts({"phase": "Proposed"}, {}, draft=draft(), **more)


def only_proposed(**more: Any) -> Facts:
    only = policy(mode="Propose").spec.responses[0]
    return facts(rendered(phase="Proposed", mode="Propose", approval=None), **{"response": only, **more})


def pending(annotations: Mapping[str, str] | None = None, **more: Any) -> Facts:
    return facts(rendered(phase="PendingApproval", approval=None), dict(annotations or {}), **more)


def old(known: Facts) -> Facts:
    """The same plan, made an hour ago."""
    made = plan().metadata.model_copy(
        update={"creation_timestamp": NOW - timedelta(hours=1), "annotations": known.annotations}
    )
    return Facts(**{**_fields(known), "plan": known.plan.model_copy(update={"metadata": made})})


def _fields(known: Facts) -> dict[str, Any]:
    return {name: getattr(known, name) for name in Facts.__dataclass_fields__}


def blocked(**more: Any) -> Facts:
    return facts(rendered(phase="Blocked", blockedUntil=NOW), **more)


def irreversible(known: Facts) -> Facts:
    """The same plan without an inverse."""
    return known.with_status(known.plan.status.model_copy(update={"rollback": ()}))


def between(**more: Any) -> Facts:
    """In preflight for the second of two steps."""
    return facts(rendered(steps=2, attempts=attempts("Success")[:1]), **more)


WRONG = {APPROVE: OTHER_DIGEST, APPROVED_BY: "ann"}
EXPIRED = rendered(approval={**APPROVAL, "expiresAt": NOW})

ARROWS: Mapping[str, tuple[Facts, Phase]] = {
    # Proposed
    "a new plan waits for the twin": (facts({"phase": "Proposed"}, {}), "Proposed"),
    "a new plan is one too many of its proposer": (
        facts({"phase": "Proposed"}, {}, surplus="frank has 10 proposals"),
        "Superseded",
    ),
    "a draft that cannot be rendered is tried again": (
        facts({"phase": "Proposed"}, {}, draft=Draft(error="no twin")),
        "Proposed",
    ),
    "a draft is offered to a person": (proposed(), "PendingApproval"),
    "a draft that may only be proposed stays so": (
        facts({"phase": "Proposed"}, {}, draft=draft(mode="Propose")),
        "Proposed",
    ),
    "a draft that the twin rejects ends": (
        facts({"phase": "Proposed"}, {}, draft=draft(verdict="Rejected")),
        "Cancelled",
    ),
    "a draft without its own runbook among the candidates ends": (
        facts({"phase": "Proposed"}, {}, draft=Draft(mode="Open")),
        "Cancelled",
    ),
    "a plan whose finding clears before it is drafted ends": (proposed(finding=finding(state="Cleared")), "Cancelled"),
    "a proposal stays while it is right": (only_proposed(), "Proposed"),
    "a proposal gives way to another response": (only_proposed(response=policy().spec.responses[0]), "Stale"),
    "a proposal without a response ends": (only_proposed(response=None), "Stale"),
    "a proposal whose finding clears ends": (only_proposed(finding=finding(state="Cleared")), "Cancelled"),
    "a proposal that a person rejects ends": (
        facts(rendered(phase="Proposed", mode="Propose"), REJECTED),
        "Rejected",
    ),
    "a proposal that a person takes over ends": (
        facts(rendered(phase="Proposed", mode="Propose"), TAKEN),
        "Escalated",
    ),
    "a new plan without its finding ends": (proposed(finding=None), "Cancelled"),
    # PendingApproval
    "a plan waits for a person": (pending(), "PendingApproval"),
    "a wrong approval is no approval": (pending(WRONG), "PendingApproval"),
    "an approval leads straight to the Job": (pending(APPROVED), "Executing"),
    "an approval leads as far as the gates let it": (pending(APPROVED, policy=SUSPENDED), "Blocked"),
    "an approval of what no longer fits leads nowhere": (pending(APPROVED, live=None), "Stale"),
    "a rejection ends": (pending(REJECTED), "Rejected"),
    "a plan that is no longer needed ends": (pending(finding=finding(state="Cleared")), "Cancelled"),
    "a plan of a response that has changed ends": (pending(response=None), "Stale"),
    "a plan of a policy that is gone ends": (pending(policy=None), "Cancelled"),
    "a plan whose content would be another one gives way": (pending(content_now=OTHER_DIGEST), "Superseded"),
    "a plan whose content is still the same waits": (pending(content_now=CONTENT), "PendingApproval"),
    "a plan that a person takes over is theirs": (pending(TAKEN), "Escalated"),
    "nobody decides in time": (old(pending()), "Expired"),
    "a wrong approval does not keep a plan alive": (old(pending(WRONG)), "Expired"),
    # Approved, where a crash may leave a plan of an older version
    "an approved plan goes on": (facts(rendered(phase="Approved")), "Executing"),
    "an approved plan can be taken over": (facts(rendered(phase="Approved"), TAKEN), "Escalated"),
    # Preflight
    "open gates lead to the Job": (facts(), "Executing"),
    "a veto that passes blocks": (facts(policy=SUSPENDED), "Blocked"),
    "a veto that does not pass ends": (facts(live=None), "Stale"),
    "a withdrawn approval leads back": (facts(annotations={}), "PendingApproval"),
    "an approval that ended ends the plan": (facts(EXPIRED), "Expired"),
    "a rejection in preflight ends": (facts(annotations=REJECTED), "Rejected"),
    "a finding that clears before the Job ends it": (facts(finding=finding(state="Cleared")), "Cancelled"),
    "the second step follows the first": (between(), "Executing"),
    "the second step can be blocked": (between(policy=SUSPENDED), "Blocked"),
    "a plan that is taken over in preflight is theirs": (facts(annotations=TAKEN), "Escalated"),
    "the second step finds the target changed": (between(live=None), "RollingBack"),
    "the second step of what has no inverse finds the target changed": (irreversible(between(live=None)), "Failed"),
    "the second step has lost its approval": (between(annotations={}), "RollingBack"),
    "the second step has lost its policy": (between(policy=None), "Failed"),
    "the second step's approval has ended": (
        facts(rendered(steps=2, attempts=attempts("Success")[:1], approval={**APPROVAL, "expiresAt": NOW})),
        "RollingBack",
    ),
    "the second step is rejected": (between(annotations=REJECTED), "RollingBack"),
    "a finding cleared by the first step does not stop the second": (
        between(finding=finding(state="Cleared")),
        "Executing",
    ),
    # Blocked
    "a block that holds stays": (blocked(policy=SUSPENDED), "Blocked"),
    "a block that is lifted leads to the Job": (blocked(), "Executing"),
    "a blocked plan can become stale": (blocked(live=None), "Stale"),
    "a blocked plan can lose its approval": (blocked(annotations={}), "PendingApproval"),
    "a blocked plan can be rejected": (blocked(annotations=REJECTED), "Rejected"),
    "a blocked plan can be no longer needed": (blocked(finding=finding(state="Cleared")), "Cancelled"),
    "a blocked plan's approval ends": (
        facts(rendered(phase="Blocked", approval={**APPROVAL, "expiresAt": NOW})),
        "Expired",
    ),
    "a blocked plan can be taken over": (blocked(annotations=TAKEN), "Escalated"),
    "a blocked second step can be undone": (
        facts(rendered(phase="Blocked", steps=2, attempts=attempts("Success")[:1]), live=None),
        "RollingBack",
    ),
    "a blocked second step of what has no inverse can fail": (
        irreversible(facts(rendered(phase="Blocked", steps=2, attempts=attempts("Success")[:1]), live=None)),
        "Failed",
    ),
    # Executing
    "a Job that was not asked for is looked up": (executing(None), "Executing"),
    "a Job that is not there is created": (executing("Absent"), "Executing"),
    "a Job that is not there waits while a gate is shut": (executing("Absent", policy=SUSPENDED), "Executing"),
    "a Job that is not there is no longer wanted": (executing("Absent", live=None), "Stale"),
    "a Job that is not there is no longer approved": (executing("Absent", annotations={}), "PendingApproval"),
    "a Job that is not there is rejected": (executing("Absent", annotations=REJECTED), "Rejected"),
    "a Job that is not there is not needed": (executing("Absent", finding=finding(state="Cleared")), "Cancelled"),
    "a Job that is not there has lost its time": (
        executing("Absent", approval={**APPROVAL, "expiresAt": NOW}),
        "Expired",
    ),
    "a Job runs": (executing("Active"), "Executing"),
    "a Job is suspended": (executing("Suspended", policy=SUSPENDED), "Executing"),
    "a Job fails": (executing("Failed", exit_code=1), "RollingBack"),
    "a Job of what has no inverse fails": (irreversible(executing("Failed", exit_code=1)), "Failed"),
    "a Job is taken over while it runs": (executing("Active", annotations=TAKEN), "Executing"),
    "a Job is suspended and taken over": (executing("Suspended", annotations=TAKEN), "Escalated"),
    "a Job is suspended, and its policy gone": (executing("Suspended", policy=None), "Failed"),
    "a Job finds a precondition gone": (executing("Failed", exit_code=40), "Stale"),
    "a Job of somebody else has its name": (executing("Foreign"), "Failed"),
    "a Job ends and a step is left": (executing("Complete", steps=2), "Preflight"),
    "the last Job ends": (executing("Complete"), "Soaking"),
    # Soaking
    "a soak goes on": (soaking(until=NOW + timedelta(seconds=5)), "Soaking"),
    "a soak ends well": (soaking(inspected=inspected(finding_present=False)), "Succeeded"),
    "a soak ends badly": (soaking(), "RollingBack"),
    "a soak of what has no inverse ends badly": (irreversible(soaking()), "Failed"),
    "a soak is taken over": (soaking(annotations=TAKEN), "Escalated"),
    # RollingBack
    "a rollback waits until its target is read": (rolling_back(found=None), "RollingBack"),
    "a rollback has its Job": (rolling_back(), "RollingBack"),
    "a rollback soaks": (rolling_back("Complete"), "RollingBack"),
    "a rollback that brought all back": (rolling_back(undone=True, until=NOW, found=READS), "RolledBack"),
    "a rollback that finds nothing to undo": (rolling_back(found=READS), "Failed"),
    "a rollback that is barred": (rolling_back(live=LiveTarget(error="gone")), "Failed"),
    "a rollback that is taken over": (rolling_back(annotations=TAKEN), "Escalated"),
}


@pytest.mark.parametrize(("known", "phase"), ARROWS.values(), ids=ARROWS.keys())
def test_from_phase_to_phase(known: Facts, phase: Phase) -> None:
    assert decide(known, NOW).status.phase == phase


@pytest.mark.parametrize(("known", "phase"), ARROWS.values(), ids=ARROWS.keys())
def test_the_same_facts_give_the_same_decision(known: Facts, phase: Phase) -> None:
    assert decide(known, NOW) == decide(known, NOW)


def test_every_phase_has_arrows_or_absorbs() -> None:
    left = {known.plan.status.phase for known, _ in ARROWS.values()}
    reached = {phase for _, phase in ARROWS.values()}
    assert left == set(PHASES) == set(get_args(Phase)) - TERMINAL
    assert set(get_args(Phase)) - reached == {"Approved"}  # passed through within one decision


def test_every_arrow_of_the_table_is_taken_by_one_of_these_plans() -> None:
    taken = {arrow for known, _ in ARROWS.values() for arrow in walked(known)}
    assert taken == {(before, after) for before, ends in TABLE.items() for after in ends}


def walked(known: Facts) -> Iterator[tuple[Phase, Phase]]:
    """The arrows that one decision takes."""
    while known.plan.status.phase not in TERMINAL:
        before, moved = known.plan.status.phase, machine.move(known, NOW)
        if moved.status.phase == before:
            return
        yield before, moved.status.phase
        known = known.with_status(moved.status)
        if moved.actions or moved.requeue_after is not None:
            return


def test_an_arrow_that_is_not_in_the_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    astray = {**PHASES, "Soaking": lambda known, now: Decision(known.plan.status.model_copy(update={"phase": "Stale"}))}
    monkeypatch.setattr(machine, "PHASES", astray)
    with pytest.raises(RuntimeError, match="no arrow leads from Soaking to Stale"):
        decide(soaking(), NOW)


@pytest.mark.parametrize("phase", sorted(TERMINAL))
@pytest.mark.parametrize("job_state", ["Absent", "Complete"])
def test_a_finished_plan_stays_as_it_ended(phase: Phase, job_state: str) -> None:
    known = executing(job_state, phase=phase, annotations={**REJECTED})
    decision = decide(known, NOW)
    assert decision.status.phase == phase
    assert decision.status.model_copy(update={"conditions": (), "observed_generation": 0}) == known.plan.status
    assert (decision.actions, decision.requeue_after, decision.news) == ((), None, ())


def test_an_attempt_is_on_record_in_the_status_that_comes_with_its_job() -> None:
    decision = decide(facts(), NOW)
    assert decision.actions == (CreateJob(decision.status.attempts[-1]),)
    assert decision.status.attempts[-1].accepted_at is None


def test_a_decision_tells_the_news_of_all_its_moves() -> None:
    decision = decide(pending(REJECTED | {REJECT: ""}), NOW)
    assert [one.reason for one in decision.news] == ["PlanRejected"]
    through = decide(pending(APPROVED, live=None), NOW)
    assert [one.reason for one in through.news] == ["PlanApproved", "PlanStale"]


def test_a_second_step_is_judged_on_facts_gathered_after_the_first_had_ended() -> None:
    known = executing("Complete", steps=2, live=None, simulation=Simulation(problem="not asked"))
    first = decide(known, NOW)
    assert (first.status.phase, first.actions, first.requeue_after) == ("Preflight", (), timedelta(0))

    second = decide(Facts(**{**_fields(facts()), "plan": known.with_status(first.status).plan}), NOW)
    assert [(one.step, one.attempt, one.outcome) for one in second.status.attempts] == [(0, 1, "Success"), (1, 1, None)]
    assert len(second.actions) == 1


def test_an_attempt_has_one_name_whenever_it_is_decided() -> None:
    names = {decide(facts(), NOW + timedelta(seconds=late)).status.attempts[-1].job_name for late in (0, 9)}
    assert names == {"forestall-0000aaaa-1111-0-1"}


def test_candidates_and_digests_stand_where_a_person_approves() -> None:
    status = decide(proposed(), NOW).status
    assert (status.plan_digest, status.candidates[0].runbook) == (DIGEST, chosen()["runbook"])
