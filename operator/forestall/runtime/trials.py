"""Tries a plan on the twin: when it is drafted on what its policy's inspection saw, before each Job on the present."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import RemediationPlanSpec
from forestall.api.runbook import Runbook
from forestall.gates.facts import Facts, Simulation
from forestall.inspection.queries import queries
from forestall.planning.runbooks import completed, problem
from forestall.planning.simulate import MOST_OPTIONS, Option, Simulated, examine, options
from forestall.planning.targets import target_of
from forestall.runtime.context import Context, Pass
from forestall.runtime.policies import measured, metrics_problem


@dataclass(frozen=True, slots=True)
class Trial:
    """A plan's candidates as simulated on what a pass has seen."""

    done: Pass
    target: Key
    simulated: tuple[Simulated, ...]
    plan: RemediationPlanSpec

    @property
    def own(self) -> Simulated | None:
        """The plan's own candidate; None where its runbook is not on the response's ladder."""
        every = self.simulated
        return next((one for one in every if self.plan.is_of(one.candidate.runbook, one.candidate.parameters)), None)


async def tried(context: Context, facts: Facts) -> Trial | str:
    """The plan on the snapshot of its policy's last inspection; or why that cannot be simulated."""
    done = context.passes.get(facts.policy.key) if facts.policy else None
    return "waits for an inspection" if facts.policy and done is None else await _tried(context, facts, done)


async def now(context: Context, facts: Facts) -> Simulation:
    """The plan on the twin as it is now, and on what is measured now.

    What has changed since the inspection counts, whether or not another inspection has seen it.
    """
    present = await _present(context, facts.policy) if facts.policy else None
    trial = present if isinstance(present, str) else await _tried(context, facts, present)
    if isinstance(trial, str):
        return Simulation(problem=trial)
    if trial.own is None:
        return Simulation(f"runbook {trial.plan.runbook_ref.name} is no longer on the response's ladder")
    return Simulation(trial.own.candidate.counterexample)


async def _present(context: Context, policy: InspectionPolicy) -> Pass | str:
    """The policy's last pass, with snapshot and measurements of now; or why there is none."""
    done, twin = context.passes.get(policy.key), context.twins.get(policy.spec.twin_ref.name)
    if done is None or done.generation != policy.metadata.generation:
        return "waits for an inspection by the policy as it is now"
    if twin is None:
        return f"there is no twin {policy.spec.twin_ref.name}"
    answers = await measured(context, policy, twin)
    if error := metrics_problem(answers, queries(policy), twin.metrics_error):
        return error
    # Asked last: nothing is waited for between this and the snapshot.
    return replace(done, snapshot=twin.snapshot(), measurements=answers) if twin.ready else "the twin misses changes"


async def _tried(context: Context, facts: Facts, done: Pass | None) -> Trial | str:
    """Simulate the response's ladder with the plan's own arguments in it; or why that cannot be done."""
    if facts.policy is None or facts.finding is None or facts.response is None or done is None:
        return "its policy, finding or response is gone: the policy must have a response that matches the finding"
    name = facts.plan.spec.runbook_ref.name
    place = target(facts, done)
    if facts.runbook is None:
        return f"runbook {name} is missing"
    if place is None:
        return "none of the finding's targets that the runbook may act on is in the twin"
    chosen = _options(context, facts, done, place)
    simulated = await asyncio.to_thread(
        examine, facts.policy, done.snapshot, done.measurements, facts.finding, options=chosen
    )
    return Trial(done, place, simulated, facts.plan.spec)


def target(facts: Facts, done: Pass) -> Key | None:
    """What the plan acts on, by its finding, its runbook and its arguments; None: the twin has no such object."""
    if facts.finding is None or facts.runbook is None:
        return None
    given = {item.name: item.value for item in facts.plan.spec.parameters}
    return target_of(facts.runbook.spec, given, facts.finding, done.snapshot)


def _options(context: Context, facts: Facts, done: Pass, place: Key) -> list[Option]:
    """The response's rungs; first of all the plan's own runbook with its own arguments, if it is on the ladder."""
    given, found = facts.plan.spec, list[Option]()
    for rung in facts.response.ladder if facts.response else ():
        runbook = context.store.get(Runbook, "", rung.runbook)
        if runbook is None or problem(runbook) or facts.finding is None:
            continue
        if rung.runbook == given.runbook_ref.name and not any(_is_own(given, one) for one in found):
            found.insert(0, Option(runbook, place, given.parameters))
        found.extend(one for one in options(rung, runbook, facts.finding, done.snapshot)[0] if not _is_own(given, one))
    return found[:MOST_OPTIONS]


def _is_own(plan: RemediationPlanSpec, option: Option) -> bool:
    """Whether an option comes to the plan's, defaults counted."""
    spec = option.runbook.spec
    values, own = ({one.name: one.value for one in given} for given in (option.parameters, plan.parameters))
    return option.runbook.metadata.name == plan.runbook_ref.name and completed(spec, values) == completed(spec, own)
