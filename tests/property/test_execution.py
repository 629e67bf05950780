"""Whatever crashes, comes late, comes twice or changes its mind: a step runs at most once, and only as approved.

Two operators work on one plan at the same time; each looks, and some time later writes under the version that it saw
and acts. Either may die between any two of these. People, strangers and the passing of time do what they like in
between. What the plan itself has changed is undone in reverse order, once, and only while nobody has said stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from forestall.gates.facts import Simulation
from tests.property.operators import Operators
from tests.property.world import EDITED, EXCHANGED, REJECTED, STEPS, TAKEN, WITHDRAWN, World
from tests.unit.gates.scene import NOW, OTHER_DIGEST

HOW = ("looks and acts", "looks", "acts late", "dies before writing", "dies before acting")
ENDS = ("is done", "nothing to do", "fails before", "fails half-way", "runs out of time", "is cut off")
Trouble = Mapping[str, Any] | str
CHANGES: tuple[Trouble, ...] = (
    {"suspended": True},
    {"paused": "Pause"},
    {"paused": "Stop"},
    {"policy_gone": True},
    {"finding_gone": True},
    {"mode": "Propose"},
    {"enforced": False},
    {"inspected_at": None},
    {"cleared": True},
    {"simulation": Simulation("goal up breaks")},
    {"simulation": Simulation(problem="the twin misses changes")},
    {"content": OTHER_DIGEST},
    {"target": EDITED},
    {"now": NOW + timedelta(days=1)},
)
"""What can become of the world around a plan."""
PEOPLE: tuple[Trouble, ...] = (WITHDRAWN, EXCHANGED, REJECTED, TAKEN)
STRANGERS = ("deletes a Job", "takes the next name", "does the work")
TROUBLES = (*CHANGES, *PEOPLE, *STRANGERS)
ROUNDS = 12
"""A plan that is undone without trouble has ended after so many looks."""


def happens(world: World, what: Trouble) -> None:
    """Something that people, strangers or the world do."""
    if what == "takes the next name":
        world.take_name()
    elif what == "does the work":
        world.do_the_work()
    elif what == "deletes a Job":
        world.jobs.pop(max(world.jobs, default=""), None)
    elif isinstance(what, Mapping) and what in PEOPLE:
        world.annotate(what)
    elif isinstance(what, Mapping):
        world.change(**what)


def on_the_way(rounds: int, *, retries: int = 0, rollback: int = STEPS, helps: bool = False) -> Operators:
    """A plan that has been looked at so many times without trouble."""
    operators = Operators(World(retries, rollback, helps))
    for _ in range(rounds):
        operators.quietly()
    return operators


class Plans(RuleBasedStateMachine):
    """One plan, two operators, and the world around them."""

    def __init__(self) -> None:
        super().__init__()
        self.operators = on_the_way(0)

    @property
    def world(self) -> World:
        return self.operators.world

    @initialize(
        retries=st.sampled_from([0, 0, 1]),
        rollback=st.sampled_from([0, STEPS, STEPS]),
        helps=st.booleans(),
        rounds=st.sampled_from([0, 0, 0, *range(1, ROUNDS)]),
    )
    def a_plan_that_has_gone_some_way(self, retries: int, rollback: int, helps: bool, rounds: int) -> None:
        self.operators = on_the_way(rounds, retries=retries, rollback=rollback, helps=helps)

    @rule(how=st.sampled_from([*HOW[:1] * 3, *HOW]))
    def the_first_operator_works(self, how: str) -> None:
        self.operators.work("first", how)

    @rule(how=st.sampled_from([*HOW[:1] * 3, *HOW]))
    def the_second_operator_works(self, how: str) -> None:
        self.operators.work("second", how)

    @precondition(lambda self: self.world.running)
    @rule(how=st.sampled_from([*ENDS[:1] * 2, *ENDS]), told=st.sampled_from([True, True, False]))
    def a_job_ends(self, how: str, told: bool) -> None:
        self.world.end_job(self.world.running[0], how, told=told)

    @rule(seconds=st.sampled_from([1, 5, 20, 60]))
    def a_while_passes_and_all_is_well(self, seconds: int) -> None:
        self.world.is_well(seconds)

    @rule(what=st.sampled_from(TROUBLES))
    def something_happens(self, what: Trouble) -> None:
        happens(self.world, what)

    @invariant()
    def all_that_must_hold_does(self) -> None:
        self.operators.check()

    def teardown(self) -> None:
        self.operators.come_to_an_end()


TestPlans = Plans.TestCase
TestPlans.settings = settings(max_examples=500, stateful_step_count=40, derandomize=True, deadline=None)


@pytest.mark.parametrize(("helps", "rollback"), [(True, STEPS), (False, STEPS), (False, 0)])
@pytest.mark.parametrize("how", ENDS)
def test_any_single_trouble_at_any_moment_is_got_over(how: str, helps: bool, rollback: int) -> None:
    for rounds in range(ROUNDS):
        for what in TROUBLES:
            operators = on_the_way(rounds, retries=rounds % 2, rollback=rollback, helps=helps)
            operators.work("first")
            happens(operators.world, what)
            operators.go_on("second", how)
            happens(operators.world, what)
            for _ in range(5):
                operators.go_on("first", how)
            operators.come_to_an_end()
