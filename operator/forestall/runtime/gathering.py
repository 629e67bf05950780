"""Gathers the facts that one decision about one plan rests on. What may be acted on is read uncached."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forestall.adapters.resources import DEPLOYMENTS, PLANS, REPLICASETS, custom
from forestall.api.base import Key, Resource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import APPROVE, RemediationPlan
from forestall.api.runbook import Runbook
from forestall.gates.facts import Draft, Facts, Inspected, JobState, LiveTarget
from forestall.inspection.queries import queries
from forestall.planning import ownership
from forestall.planning.changes import ChangeImpossibleError, change, resolve
from forestall.planning.diff import unified_diff
from forestall.planning.hashing import reads_hash
from forestall.planning.propose import matching, target_of
from forestall.planning.render import plan_digest, render
from forestall.planning.risk import classify
from forestall.planning.runbooks import InvalidParameterError, arguments, bind, problem
from forestall.planning.runbooks import digest as runbook_digest
from forestall.planning.simulate import Option, Simulated, examine
from forestall.ports import Json, KubeError
from forestall.runtime import jobs
from forestall.runtime.canary import approvals_enforced
from forestall.runtime.context import Context, Pass
from forestall.runtime.policies import metrics_problem, report_problem

ACTING = frozenset(("Approved", "Preflight", "Blocked", "Executing"))
PREVIEW = "forestall-preview"


async def gather(context: Context, plan: RemediationPlan) -> Facts:
    """All facts for one decision. Raises KubeError where a read that the decision needs has no answer."""
    acting = plan.status.phase in ACTING or (plan.status.phase == "PendingApproval" and _approved(plan))
    if acting:
        plan = await _fresh(context, plan)
    facts = _known(context, plan)
    if not plan.status.candidates:
        draft = await _draft(context, facts)
        return replace(facts, draft=draft, plan_digest=plan_digest(draft.content_digest, plan.metadata.uid))
    found = await _jobs(context, plan)
    if not acting or any(job.state != "Absent" for job in found.values()):
        return replace(facts, jobs=found)
    await _reread(context, InspectionPolicy, plan.metadata.namespace or "", plan.spec.policy_ref.name)
    await _reread(context, Runbook, "", plan.spec.runbook_ref.name)
    return await _checked(context, replace(_known(context, plan), jobs=found))


def _approved(plan: RemediationPlan) -> bool:
    return bool(plan.metadata.annotations.get(APPROVE))


async def _fresh(context: Context, plan: RemediationPlan) -> RemediationPlan:
    """The plan as the API server has it now."""
    body = await context.kube.get(PLANS, plan.metadata.namespace or "", plan.metadata.name)
    context.store.put(PLANS.kind, body)
    return context.store.get(RemediationPlan, plan.metadata.namespace or "", plan.metadata.name) or plan


async def _reread(context: Context, model: type[Resource], namespace: str, name: str) -> None:
    """Bring the store up to what the API server says: a watch may be late. What is new is reconciled as well."""
    kind, key = custom(model), Key(model.crd.kind, namespace, name)
    try:
        body = await context.kube.get(kind, namespace, name)
    except KubeError as error:
        if error.status != 404:
            raise
        context.store.drop(kind.kind, {"metadata": {"namespace": namespace, "name": name}})
        return
    if not context.store.holds(kind.kind, body):
        context.store.put(kind.kind, body)
        context.queue.add(key)


def _known(context: Context, plan: RemediationPlan) -> Facts:
    """What the store and the last inspection know."""
    namespace = plan.metadata.namespace or ""
    policy = context.store.get(InspectionPolicy, namespace, plan.spec.policy_ref.name)
    finding = context.store.get(Finding, namespace, plan.spec.finding_ref.name)
    runbook = context.store.get(Runbook, "", plan.spec.runbook_ref.name)
    belongs = finding is not None and policy is not None and finding.spec.policy_ref.name == policy.metadata.name
    return Facts(
        plan=plan,
        policy=policy,
        response=matching(policy, finding) if policy and finding and belongs else None,
        runbook=runbook,
        runbook_digest=runbook_digest(runbook) if runbook else "",
        finding=finding if belongs else None,
        plan_digest=plan_digest(plan.status.content_digest or "", plan.metadata.uid),
        approval_enforced=context.enforced,
        inspected=_inspected(context, plan, policy, finding),
    )


def _inspected(
    context: Context, plan: RemediationPlan, policy: InspectionPolicy | None, finding: Finding | None
) -> Inspected | None:
    """What the policy's last inspection says of this plan's finding, goals and target."""
    done = context.passes.get(policy.key) if policy else None
    if policy is None or finding is None or done is None or done.generation != policy.metadata.generation:
        return None
    seen = any(one.spec == finding.spec for one in done.report.observations)
    judged = seen or done.report.clears(finding.spec, done.snapshot)
    error = metrics_problem(done.measurements, queries(policy), "")
    ref = plan.status.target.ref if plan.status.target else None
    ready = done.snapshot.ready_pods_of_workload(Key(ref.kind, ref.namespace, ref.name)) if ref else ()
    return Inspected(
        at=done.at,
        finding_present=seen if judged else None,
        problem=error or report_problem(done.report, finding.spec.qualifier),
        metrics_ok=not error,
        goals=done.report.goals,
        ready_pods=len(ready),
        nodes=len({pod.node for pod in ready}),
    )


async def _checked(context: Context, facts: Facts) -> Facts:
    """The facts with the target read anew, the plan simulated anew and the approval policy probed anew.

    It is probed when an approval is about to be taken over, and before each Job of a high-risk plan.
    """
    enforced = facts.approval_enforced
    if facts.plan.status.risk_class != "Low" or facts.plan.status.phase == "PendingApproval":
        enforced = await approvals_enforced(context.kube, context.settings.namespace, context.settings.user)
    live = await _live(context, facts)
    return replace(facts, approval_enforced=enforced, live=live, counterexample=await _counterexample(context, facts))


async def _live(context: Context, facts: Facts) -> LiveTarget:
    target, runbook = facts.plan.status.target, facts.runbook
    if target is None or runbook is None:
        return LiveTarget(error="the plan has no target or no runbook")
    try:
        body = await context.kube.get(DEPLOYMENTS, target.ref.namespace, target.ref.name)
    except KubeError as error:
        if error.status != 404:
            raise
        return LiveTarget(error=f"{target.ref.kind} {target.ref.namespace}/{target.ref.name} is gone")
    return LiveTarget(
        uid=body["metadata"]["uid"],
        reads_hash=reads_hash(body, runbook.spec.reads),
        foreign_owners=ownership.foreign(ownership.owners(body, runbook.spec.writes)),
    )


async def _counterexample(context: Context, facts: Facts) -> str | None:
    """What the plan would leave worse now; empty: nothing; None: it cannot be simulated."""
    trial = await _trial(context, facts)
    if isinstance(trial, str):
        return None
    own = next((one for one in trial.simulated if one.candidate.runbook == facts.plan.spec.runbook_ref.name), None)
    return None if own is None else own.candidate.counterexample


async def _jobs(context: Context, plan: RemediationPlan) -> dict[str, JobState]:
    """The current attempt's Job, read uncached."""
    if plan.status.phase != "Executing" or not plan.status.attempts:
        return {}
    attempt = plan.status.attempts[-1]
    return {attempt.job_name: await jobs.read(context.kube, plan, attempt, context.settings.action_namespace)}


