"""The world around one plan: its stored status, the Jobs there are, a target, and what people and policies say.

The plan has two steps and, where it has a way back, two that undo them, the last one first. What a step has changed
stands at the end of the target's text until it is undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from forestall.api.remediationplan import (
    APPROVE,
    APPROVED_BY,
    REJECT,
    REJECTED_BY,
    TAKE_OVER,
    TAKEN_OVER_BY,
    TERMINAL,
    Attempt,
    RemediationPlan,
    RemediationPlanStatus,
)
from forestall.execution.moves import DONE, current, next_attempt
from forestall.gates.facts import Facts, Inspected, JobState, LiveTarget, Simulation
from forestall.ports import Json
from tests.unit.execution.scene import PREDICTION
from tests.unit.gates.scene import (
    APPROVED,
    CONTENT,
    DIGEST,
    NOW,
    OTHER_DIGEST,
    READS,
    facts,
    finding,
    pause,
    plan,
    policy,
    rendered,
    step,
)

STEPS = 2
EDITED = "edited by a stranger"
HARMLESS = Simulation()
ACTING = frozenset(("Approved", "Preflight", "Blocked", "Executing", "RollingBack"))
WITHDRAWN: Mapping[str, str] = {}
EXCHANGED = {APPROVE: OTHER_DIGEST, APPROVED_BY: "eve"}
REJECTED = {**APPROVED, REJECT: "no", REJECTED_BY: "bob"}
TAKEN = {TAKE_OVER: "mine", TAKEN_OVER_BY: "bob"}


def beginning(steps: int, retries: int, rollback: int) -> Json:
    """The status of a plan that waits for a person."""
    many = [{**step(f"step-{number}"), "retries": retries} for number in range(steps)]
    back = [step(f"undo-{number}") for number in reversed(range(rollback))]
    status = rendered(phase="PendingApproval", approval=None, prediction=PREDICTION)
    return {**status, "steps": many, "rollback": back}


def mark(attempt: Attempt) -> str:
    """What the step that an attempt is at, or undoes, leaves in the target."""
    return f"+{STEPS - 1 - attempt.step if attempt.rollback else attempt.step}"


def changed(attempt: Attempt, target: str) -> str:
    """The target as an attempt's action would leave it."""
    left = mark(attempt)
    if attempt.rollback:
        return target.replace(left, "")
    return target if left in target else target + left


@dataclass
class Job:
    """A Job as the API server has it, and what its action makes sure of before it changes anything."""

    state: JobState
    expects: str
    attempt: Attempt | None = None
    """None: it is a stranger's."""

    @property
    def runs(self) -> bool:
        return self.state.state == "Active"


