"""One lane of the harness: faults, one after the other, in a market of its own."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from forestall.api.base import GROUP, VERSION
from forestall.api.remediationplan import RemediationPlan
from tools.demo.loop import Loop
from tools.demo.people import Person
from tools.demo.stage import Stage
from tools.demo.waiting import Stuck, await_value
from tools.faults.actions import jobs_of, unapproved
from tools.faults.catalogue import Calm, Command, Fault
from tools.faults.differences import Path, Ref, differences, path_of
from tools.faults.guard import Guard
from tools.faults.judge import Before, Judge, State
from tools.faults.market import Market
from tools.faults.outcomes import CalmOutcome, Outcome
from tools.faults.undo import undo

ACTIONS = "forestall-actions"
"""Namespace of the action Jobs."""

PATIENCE = 120.0
"""Seconds after which a step of the loop has not come."""

QUIET = 45.0
"""Seconds that a change which is no fault is watched for, once it is done."""

FAILURES = (Stuck, RuntimeError, TimeoutError, subprocess.CalledProcessError)
"""How a step of the harness fails."""

ALICE = ("alice", "market-supervisors")
"""May approve the market's plans."""


@dataclass(frozen=True)
class Start:
    """The moment right after a change was made."""

    since: datetime
    """When it was begun."""
    before: Before
    jobs: frozenset[str]
    """Names of the Jobs that there were."""


