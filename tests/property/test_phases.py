"""A plan under any facts at all, also such as no world would show together, keeps to the rules of every decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from forestall.api.remediationplan import RemediationPlanStatus
from forestall.execution.decide import decide
from forestall.gates.facts import Facts, JobState, LiveTarget
from tests.property.rules import keeps_to_the_rules
from tests.property.world import REJECTED, TAKEN, beginning
from tests.unit.execution.scene import LEFT
from tests.unit.gates.scene import APPROVED, NOW, READS, facts, finding, inspected, pause, policy

STOPPED: tuple[dict[str, Any], ...] = ({"policy": policy(suspend=True)}, {"pauses": (pause(),)}, {"policy": None})


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
        "annotations": mostly(APPROVED, {}, REJECTED, {**APPROVED, **TAKEN}),
        "live": mostly("as expected", *TARGETS),
        "more": mostly({}, *STOPPED, {"finding": None}, {"finding": finding(state="Cleared")}),
        "present": st.sampled_from((None, True, False)),
        "later": mostly(31, 0, 1, 3600),
    }
)
"""What the world may look like at one moment: the Job, the annotations, the target, the policy, the finding."""


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


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.integers(1, 2), st.integers(0, 1), st.integers(0, 2), st.lists(WORLDS, min_size=1, max_size=14))
def test_a_plan_under_any_facts_keeps_to_the_rules(
    steps: int, retries: int, rollback: int, worlds: list[dict[str, Any]]
) -> None:
    status, seconds = RemediationPlanStatus.model_validate(beginning(steps, retries, rollback)), 0
    for world in worlds:
        seconds += world["later"]
        known = seen(status, world, seconds)
        decision = decide(known, NOW + timedelta(seconds=seconds))
        keeps_to_the_rules(known, decision)
        status = decision.status