@dataclass
class World:
    """Everything that an operator can look at, and that others change."""

    retries: int = 0
    rollback: int = STEPS
    helps: bool = True
    """Whether the finding goes away once every step is in effect."""
    now: datetime = NOW
    version: int = 1
    jobs: dict[str, Job] = field(default_factory=dict)
    target: str = READS
    left: str = READS
    """The target as the plan's own last effect left it."""
    suspended: bool = False
    policy_gone: bool = False
    finding_gone: bool = False
    paused: Literal["", "Pause", "Stop"] = ""
    mode: str = "Open"
    enforced: bool = True
    cleared: bool = False
    inspected_at: datetime | None = NOW
    simulation: Simulation = HARMLESS
    content: str = CONTENT
    effects: Counter[tuple[bool, int]] = field(default_factory=Counter)
    """How often each step, and each that undoes, has changed the target: by `rollback` and index."""
    usual: Facts = field(default_factory=facts)
    """What an operator reads of all that never changes here."""
    plan: RemediationPlan = field(init=False)

    def __post_init__(self) -> None:
        self.plan = plan(beginning(STEPS, self.retries, self.rollback), APPROVED)

    @property
    def status(self) -> RemediationPlanStatus:
        return self.plan.status

    @property
    def running(self) -> list[str]:
        return [name for name, job in self.jobs.items() if job.runs]

    # What changes it

    def change(self, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(self, name, value)

    def put(self, changed: RemediationPlan) -> None:
        self.plan, self.version = changed, self.version + 1

    def annotate(self, annotations: Mapping[str, str]) -> None:
        """People set and withdraw what they like; a take-over nobody can undo."""
        kept = TAKEN if TAKE_OVER in self.plan.metadata.annotations else {}
        metadata = self.plan.metadata.model_copy(update={"annotations": {**annotations, **kept}})
        self.put(self.plan.model_copy(update={"metadata": metadata}))

    def is_well(self, seconds: int) -> None:
        """Time passes, the policy has been inspected, and nothing is in the way any more."""
        self.now += timedelta(seconds=seconds)
        self.cleared = self.helps and all(f"+{step}" in self.target for step in range(STEPS))
        self.change(inspected_at=self.now, simulation=HARMLESS, suspended=False, mode="Open", enforced=True, paused="")
        self.change(policy_gone=False, finding_gone=False, content=CONTENT)
        if self.plan.metadata.annotations in (WITHDRAWN, EXCHANGED):
            self.annotate(APPROVED)

    def create(self, attempt: Attempt) -> None:
        """Create an attempt's Job, unless its name is taken."""
        name = attempt.job_name
        state = JobState(name, "Active", created_at=self.now)
        self.jobs.setdefault(name, Job(state, self.status.expected_hash, attempt))

    def suspend(self, name: str, *, stop: bool) -> None:
        if name in self.jobs and self.jobs[name].state.state in {"Active", "Suspended"}:
            self._set(name, state="Suspended" if stop else "Active")

    def take_name(self) -> None:
        """A stranger creates a Job under the name that comes next."""
        if self.status.phase not in TERMINAL:
            undoing = self.status.phase == "RollingBack"
            steps = self.status.rollback if undoing else self.status.steps
            attempt = next_attempt(self.facts(), self.now, rollback=undoing)
            if attempt.step < len(steps):
                self.jobs.setdefault(attempt.job_name, Job(JobState(attempt.job_name, "Foreign"), "nothing"))

    def do_the_work(self) -> None:
        """A stranger makes the change that the plan's next step would make."""
        step = sum(1 for one in self.status.attempts if not one.rollback and one.outcome in DONE)
        if self.status.phase not in TERMINAL and step < STEPS and self.target != EDITED:
            self.target = changed(Attempt(step=step, attempt=1, job_name="a-stranger-s", intended_at=NOW), self.target)

    def end_job(self, name: str, how: str, *, told: bool) -> None:
        """A Job's action ends, or is cut off and begins anew, in one of the ways that there are."""
        job = self.jobs[name]
        if job.attempt is None:
            raise ValueError("nobody knows what a stranger's Job does")
        if changed(job.attempt, self.target) == self.target != EDITED:
            self._finish(name, 41, told=told)
        elif self.target != job.expects:
            self._finish(name, 40, told=False)
        elif how == "nothing to do" and not job.attempt.rollback:
            self._finish(name, 41, told=told)
        elif how == "fails before":
            self._finish(name, 1, told=False)
        else:
            self._take_effect(job.attempt)
            if how != "is cut off":
                self._finish(name, 0 if how == "is done" else 1, told=told, timed_out=how == "runs out of time")

    def _take_effect(self, attempt: Attempt) -> None:
        if attempt.rollback:
            assert self.target.endswith(mark(attempt)), "a step is undone although a later one is still in effect"
        self.effects[attempt.rollback, attempt.step] += 1
        self.target = self.left = changed(attempt, self.target)

    def _finish(self, name: str, code: int, *, told: bool, timed_out: bool = False) -> None:
        end: JobState = replace(
            self.jobs[name].state,
            state="Failed" if code else "Complete",
            exit_code=None if timed_out else code,
            timed_out=timed_out,
            finished_at=self.now,
            target_hash=self.target if told and not timed_out else "",
        )
        self.jobs[name].state = end

    def _set(self, name: str, **changes: Any) -> None:
        self.jobs[name].state = replace(self.jobs[name].state, **changes)

    # How it looks to an operator

    def facts(self) -> Facts:
        """All that an operator reads for one decision."""
        mode = policy(mode=self.mode, suspend=self.suspended, execution={"approvalLifetime": "2h"})
        gone = self.policy_gone or self.finding_gone
        known = replace(
            self.usual,
            policy=None if self.policy_gone else mode,
            response=None if gone else mode.spec.responses[0],
            finding=None if gone else finding(state="Cleared" if self.cleared else "Planned"),
            inspected=None if gone else self._inspected(),
            pauses=(pause(level=self.paused),) if self.paused else (),
            approval_enforced=self.enforced,
            live=None,
            simulation=Simulation(problem="not asked"),
        )
        known = replace(known, plan=self.plan, plan_digest=DIGEST, content_now=self.content, jobs=self._read())
        return self._acting(known)

    def _acting(self, known: Facts) -> Facts:
        """The target and the twin are asked only where a Job may be created by the decision."""
        acting = self.status.phase in ACTING or APPROVE in self.plan.metadata.annotations
        if not acting or any(job.state != "Absent" for job in known.jobs.values()):
            return known
        live = LiveTarget(uid="uid-cart", reads_hash=self.target, as_wanted=self._as_wanted())
        return replace(known, live=live, simulation=self.simulation)

    def _as_wanted(self) -> bool:
        attempt = current(self.status)
        if attempt is None or attempt.accepted_at is None:
            return False
        return changed(attempt, self.target) == self.target != EDITED

    def _inspected(self) -> Inspected | None:
        if self.inspected_at is None:
            return None
        return Inspected(at=self.inspected_at, finding_present=not self.cleared, problem="", metrics_ok=True)

    def _read(self) -> dict[str, JobState]:
        """The Job of the attempt under way."""
        attempt = current(self.status)
        if self.status.phase not in {"Executing", "RollingBack"} or attempt is None:
            return {}
        found = self.jobs.get(attempt.job_name)
        return {attempt.job_name: found.state if found else JobState(attempt.job_name, "Absent")}

    # What lets a Job be, told without the gates

    @property
    def stops(self) -> bool:
        """Whether running Jobs are to be stopped."""
        stopped = self.policy_gone or self.suspended or self.paused == "Stop"
        return stopped or TAKE_OVER in self.plan.metadata.annotations

    @property
    def may_undo(self) -> bool:
        """Whether a Job that undoes may be created: the plan has changed something, all is as it left it, no stop."""
        as_left = self.target in {READS, self.left}
        return as_left and not self.stops and not self.paused and any(not rollback for rollback, _ in self.effects)

    @property
    def may_start(self) -> bool:
        """Whether a Job of a step may be created."""
        approval, annotations = self.status.approval, self.plan.metadata.annotations
        in_time = approval is None or self.now < approval.expires_at
        seen_lately = self.inspected_at is not None and self.now - self.inspected_at <= timedelta(minutes=15)
        return (
            (annotations.get(APPROVE), bool(annotations.get(APPROVED_BY))) == (DIGEST, True)
            and REJECT not in annotations
            and in_time
            and seen_lately
            and self.enforced
            and self.mode == "Open"
            and not self.stops
            and not self.paused
            and not self.finding_gone
            and self.simulation == HARMLESS
            and self.target == self.status.expected_hash
        )
