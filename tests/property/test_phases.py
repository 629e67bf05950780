"""The state machine under any facts: it keeps to its table, to its record and to what people decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.api.remediationplan import (
    REJECT,
    REJECTED_BY,
    TAKE_OVER,
    TAKEN_OVER_BY,
    TERMINAL,
    Phase,
    RemediationPlanStatus,
)
from forestall.execution.decide import decide
from forestall.execution.decision import CreateJob, Decision, SuspendJob
from forestall.execution.table import ARROWS
from forestall.gates.facts import Facts, JobState, LiveTarget
from tests.unit.execution.scene import LEFT, PREDICTION
from tests.unit.gates.scene import APPROVED, NOW, READS, facts, finding, inspected, pause, policy, rendered, step

STOPPED: tuple[dict[str, Any], ...] = ({"policy": policy(suspend=True)}, {"pauses": (pause(),)}, {"policy": None})
REJECTED = {**APPROVED, REJECT: "no", REJECTED_BY: "bob"}
TAKEN = {**APPROVED, TAKE_OVER: "mine", TAKEN_OVER_BY: "bob"}


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """The usual value four times out of five, so that plans get far; else one of the others."""
    return st.integers(0, 4).flatmap(lambda dice: st.sampled_from(others) if dice == 0 else st.just(usual))


JOBS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(
            ("Absent", "Active", "Suspended", "Complete", "Complete", "Failed", "Failed", "Foreign", None)
        ),
        "exit_code": st.sampled_from((None, 0, 1, 1, 40, 41, 137)),
        "timed_out": st.booleans(),
        "target_hash": st.sampled_from(("", READS, LEFT, LEFT)),
    }
)
TARGETS = (
    None,
    LiveTarget(error="gone"),
    LiveTarget(uid="another", reads_hash=READS),
    LiveTarget(uid="uid-cart", reads_hash=LEFT, as_wanted=True),
    LiveTarget(uid="uid-cart", reads_hash=READS),
    LiveTarget(uid="uid-cart", reads_hash=LEFT),
)
WORLDS = st.fixed_dictionaries(
    {
        "job": JOBS,
        "annotations": mostly(APPROVED, {}, REJECTED, TAKEN),
        "live": mostly("as expected", *TARGETS),
        "more": mostly({}, *STOPPED, {"finding": None}, {"finding": finding(state="Cleared")}),
        "present": st.sampled_from((None, True, False)),
        "later": mostly(31, 0, 1, 3600),
    }
)
"""What the world may look like at one moment: the Job, the annotations, the target, the policy, the finding."""


def beginning(steps: int, retries: int, rollback: int) -> RemediationPlanStatus:
    """A plan that waits for a person."""
    many = [{**step(f"step-{number}"), "retries": retries} for number in range(steps)]
    status = rendered(steps=steps, phase="PendingApproval", approval=None, prediction=PREDICTION)
    return RemediationPlanStatus.model_validate({**status, "steps": many, "rollback": [step()] * rollback})


def seen(status: RemediationPlanStatus, world: dict[str, Any], seconds: int) -> Facts:
    """The plan's facts in such a world, so many seconds after NOW."""
    now = NOW + timedelta(seconds=seconds)
    known = facts(None, world["annotations"], **world["more"]).with_status(status)
    expected = LiveTarget(uid="uid-cart", reads_hash=READS if status.undoing else status.expected_hash)
    live = expected if world["live"] == "as expected" else world["live"]
    known = replace(known, live=live, inspected=inspected(at=now, finding_present=world["present"]))
    job, attempt = world["job"], status.attempts[-1] if status.attempts else None
    if job["state"] is None or attempt is None or attempt.outcome is not None:
        return known
    return replace(known, jobs={attempt.job_name: JobState(name=attempt.job_name, **job)})


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 2), st.integers(0, 1), st.integers(0, 2), st.lists(WORLDS, min_size=1, max_size=14))
def test_a_plan_in_any_world_keeps_to_the_rules(
    steps: int, retries: int, rollback: int, worlds: list[dict[str, Any]]
) -> None:
    status, seconds = beginning(steps, retries, rollback), 0
    for world in worlds:
        seconds += world["later"]
        known = seen(status, world, seconds)
        decision = decide(known, NOW + timedelta(seconds=seconds))
        rules(known, decision)
        status = decision.status


def rules(known: Facts, decision: Decision) -> None:
    """What must hold of every decision."""
    before, after = known.plan.status, decision.status
    absorbs(before, decision)
    recorded(before, decision)
    stopped(known, decision)
    undone_only_by_approval(after)


def absorbs(before: RemediationPlanStatus, decision: Decision) -> None:
    if before.phase in TERMINAL:
        assert (decision.status.phase, decision.status.attempts) == (before.phase, before.attempts)
        assert decision.actions == ()
    else:
        assert decision.status.phase == before.phase or reachable(before.phase, decision.status.phase)


def reachable(before: Phase, after: Phase) -> bool:
    """Whether arrows of the table lead from one phase to the other."""
    found: set[Phase] = set()
    todo = [before]
    while todo:
        ends = ARROWS.get(todo.pop(), {})
        todo += [end for end in ends if end not in found]
        found |= set(ends)
    return after in found


def recorded(before: RemediationPlanStatus, decision: Decision) -> None:
    """A Job is created only for the last attempt on record, which has no end; no attempt is ever forgotten."""
    after = decision.status
    assert len(after.attempts) >= len(before.attempts)
    assert [one.job_name for one in after.attempts[: len(before.attempts)]] == [one.job_name for one in before.attempts]
    assert len({one.job_name for one in after.attempts}) == len(after.attempts)
    assert all(one.outcome for one in after.attempts[:-1])
    for action in decision.actions:
        if isinstance(action, CreateJob):
            assert action.attempt == after.attempts[-1]
            assert (action.attempt.outcome, action.attempt.accepted_at) == (None, None)
    if after.phase in TERMINAL:
        assert decision.actions == ()
        assert all(one.outcome for one in after.attempts)


def stopped(known: Facts, decision: Decision) -> None:
    """While a stop holds, or a person has taken over, no Job is created and none is let go on."""
    held = known.policy is None or known.policy.spec.suspend or known.pauses or TAKE_OVER in known.annotations
    for action in decision.actions:
        assert not (held and isinstance(action, CreateJob))
        assert not (held and isinstance(action, SuspendJob) and not action.suspend and not known.pauses)


def undone_only_by_approval(after: RemediationPlanStatus) -> None:
    """What undoes runs only after something of the plan has run, and success is never claimed of what was undone."""
    if any(one.rollback for one in after.attempts):
        assert any(not one.rollback for one in after.attempts)
        assert after.phase in {"RollingBack", "RolledBack", "Failed", "Escalated"}
    if after.phase == "RolledBack":
        assert sum(1 for one in after.attempts if one.rollback and one.outcome == "Success") == len(after.rollback)
