"""Whether an open finding gets a plan now, and which one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from forestall.api.base import Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy, Response
from forestall.api.remediationplan import TERMINAL, RemediationPlan, RunbookRef
from forestall.api.runbook import Runbook
from forestall.planning.record import Record, since_detected, tried
from forestall.planning.runbooks import completed
from forestall.planning.simulate import DO_NOTHING, MOST_OPTIONS, Option, Simulated, examine, options
from forestall.planning.targets import key_of, known
from forestall.ports import Measurement
from forestall.twin.views import Snapshot

_LONGEST: Final = 1024  # characters that a message of an object takes
_SUCCEEDED: Final = "plan {} succeeded: the next inspection decides whether the finding is closed"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan to be created: its name and spec but for the proposer, the response it is from, and what was tried."""

    name: str
    response: Response
    runbook_ref: RunbookRef
    parameters: tuple[Parameter, ...]
    simulated: tuple[Simulated, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No plan, why, and what was tried."""

    reason: str
    simulated: tuple[Simulated, ...] = ()
    exhausted: bool = False
    """Whether something was tried and nothing is left to try: the finding is a person's now."""
    lacking: bool = False
    """Whether the finding would take a plan, if there were one to make."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """One rung of the ladder, bound to a target."""

    number: int
    option: Option


def propose(
    policy: InspectionPolicy,
    finding: Finding,
    plans: Sequence[RemediationPlan],
    *,
    proposer: str,
    runbooks: Mapping[str, Runbook],
    snapshot: Snapshot,
    measurements: Mapping[str, Measurement],
    now: datetime,
) -> Proposal | Nothing:
    """The plan that `proposer` creates for a finding, if any. `plans` are all of the namespace's, `runbooks` by name.

    What a person rejected since the finding was detected is not proposed again, and what a person has taken over is
    left alone. A rung that was tried as often as the policy allows gives way to the others; one that came to nothing
    rests for a while. At most one plan is active at a time. All of this is read from the plans that there are.
    """
    own = [plan for plan in plans if plan.spec.finding_ref.name == finding.metadata.name]
    response = matching(policy, finding)
    if reason := _resting(finding) or _planned(finding, own):
        return Nothing(reason)
    if response is None or response.mode == "Observe":
        return Nothing(_unanswered(policy, finding, response), lacking=True)
    if not any(known(snapshot, key_of(ref)) for ref in finding.status.targets):
        return Nothing(f"no target of finding {finding.metadata.name} is in the twin", lacking=True)
    lately = [plan for plan in own if since_detected(plan, finding)]
    bound, unmet = _bound(response, runbooks, snapshot, finding)
    record = Record(finding.metadata.name, proposer, policy.spec.execution, lately, now)
    rungs, barred, resting = _open(bound, record, _refused(lately, runbooks), runbooks)
    simulated = examine(policy, snapshot, measurements, finding, options=[rung.option for rung in rungs])
    if best := _best(finding, own, response, rungs, simulated):
        return best
    exhausted = not resting and any(tried(plan) for plan in lately)
    return Nothing(_unmet([*unmet, *barred], simulated), simulated, exhausted, lacking=True)


def matching(policy: InspectionPolicy, finding: Finding) -> Response | None:
    """The response that answers the finding: the first one that matches."""
    return next((one for one in policy.spec.responses if finding.spec.type in one.match.types), None)


def _resting(finding: Finding) -> str:
    return f"the finding is {finding.status.state}" if finding.status.state in ("Cleared", "Closed") else ""


def _planned(finding: Finding, plans: Sequence[RemediationPlan]) -> str:
    """Why the plans that there are leave no place for another one."""
    for plan in plans:
        if plan.status.phase not in TERMINAL:
            return f"plan {plan.metadata.name} is {plan.status.phase}"
    for plan in plans:
        if not since_detected(plan, finding):
            continue
        if plan.status.phase == "Succeeded":
            return _SUCCEEDED.format(plan.metadata.name)
        if plan.status.assignee is not None and plan.status.assignee.kind == "Human":
            return f"plan {plan.metadata.name} was handed to a person: {plan.status.message}"
    return ""


def _unanswered(policy: InspectionPolicy, finding: Finding, response: Response | None) -> str:
    if response is None:
        return f"no response of policy {policy.metadata.name} matches findings of type {finding.spec.type}; add one"
    return f"response {response.name} is in mode Observe"


_Pair = tuple[str, tuple[tuple[str, str], ...]]


def _refused(plans: Sequence[RemediationPlan], runbooks: Mapping[str, Runbook]) -> Mapping[_Pair, str]:
    """Runbooks with their arguments that a person rejected, and the plan."""
    rejected = (plan for plan in plans if plan.status.phase == "Rejected")
    return {_pair(plan.spec.runbook_ref.name, plan.spec.parameters, runbooks): plan.metadata.name for plan in rejected}


def _pair(name: str, given: Sequence[Parameter], runbooks: Mapping[str, Runbook]) -> _Pair:
    values = {item.name: item.value for item in given}
    filled = completed(runbooks[name].spec, values) if name in runbooks else values
    return name, tuple(sorted(filled.items()))


def _bound(
    response: Response, runbooks: Mapping[str, Runbook], snapshot: Snapshot, finding: Finding
) -> tuple[Sequence[_Rung], Sequence[str]]:
    """The rungs with their targets and arguments, and why others have none."""
    rungs: list[_Rung] = []
    unmet: list[str] = []
    for number, rung in enumerate(response.ladder, start=1):
        runbook = runbooks.get(rung.runbook)
        if runbook is None:
            unmet.append(f"there is no Runbook {rung.runbook}")
            continue
        found, why = options(rung, runbook, finding, snapshot)
        rungs.extend(_Rung(number, option) for option in found)
        unmet.extend([f"{rung.runbook}: {why}"] if why else [])
    return rungs[:MOST_OPTIONS], unmet


def _open(
    rungs: Sequence[_Rung], record: Record, refused: Mapping[_Pair, str], runbooks: Mapping[str, Runbook]
) -> tuple[Sequence[_Rung], Sequence[str], bool]:
    """The rungs that may be tried now, why the others may not, and whether one of these only rests."""
    free, barred, resting = [], [], False
    for rung in rungs:
        name = rung.option.runbook.metadata.name
        plan = refused.get(_pair(name, rung.option.parameters, runbooks))
        until = record.rests_until(rung.number, name)
        if plan is not None:
            barred.append(f"{name} was rejected in plan {plan}")
        elif record.used_up(rung.number, name):
            barred.append(f"{name} was tried as often as execution.maxAttempts allows")
        elif until is not None:
            barred.append(f"{name} came to nothing and rests until {until.isoformat(timespec='seconds')}")
            resting = True
        else:
            free.append(rung)
    return free, barred, resting


def _best(
    finding: Finding,
    plans: Sequence[RemediationPlan],
    response: Response,
    rungs: Sequence[_Rung],
    simulated: tuple[Simulated, ...],
) -> Proposal | None:
    """The chosen candidate as a plan; None where that is doing nothing."""
    chosen = next(one.candidate for one in simulated if one.candidate.verdict == "Chosen")
    for rung in rungs:
        option = rung.option
        if (chosen.runbook, chosen.parameters) == (option.runbook.metadata.name, option.parameters):
            ref = RunbookRef(name=chosen.runbook, version=option.runbook.spec.version)
            return Proposal(_name(finding, rung.number, plans), response, ref, chosen.parameters, simulated)
    return None


def _name(finding: Finding, rung: int, plans: Sequence[RemediationPlan]) -> str:
    """The name after the highest one of that rung, so that no name returns when old plans are removed."""
    prefix = f"{finding.metadata.name}-{rung}-"
    tails = (plan.metadata.name.removeprefix(prefix) for plan in plans if plan.metadata.name.startswith(prefix))
    numbers = (int(tail) for tail in tails if tail.isascii() and tail.isdigit() and len(tail) < 10)
    return f"{prefix}{max(numbers, default=0) + 1}"


def _unmet(unmet: Sequence[str], simulated: Sequence[Simulated]) -> str:
    """Why no candidate is planned."""
    tried = (
        f"{one.candidate.runbook}: {one.candidate.counterexample or 'no better than doing nothing'}"
        for one in simulated
        if one.candidate.runbook != DO_NOTHING
    )
    return "; ".join((*unmet, *tried))[:_LONGEST] or "the response has no runbook on its ladder"
