"""Whatever crashes, comes late, comes twice or changes its mind: a step runs at most once, and only as approved.

Two operators work on one plan at the same time; each looks, and some time later writes under the version that it saw
and acts. Either may die between any two of these. People, strangers and the passing of time do what they like in
between. What has been changed is undone in reverse order, once, and only while nobody has said stop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from forestall.api.remediationplan import TERMINAL, Attempt, RemediationPlan
from forestall.execution.decide import decide
from forestall.execution.decision import Action, CreateJob, Decision
from tests.property.rules import keeps_to_the_rules
from tests.property.world import EDITED, EXCHANGED, REJECTED, STEPS, TAKEN, WITHDRAWN, World
from tests.unit.gates.scene import NOW, OTHER_DIGEST, READS

HOW = st.sampled_from([*["looks and acts"] * 4, "looks", "acts late", "dies before writing", "dies before acting"])
ENDS = st.sampled_from(
    [
        *["is done"] * 3,
        "nothing to do",
        "fails before",
        *["fails half-way"] * 2,
        "runs out of time",
        "is cut off",
    ]
)
CHANGES: Sequence[Mapping[str, Any]] = (
    {"suspended": True},
    {"paused": "Pause"},
    {"paused": "Stop"},
    {"policy_gone": True},
    {"finding_gone": True},
    {"mode": "Propose"},
    {"enforced": False},
    {"inspected_at": None},
    {"cleared": True},
    {"counterexample": "goal up breaks"},
    {"counterexample": None},
    {"content": OTHER_DIGEST},
    {"target": EDITED},
    {"now": NOW + timedelta(days=1)},
)
"""What can become of the world around a plan."""
PEOPLE = (WITHDRAWN, EXCHANGED, REJECTED, TAKEN)
STRANGERS = ("deletes a Job", "takes the next name")


@dataclass
class Look:
    """What an operator saw and decided, and what was true then."""

    version: int
    seen: RemediationPlan
    decision: Decision
    target: str
    may_start: bool
    may_undo: bool


class Plans(RuleBasedStateMachine):
    """One plan, two operators, and the world around them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.looks: dict[str, Look] = {}
        self.end: RemediationPlan | None = None

    @initialize(
        retries=st.sampled_from([0, 0, 1]),
        rollback=st.sampled_from([0, STEPS, STEPS]),
        helps=st.booleans(),
        rounds=st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        what=st.sampled_from([*[{}] * len(CHANGES), *CHANGES]),
    )
    def a_plan_that_has_gone_some_way_without_trouble(
        self, retries: int, rollback: int, helps: bool, rounds: int, what: Mapping[str, Any]
    ) -> None:
        self.world = World(retries, rollback, helps)
        for _ in range(rounds):
            self._quietly()
        self.world.change(**what)

    # What operators do

    @rule(how=HOW)
    def the_first_operator_works(self, how: str) -> None:
        self._work("first", how)

    @rule(how=HOW)
    def the_second_operator_works(self, how: str) -> None:
        self._work("second", how)

    def _work(self, operator: str, how: str) -> None:
        if how in {"looks", "looks and acts"}:
            self.looks[operator] = self._look()
        if how != "looks":
            self._act(self.looks.pop(operator, None), how)

    def _look(self) -> Look:
        world, known = self.world, self.world.facts()
        decision = decide(known, world.now)
        keeps_to_the_rules(known, decision)
        return Look(world.version, world.plan, decision, world.target, world.may_start, world.may_undo)

    def _act(self, look: Look | None, how: str) -> None:
        if look is None or how == "dies before writing" or not self._write(look):
            return
        for action in look.decision.actions if how != "dies before acting" else ():
            self._carry_out(action, look)

    def _write(self, look: Look) -> bool:
        """Write the status under the version that was seen; nothing is written where nothing differs."""
        if look.decision.status == look.seen.status:
            return True
        if look.version != self.world.version:
            return False
        if look.decision.status.phase == "RolledBack":
            assert look.target == READS, "it is called undone, and the target is not as it was before"
        self.world.put(self.world.plan.model_copy(update={"status": look.decision.status}))
        return True

    def _carry_out(self, action: Action, look: Look) -> None:
        if isinstance(action, CreateJob):
            self._create(action.attempt, look)
        else:
            self.world.suspend(action.name, stop=action.suspend)

    def _create(self, attempt: Attempt, look: Look) -> None:
        if attempt.rollback:
            assert look.may_undo, "a Job undoes although nothing was changed, or somebody has said stop"
        else:
            assert look.may_start, "a Job is created although a gate was shut"
        recorded = {one.job_name: one for one in self.world.status.attempts}
        assert attempt.job_name in recorded, "a Job is created before its attempt is on record"
        assert recorded[attempt.job_name].accepted_at is None, "a Job that was accepted once is created again"
        assert self.world.status.phase not in TERMINAL, "a Job is created for a plan that has ended"
        self.world.create(attempt)

    # What Jobs do

    @precondition(lambda self: self.world.running)
    @rule(how=ENDS, told=st.sampled_from([True, True, False]))
    def job_ends(self, how: str, told: bool) -> None:
        self.world.end_job(self.world.running[0], how, told=told)

    # What people, strangers and the world do

    @rule(seconds=st.sampled_from([1, 5, 20, 60]))
    def a_while_passes_and_all_is_well(self, seconds: int) -> None:
        self.world.is_well(seconds)

    @rule(what=st.sampled_from([*CHANGES, *CHANGES, *PEOPLE, *STRANGERS, *STRANGERS]))
    def something_happens(self, what: Mapping[str, Any] | str) -> None:
        if isinstance(what, str):
            self._by_a_stranger(what)
        elif what in PEOPLE:
            self.world.annotate(what)
        else:
            self.world.change(**what)

    def _by_a_stranger(self, what: str) -> None:
        if what == "takes the next name":
            self.world.take_name()
        else:
            self.world.jobs.pop(max(self.world.jobs, default=""), None)

    # What must hold

    @invariant()
    def nothing_takes_effect_twice(self) -> None:
        assert all(count == 1 for count in self.world.effects.values())

    @invariant()
    def one_job_runs_at_a_time(self) -> None:
        assert len(self.world.running) <= 1

    @invariant()
    def an_end_is_an_end(self) -> None:
        if self.end is not None:
            assert self.world.status == self.end.status
        elif self.world.status.phase in TERMINAL:
            self.end = self.world.plan

    @invariant()
    def nothing_runs_after_the_end(self) -> None:
        assert self.world.status.phase not in TERMINAL or not self.world.running

    @invariant()
    def success_is_every_step_done_and_verified(self) -> None:
        status = self.world.status
        if status.phase == "Succeeded":
            assert [one.step for one in status.attempts if one.outcome == "Success"] == list(range(STEPS))
            assert status.verification is not None
            assert status.verification.result == "Fulfilled"

    @invariant()
    def what_is_undone_is_found_again_as_it_was(self) -> None:
        status = self.world.status
        if status.phase == "RolledBack":
            assert status.undoing is not None
            assert status.undoing.result == "Fulfilled"

    def teardown(self) -> None:
        """In a quiet world every plan comes to an end."""
        for _ in range(40):
            if self.world.status.phase not in TERMINAL:
                self._quietly()
        assert self.world.status.phase in TERMINAL

    def _quietly(self) -> None:
        """One look in a world without trouble, and the end of the Job that runs then."""
        self.world.is_well(20)
        self._work("first", "looks and acts")
        if self.world.running:
            self.world.end_job(self.world.running[0], "is done", told=True)


TestPlans = Plans.TestCase
TestPlans.settings = settings(max_examples=1000, stateful_step_count=40, derandomize=True, deadline=None)
