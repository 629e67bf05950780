"""Operators that work on one plan at the same time, each at its own pace, and what must hold of what they do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from forestall.api.remediationplan import TERMINAL, Attempt, RemediationPlan
from forestall.execution.decide import decide
from forestall.execution.decision import Action, CreateJob, Decision
from forestall.execution.moves import DONE
from tests.property.rules import keeps_to_the_rules
from tests.property.world import STEPS, World
from tests.unit.gates.scene import READS


@dataclass
class Look:
    """What an operator saw and decided, and what was true then."""

    version: int
    seen: RemediationPlan
    decision: Decision
    target: str
    may_start: bool
    may_undo: bool


@dataclass
class Operators:
    """Operators by name, each with what it saw last and has not acted on yet."""

    world: World
    looks: dict[str, Look] = field(default_factory=dict)
    end: RemediationPlan | None = None
    """The plan as it was when it ended."""

    def work(self, operator: str, how: str = "looks and acts") -> None:
        """Let an operator look, or act on what it saw, or die on the way."""
        if how in {"looks", "looks and acts"}:
            self.looks[operator] = self._look()
        if how != "looks":
            self._act(self.looks.pop(operator, None), how)
        if how == "looks and acts" and self.world.stops:
            assert not self.world.running, "a Job runs on although somebody has said stop"

    def quietly(self) -> None:
        """One look in a world without trouble, and the end of the Job that runs then."""
        self.world.is_well(20)
        self.go_on("first", "is done")

    def go_on(self, operator: str, how: str) -> None:
        """One look, and the end of the Job that runs then."""
        self.work(operator)
        if self.world.running:
            self.world.end_job(self.world.running[0], how, told=True)
        self.check()

    def come_to_an_end(self) -> None:
        """In a quiet world every plan comes to an end."""
        for _ in range(40):
            if self.world.status.phase not in TERMINAL:
                self.quietly()
        assert self.world.status.phase in TERMINAL

    def check(self) -> None:
        """Raise AssertionError where something has become of the plan that never may."""
        self._nothing_takes_effect_twice()
        self._an_end_is_an_end()
        self._an_end_is_what_it_is_called()

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
            assert look.may_undo, (
                "a Job undoes what was not changed, or what others have changed, or in spite of a stop"
            )
        else:
            assert look.may_start, "a Job is created although a gate was shut"
        recorded = {one.job_name: one for one in self.world.status.attempts}
        assert attempt.job_name in recorded, "a Job is created before its attempt is on record"
        assert recorded[attempt.job_name].accepted_at is None, "a Job that was accepted once is created again"
        assert self.world.status.phase not in TERMINAL, "a Job is created for a plan that has ended"
        self.world.create(attempt)

    def _nothing_takes_effect_twice(self) -> None:
        assert all(count == 1 for count in self.world.effects.values())
        assert len(self.world.running) <= 1
        attempts = [one for one in self.world.status.attempts if one.outcome != "FailureGuard"]
        tries = Counter((one.rollback, one.step) for one in attempts)
        assert all(count <= 1 + (0 if rollback else self.world.retries) for (rollback, _), count in tries.items())

    def _an_end_is_an_end(self) -> None:
        if self.end is not None:
            assert self.world.status == self.end.status
        elif self.world.status.phase in TERMINAL:
            self.end = self.world.plan
        assert self.end is None or not self.world.running

    def _an_end_is_what_it_is_called(self) -> None:
        status = self.world.status
        if status.phase == "Succeeded":
            assert [one.step for one in status.attempts if one.outcome in DONE] == list(range(STEPS))
            assert status.verification is not None
            assert status.verification.result == "Fulfilled"
        if status.phase == "RolledBack":
            assert status.undoing is not None
            assert status.undoing.result == "Fulfilled"
