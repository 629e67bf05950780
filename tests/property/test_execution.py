"""Whatever crashes, comes late, comes twice or changes its mind: a step runs at most once, and only as approved.

The world is a plan of two steps with its stored status, the Jobs there are, and a target. Two operators work on it
at the same time; each looks, and some time later writes under the version that it saw and acts. Either may die
between any two of these. People, strangers and the passing of time do what they like in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from forestall.api.remediationplan import APPROVE, APPROVED_BY, REJECT, REJECTED_BY, TERMINAL, Attempt, RemediationPlan
from forestall.execution.decide import decide
from forestall.execution.decision import CreateJob, Decision
from forestall.execution.moves import next_attempt
from forestall.gates.facts import Facts, Inspected, JobState, LiveTarget
from tests.unit.gates.scene import APPROVED, DIGEST, NOW, OTHER_DIGEST, READS, facts, finding, plan, policy, rendered

HOW = st.sampled_from([*["looks and acts"] * 4, "looks", "acts late", "dies before writing", "dies before acting"])
ACTING = frozenset(("Approved", "Preflight", "Blocked", "Executing"))
STEPS = 2
CHANGES: Sequence[Mapping[str, Any]] = (
    {"suspended": True},
    {"mode": "Propose"},
    {"enforced": False},
    {"inspected_at": None},
    {"cleared": True},
    {"counterexample": "goal up breaks"},
    {"counterexample": None},
    {"target": "edited"},
    {"now": NOW + timedelta(days=1)},
)
"""What can become of the world around a plan."""
WITHDRAWN: Mapping[str, str] = {}
EXCHANGED = {APPROVE: OTHER_DIGEST, APPROVED_BY: "eve"}
REJECTED = {**APPROVED, REJECT: "no", REJECTED_BY: "bob"}
STRANGERS = ("deletes a Job", "takes the next name")


@dataclass
class Job:
    """A Job as the API server has it, and what its action makes sure of before it changes anything."""

    state: JobState
    step: tuple[int, int]
    expects: str

    @property
    def runs(self) -> bool:
        return self.state.state == "Active"


@dataclass
class Look:
    """What an operator saw, whether every gate was open then, and what it decided."""

    version: int
    decision: Decision
    open: bool
    seen: RemediationPlan


class Plans(RuleBasedStateMachine):
    """One plan, two operators, and the world around them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.version = 1
        self.plan = plan(rendered(phase="PendingApproval", steps=STEPS, approval=None), APPROVED)
        self.jobs: dict[str, Job] = {}
        self.looks: dict[str, Look] = {}
        self.target = READS
        self.suspended, self.mode, self.enforced, self.cleared = False, "Open", True, False
        self.inspected_at: datetime | None = NOW
        self.counterexample: str | None = ""
        self.effects: Counter[tuple[int, int]] = Counter()
        self.end: RemediationPlan | None = None

    @initialize(what=st.sampled_from([{}, *CHANGES]))
    def the_world_is_not_always_well(self, what: Mapping[str, Any]) -> None:
        vars(self).update(what)

    # What operators do

    @rule(how=HOW)
    def the_first_operator_works(self, how: str) -> None:
        self._work("first", how)

    @rule(how=HOW)
    def the_second_operator_works(self, how: str) -> None:
        self._work("second", how)

    def _work(self, operator: str, how: str) -> None:
        if how in {"looks", "looks and acts"}:
            known = self._facts()
            self.looks[operator] = Look(self.version, decide(known, self.now), self._open(known), self.plan)
        if how != "looks":
            self._act(self.looks.pop(operator, None), how)

    def _act(self, look: Look | None, how: str) -> None:
        if look is None or how == "dies before writing" or not self._write(look):
            return
        for action in look.decision.actions if how != "dies before acting" else ():
            if isinstance(action, CreateJob):
                self._create(action.attempt, look)
            elif action.name in self.jobs and self.jobs[action.name].state.state in {"Active", "Suspended"}:
                self._set(action.name, state="Suspended" if action.suspend else "Active")

    def _write(self, look: Look) -> bool:
        """Write the status under the version that was seen; nothing is written where nothing differs."""
        if look.decision.status == look.seen.status:
            return True
        if look.version != self.version:
            return False
        self._change(self.plan.model_copy(update={"status": look.decision.status}))
        return True

    def _create(self, attempt: Attempt, look: Look) -> None:
        assert look.open, "a Job is created although a gate was shut"
        recorded = {one.job_name: one for one in self.plan.status.attempts}
        assert attempt.job_name in recorded, "a Job is created before its attempt is on record"
        assert recorded[attempt.job_name].accepted_at is None, "a Job that was accepted once is created again"
        assert self.plan.status.phase not in TERMINAL, "a Job is created for a plan that has ended"
        if attempt.job_name not in self.jobs:
            state = JobState(attempt.job_name, "Active", created_at=self.now)
            self.jobs[attempt.job_name] = Job(state, (attempt.step, attempt.attempt), self.plan.status.expected_hash)

    # What Jobs do

    @precondition(lambda self: any(job.runs for job in self.jobs.values()))
    @rule(
        end=st.sampled_from(["done", "done", "nothing to do", "failed", "failed half-way", "out of time"]),
        told=st.booleans(),
    )
    def job_ends(self, end: str, told: bool) -> None:
        name, job = next((name, job) for name, job in self.jobs.items() if job.runs)
        if self.target != job.expects:
            self._finish(name, "Failed", exit_code=40)
        elif end == "nothing to do":
            self._finish(name, "Failed", exit_code=41, target_hash=self.target if told else "")
        elif end in {"failed", "out of time"}:
            self._finish(name, "Failed", exit_code=1, timed_out=end == "out of time")
        else:
            self.effects[job.step] += 1
            self.target = f"{READS} {job.step}"
            if end == "done":
                self._finish(name, "Complete", exit_code=0, target_hash=self.target)
            else:
                self._finish(name, "Failed", exit_code=1)

    # What people, strangers and the world do

    @rule(seconds=st.sampled_from([1, 5, 20, 60]))
    def a_while_passes_and_all_is_well(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.inspected_at, self.cleared, self.counterexample = self.now, len(self.effects) == STEPS, ""
        self.suspended, self.mode, self.enforced = False, "Open", True
        if self.plan.metadata.annotations in (WITHDRAWN, EXCHANGED):
            self._annotate(APPROVED)

    @rule(what=st.sampled_from([*CHANGES, *CHANGES, WITHDRAWN, EXCHANGED, REJECTED, *STRANGERS, *STRANGERS]))
    def something_happens(self, what: Mapping[str, Any] | str) -> None:
        if isinstance(what, str):
            self._by_a_stranger(what)
        elif what in CHANGES:
            vars(self).update(what)
        else:
            self._annotate(what)

    def _by_a_stranger(self, what: str) -> None:
        if what == "takes the next name" and self.plan.status.phase not in TERMINAL:
            name = next_attempt(self._facts(), self.now).job_name
            self.jobs.setdefault(name, Job(JobState(name, "Foreign"), (-1, -1), "nothing"))
        elif self.jobs:
            self.jobs.pop(max(self.jobs))

    # What must hold

    @invariant()
    def no_step_takes_effect_twice(self) -> None:
        assert all(count == 1 for count in self.effects.values())
        steps = Counter(step for step, _ in self.effects)
        assert all(count == 1 for count in steps.values())

    @invariant()
    def one_job_runs_at_a_time(self) -> None:
        assert sum(job.runs for job in self.jobs.values()) <= 1

    @invariant()
    def attempts_are_told_apart(self) -> None:
        attempts = self.plan.status.attempts
        assert (
            len({(one.step, one.attempt) for one in attempts})
            == len({one.job_name for one in attempts})
            == len(attempts)
        )

    @invariant()
    def an_end_is_an_end(self) -> None:
        if self.end is not None:
            assert self.plan.status == self.end.status
        elif self.plan.status.phase in TERMINAL:
            self.end = self.plan

    @invariant()
    def success_is_every_step_done_and_verified(self) -> None:
        status = self.plan.status
        if status.phase == "Succeeded":
            assert [one.step for one in status.attempts if one.outcome == "Success"] == list(range(STEPS))
            assert status.verification is not None
            assert status.verification.result == "Fulfilled"

    def teardown(self) -> None:
        """In a quiet world every plan comes to an end."""
        for _ in range(30):
            self.a_while_passes_and_all_is_well(20)
            self._work("first", "looks and acts")
            if any(job.runs for job in self.jobs.values()):
                self.job_ends("done", told=True)
        assert self.plan.status.phase in TERMINAL

    # How the world looks to an operator

    def _facts(self) -> Facts:
        mode = policy(mode=self.mode, suspend=self.suspended, execution={"approvalLifetime": "2h"})
        known = facts(
            policy=mode,
            response=mode.spec.responses[0],
            finding=finding(state="Cleared" if self.cleared else "Planned"),
            inspected=self._inspected(),
            approval_enforced=self.enforced,
            live=None,
            counterexample=None,
        )
        known = replace(known, plan=self.plan, plan_digest=DIGEST, jobs=self._read())
        acting = self.plan.status.phase in ACTING or APPROVE in self.plan.metadata.annotations
        if acting and all(job.state == "Absent" for job in known.jobs.values()):
            live = LiveTarget(uid="uid-cart", reads_hash=self.target)
            known = replace(known, live=live, counterexample=self.counterexample)
        return known

    def _inspected(self) -> Inspected | None:
        if self.inspected_at is None:
            return None
        return Inspected(at=self.inspected_at, finding_present=not self.cleared, problem="", metrics_ok=True)

    def _read(self) -> dict[str, JobState]:
        """The last attempt's Job, as the runtime reads it."""
        if self.plan.status.phase != "Executing":
            return {}
        name = self.plan.status.attempts[-1].job_name
        return {name: self.jobs[name].state if name in self.jobs else JobState(name, "Absent")}

    def _open(self, known: Facts) -> bool:
        """Whether all that must hold for a Job does, told without the gates."""
        approval, annotations = known.plan.status.approval, known.annotations
        in_time = approval is None or self.now < approval.expires_at
        seen_lately = self.inspected_at is not None and self.now - self.inspected_at <= timedelta(minutes=15)
        return (
            (annotations.get(APPROVE), bool(annotations.get(APPROVED_BY))) == (DIGEST, True)
            and REJECT not in annotations
            and in_time
            and seen_lately
            and self.enforced
            and self.mode == "Open"
            and not self.suspended
            and self.counterexample == ""
            and self.target == known.plan.status.expected_hash
        )

    def _annotate(self, annotations: Mapping[str, str]) -> None:
        metadata = self.plan.metadata.model_copy(update={"annotations": annotations})
        self._change(self.plan.model_copy(update={"metadata": metadata}))

    def _change(self, changed: RemediationPlan) -> None:
        self.plan, self.version = changed, self.version + 1

    def _finish(self, name: str, state: Literal["Complete", "Failed"], **more: Any) -> None:
        self._set(name, state=state, finished_at=self.now, **more)

    def _set(self, name: str, **changes: Any) -> None:
        self.jobs[name].state = replace(self.jobs[name].state, **changes)


TestPlans = Plans.TestCase
TestPlans.settings = settings(max_examples=200, stateful_step_count=40, derandomize=True, deadline=None)