class Lane:
    """A market in a namespace, its policy, and a person who approves its plans."""

    def __init__(self, stage: Stage, namespace: str) -> None:
        self._stage = stage
        self._namespace = namespace
        self._market = Market(stage, namespace, GROUP)
        self._loop = Loop(stage.cluster.get, namespace, stage.tell, PATIENCE)
        self._opened = State((), ())
        self._alice = Person(stage, namespace, *ALICE)

    def open(self, *, with_large: bool) -> None:
        """Bring in the market."""
        self._market.open(with_large=with_large)
        self._opened = self._market.state()

    def fault(self, fault: Fault) -> Outcome:
        """Bring the fault in, follow it to its end, have it judged, and undo it all."""
        self._stage.tell.chapter(fault.title)
        outcome = Outcome(fault.name, fault.title)
        with self._noting(outcome.lapses):
            start = self._begin(fault.inject)
            with Guard(self._market.state, start.before.state) as guard:
                plan = self._follow(fault, start, outcome)
            outcome.unsafe.extend((*guard.harm, *unapproved(self._jobs(), start.jobs, self._loop.plans())))
            self._stop_loop()
            if plan:
                outcome.lapses.extend(self._undo(plan, start.before))
            outcome.lapses.extend(self._restore(start))
        self._stage.tell.say(f"{fault.title}: {'closed' if outcome.closed else (*outcome.unsafe, *outcome.lapses)}")
        return outcome

    def calm(self, change: Calm) -> CalmOutcome:
        """Make a change that is no fault, and see what is made of it."""
        self._stage.tell.chapter(change.title)
        outcome = CalmOutcome(change.name, change.title)
        with self._noting(outcome.lapses):
            start = self._begin(change.change)
            with self._noting(outcome.lapses):
                self._market.await_well(start.before.state)
            time.sleep(QUIET)
            outcome.findings = [one.status.message for one in self._loop.findings()]
            outcome.plans = [f"{one.metadata.name}: {one.status.phase}" for one in self._loop.plans()]
            outcome.actions = [*self._jobs().keys() - start.jobs]
            self._stop_loop()
            outcome.lapses.extend(self._restore(start))
        return outcome

    @contextmanager
    def _noting(self, lapses: list[str]) -> Iterator[None]:
        """Note what goes wrong in the block, and go on behind it: one miss must not cost the others."""
        try:
            yield
        except FAILURES as error:
            lapses.append(str(error).partition("\n")[0])
            self._stage.tell.say("\n".join([str(error), *getattr(error, "__notes__", ())]))

    def _begin(self, commands: Sequence[Command]) -> Start:
        """Have all well, the policy in force and nothing found; capture the baseline, and make the change."""
        self._market.await_well(self._opened)
        self._stage.apply("policy.yaml", namespace=self._namespace)
        self._loop.await_inspected()
        baseline, state = self._market.objects(), self._market.state()
        if raised := self._loop.findings():
            raise Stuck(f"found before anything was done: {[one.status.message for one in raised]}")
        jobs, since = frozenset(self._jobs()), datetime.now(UTC)
        for command in commands:
            self._market.kubectl(*command)
        return Start(since, Before(baseline, self._market.objects(), state, self._market.goals()), jobs)

    def _follow(self, fault: Fault, start: Start, outcome: Outcome) -> RemediationPlan | None:
        """Follow the fault to its closure, and have that judged; the plan that ran, None where it is a miss."""
        plan = None
        with self._noting(outcome.lapses):
            plan = self._close(fault, start.since, outcome)
            judge = Judge(self._market, start.before, time.monotonic, time.sleep)
            verdict = judge.judge(fault.workload, self._writes(plan))
            outcome.lapses.extend(verdict.lapses)
            outcome.unsafe.extend(verdict.unsafe)
        return plan

    def _close(self, fault: Fault, since: datetime, outcome: Outcome) -> RemediationPlan:
        """Follow the fault through finding, plan, Alice's approval and Job. Raises Stuck where it is not closed."""
        finding = self._loop.await_finding(fault.finding, fault.resource)
        outcome.detected = _seconds(since, finding.status.detected_at)
        plan = self._loop.await_plan(finding)
        outcome.proposed, outcome.runbook = _seconds(since, datetime.now(UTC)), plan.spec.runbook_ref.name
        outcome.job = self._approve(plan)
        ended = self._loop.await_end(plan, "Succeeded")
        outcome.verified = _seconds(since, ended.status.timestamps.verified)
        self._loop.await_closed(finding)
        outcome.one_hop = True
        return ended

    def _approve(self, plan: RemediationPlan) -> float:
        """Have Alice approve the plan; seconds from her command until its Job is there."""
        entered = time.monotonic()
        self._alice.approve(plan)

        def job() -> bool | None:
            return plan.metadata.uid in self._jobs().values() or None

        await_value(f"a Job of plan {plan.metadata.name}", job, state=lambda: "it never came", timeout=PATIENCE)
        return time.monotonic() - entered

    def _undo(self, plan: RemediationPlan, before: Before) -> list[str]:
        """Run the plan's inverse; what is not as it was with the fault."""
        failed = undo(plan, self._stage.cluster.kubeconfig)
        found = differences(before.injected, self._market.objects())
        return failed or [f"the inverse does not lead back: {one}" for one in found]

    def _restore(self, start: Start) -> list[str]:
        """Put back all that was changed; what is not as it was at first."""
        left = self._market.restore(start.before.baseline)
        self._market.await_well(start.before.state)
        return left

    def _stop_loop(self) -> None:
        """Remove the policy, and what it has led to: what follows is no part of the loop."""
        self._market.kubectl("delete", "inspectionpolicies,remediationplans,findings", "--all")

    def _writes(self, plan: RemediationPlan) -> Sequence[tuple[Ref, Path]]:
        """Fields that the plan's runbook says it writes, of the plan's target."""
        if plan.status.target is None:
            raise Stuck(f"plan {plan.metadata.name} has no target")
        ref = plan.status.target.ref
        runbook = self._stage.cluster.get(f"/apis/{GROUP}/{VERSION}/runbooks/{plan.spec.runbook_ref.name}")
        return [(Ref(ref.kind, ref.namespace, ref.name), path_of(text)) for text in runbook["spec"]["writes"]]

    def _jobs(self) -> dict[str, str]:
        """Return the action Jobs of this namespace's plans, each with its plan's UID."""
        found = self._stage.cluster.get(f"/apis/batch/v1/namespaces/{ACTIONS}/jobs") or {}
        return jobs_of(self._namespace, found.get("items", ()))


def _seconds(since: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else (moment - since).total_seconds()