@dataclass(frozen=True, slots=True)
class _Trial:
    """A plan's candidates as simulated on the last inspection's snapshot."""

    done: Pass
    target: Key
    simulated: tuple[Simulated, ...]


async def _trial(context: Context, facts: Facts) -> _Trial | str:
    """Simulate the response's ladder with the plan's own arguments in it; or why that cannot be done."""
    if facts.policy is None or facts.finding is None or facts.response is None:
        return "its policy, finding or response is gone: the policy must have a response that matches the finding"
    done = context.passes.get(facts.policy.key)
    if done is None or facts.runbook is None:
        return "waits for an inspection" if done is None else f"runbook {facts.plan.spec.runbook_ref.name} is missing"
    target = target_of(facts.finding, done.snapshot)
    if target is None:
        return "none of the finding's targets is in the twin"
    options = _options(context, facts, done, target)
    simulated = await asyncio.to_thread(
        examine, facts.policy, done.snapshot, done.measurements, facts.finding, target=target, options=options
    )
    return _Trial(done, target, simulated)


def _options(context: Context, facts: Facts, done: Pass, target: Key) -> list[Option]:
    """The response's rungs; the plan's own runbook with the plan's own arguments."""
    own, options = facts.plan.spec.runbook_ref.name, []
    for rung in facts.response.ladder if facts.response else ():
        runbook = context.store.get(Runbook, "", rung.runbook)
        if runbook is None or problem(runbook):
            continue
        bound = bind(rung, runbook, done.snapshot.workloads[target])
        options.append(Option(runbook, facts.plan.spec.parameters if rung.runbook == own else bound))
    return options


async def _draft(context: Context, facts: Facts) -> Draft:
    """Simulate, preview and render a plan that is new."""
    trial = await _trial(context, facts)
    if isinstance(trial, str) or facts.runbook is None or facts.response is None or facts.policy is None:
        return Draft(error=trial if isinstance(trial, str) else "its runbook is missing")
    if facts.runbook.spec.version != facts.plan.spec.runbook_ref.version:
        return Draft(error=f"spec.runbookRef.version: the catalogue has {facts.runbook.spec.version}")
    own = next((one for one in trial.simulated if one.candidate.runbook == facts.plan.spec.runbook_ref.name), None)
    candidates = tuple(one.candidate for one in trial.simulated)
    if own is None or own.candidate.verdict == "Rejected":
        return Draft(mode=facts.response.mode, candidates=candidates)
    try:
        return await _rendered(context, facts, trial, own)
    except (ChangeImpossibleError, InvalidParameterError, KubeError) as error:
        return Draft(error=f"cannot be rendered: {error}")


async def _rendered(context: Context, facts: Facts, trial: _Trial, own: Simulated) -> Draft:
    if facts.runbook is None or facts.response is None or facts.policy is None:
        raise RuntimeError("a draft needs its runbook, response and policy")
    target = await context.kube.get(DEPLOYMENTS, trial.target.namespace, trial.target.name)
    replicasets = await context.kube.list(REPLICASETS, trial.target.namespace)
    values = arguments(facts.runbook.spec, facts.plan.spec.parameters)
    error = metrics_problem(trial.done.measurements, queries(facts.policy), "")
    risk, reasons = classify(
        facts.policy,
        trial.done.snapshot,
        trial.done.snapshot.services_of_workload(trial.target),
        irreversible=facts.runbook.spec.irreversible,
        metrics_ok=not error,
    )
    rendered = render(
        response=facts.response,
        runbook=facts.runbook,
        arguments=values,
        snapshot=trial.done.snapshot,
        target=target,
        replicasets=replicasets,
        image=context.settings.action_image,
        risk=risk,
    )
    return Draft(
        mode=facts.response.mode,
        target=rendered.target,
        steps=rendered.steps,
        rollback=rendered.rollback,
        candidates=tuple(one.candidate for one in trial.simulated),
        prediction=own.prediction,
        diff=await _diff(context, facts.runbook, target, replicasets, values),
        risk_class=risk,
        risk_reasons=tuple(reasons),
        content_digest=rendered.content_digest,
    )


async def _diff(
    context: Context, runbook: Runbook, target: Json, replicasets: Sequence[Json], values: dict[str, str]
) -> str:
    """What the API server says the change would do, asked as a dry run."""
    metadata, effect = target["metadata"], runbook.spec.effect
    patch = change(effect, target, resolve(effect, target, values, replicasets), replicasets=replicasets)
    after = await context.kube.json_patch(
        DEPLOYMENTS, metadata["namespace"], metadata["name"], patch, manager=PREVIEW, dry_run=True
    )
    return unified_diff(target, after)
