"""Gathers the facts that one decision about one plan rests on. What may be acted on is read uncached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from forestall.adapters.resources import PLANS, REPLICASETS, SUBJECTS, TARGETS, custom
from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.prediction import Prediction
from forestall.api.remediationplan import RemediationPlan, RemediationPlanStatus, RiskClass
from forestall.api.runbook import Runbook
from forestall.execution.moves import current
from forestall.gates import approval, proposals
from forestall.gates.facts import Draft, Facts, Inspected, JobState, LiveTarget
from forestall.inspection.queries import queries
from forestall.planning import networks, ownership, standings
from forestall.planning.changes import ACTIONS, change, changes_anything, resolve
from forestall.planning.diff import unified_diff
from forestall.planning.hashing import reads_hash, sha256_of
from forestall.planning.patches import ChangeImpossibleError
from forestall.planning.propose import matching
from forestall.planning.render import Rendered, footprint, plan_digest, render
from forestall.planning.risk import classify
from forestall.planning.rollouts import rollout
from forestall.planning.runbooks import InvalidParameterError, arguments, reach
from forestall.planning.simulate import Simulated
from forestall.planning.targets import key_of, serving, version
from forestall.planning.templates import history_labels
from forestall.ports import Json, KubeError
from forestall.runtime import intake, jobs, locks, people, trials
from forestall.runtime.context import Context, Pass, Revision
from forestall.runtime.policies import metrics_problem, report_problem
from forestall.runtime.trials import Trial

ACTING = frozenset(("Approved", "Preflight", "Blocked", "Executing", "RollingBack"))
SETTLED = timedelta(seconds=10)
"""How long another content must have stood still to supersede a plan: a rollout under way is no other content."""
PREVIEW = "forestall-preview"


async def gather(context: Context, plan: RemediationPlan) -> Facts:
    """All facts for one decision. Raises KubeError where a read that the decision needs has no answer."""
    await _complete(context, plan)
    facts = people.known(context, _known(context, plan))
    if not plan.status.candidates:
        if surplus := _surplus(context, plan):
            return replace(facts, surplus=surplus)
        draft = await _draft(context, facts)
        return replace(facts, draft=draft, plan_digest=plan_digest(draft.content_digest, plan.metadata.uid))
    if plan.status.phase in ACTING or (plan.status.phase == "PendingApproval" and approval.given(facts)):
        return await _acting(context, await _fresh(context, plan))
    waits = plan.status.phase == "PendingApproval"
    return replace(facts, content_now=await _content_now(context, facts)) if waits else facts


def _surplus(context: Context, plan: RemediationPlan) -> str:
    """Why the plan is one too many of its proposer; empty: it is not. The operator's own are one for each finding."""
    settings = context.settings
    if plan.spec.proposer == settings.user:
        return ""
    return proposals.too_many(plan, context.store.all(RemediationPlan), settings.proposals)


async def _acting(context: Context, plan: RemediationPlan) -> Facts:
    """The facts about a plan of which a Job runs or may be created: all that may stop it is read anew."""
    found = await _jobs(context, plan)
    if any(job.state != "Absent" for job in found.values()):
        return replace(await people.fresh(context, _known(context, plan)), jobs=found)
    await reread(context, InspectionPolicy, plan.metadata.namespace or "", plan.spec.policy_ref.name)
    await reread(context, Runbook, "", plan.spec.runbook_ref.name)
    facts = replace(await people.fresh(context, _known(context, plan)), jobs=found)
    if plan.status.phase == "RollingBack":
        return replace(facts, live=await _live(context, facts))
    return await _checked(context, facts)


async def _complete(context: Context, plan: RemediationPlan) -> None:
    """Ask for what the store lacks: after a start, a plan may be seen before its policy, and that is not gone."""
    namespace = plan.metadata.namespace or ""
    if context.store.get(InspectionPolicy, namespace, plan.spec.policy_ref.name) is None:
        await reread(context, InspectionPolicy, namespace, plan.spec.policy_ref.name)
    if context.store.get(Finding, namespace, plan.spec.finding_ref.name) is None:
        await reread(context, Finding, namespace, plan.spec.finding_ref.name)


async def reread(
    context: Context, model: type[InspectionPolicy | Finding | Runbook], namespace: str, name: str
) -> None:
    """Bring the store up to what the API server says: a watch may be late. What is new is looked at by all."""
    try:
        body = await context.kube.get(custom(model), namespace, name)
    except KubeError as error:
        if error.status != 404:
            raise
        context.store.drop(model.crd.kind, {"metadata": {"namespace": namespace, "name": name}})
        return
    if not context.store.holds(model.crd.kind, body):
        intake.learn(context, model.crd.kind, "MODIFIED", body)
    if context.store.get(model, namespace, name) is None:
        raise RuntimeError(f"{model.crd.kind} {namespace}/{name} cannot be read: nothing is decided without it")


async def _fresh(context: Context, plan: RemediationPlan) -> RemediationPlan:
    """The plan as the API server has it now."""
    body = await context.kube.get(PLANS, plan.metadata.namespace or "", plan.metadata.name)
    if not context.store.holds(PLANS.kind, body):
        context.store.put(PLANS.kind, body)
    return context.store.get(RemediationPlan, plan.metadata.namespace or "", plan.metadata.name) or plan


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
        runbook_digest=context.digest_of(runbook) if runbook else "",
        finding=finding if belongs else None,
        plan_digest=plan_digest(plan.status.content_digest or "", plan.metadata.uid),
        approval_enforced=context.enforced,
        enforcement=context.weakness,
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
    ready = serving(done.snapshot, key_of(plan.status.target.ref)) if plan.status.target else ()
    return Inspected(
        at=done.at,
        finding_present=seen if judged else None,
        problem=error or report_problem(done.report, finding.spec.qualifier),
        metrics_ok=not error,
        goals=done.report.goals,
        ready_pods=len(ready),
        nodes=len({pod.node for pod in ready}),
        realised=standings.realised(plan.status.prediction, networks.asked_by(policy, finding), done.snapshot),
        outdated=standings.outdated(plan.status.prediction, done.snapshot),
        lingers=finding.spec in done.alerts,
    )


async def _checked(context: Context, facts: Facts) -> Facts:
    """The facts with approvers and target asked anew, the plan simulated anew and the admission policies probed anew.

    They are probed when an approval is about to be taken over, and before each Job of a high-risk plan.
    """
    if facts.plan.status.risk_class != "Low" or facts.plan.status.phase == "PendingApproval":
        found = await context.canary.answer()
        facts = replace(facts, approval_enforced=not found, enforcement=found)
    facts = replace(await people.entitled(context, facts), rival=await locks.rival(context.kube, facts.plan))
    facts = replace(facts, live=await _live(context, facts))
    return replace(facts, simulation=await trials.now(context, facts))


async def _live(context: Context, facts: Facts) -> LiveTarget:
    target, runbook = facts.plan.status.target, facts.runbook
    if target is None or runbook is None:
        return LiveTarget(error="the plan has no target or no runbook")
    try:
        body = await context.kube.get(TARGETS[target.ref.kind], target.ref.namespace, target.ref.name)
    except KubeError as error:
        if error.status != 404:
            raise
        return LiveTarget(error=f"{target.ref.kind} {target.ref.namespace}/{target.ref.name} is gone")
    return LiveTarget(
        uid=body["metadata"]["uid"],
        reads_hash=reads_hash(body, runbook.spec.reads),
        foreign_owners=ownership.foreign(ownership.owners(body, runbook.spec.writes)),
        as_wanted=await _as_wanted(context, facts.plan.status, runbook, body),
    )


async def _as_wanted(context: Context, status: RemediationPlanStatus, runbook: Runbook, target: Json) -> bool:
    """Whether a step whose Job had been accepted has nothing left to do, and its post-checks hold."""
    attempt = current(status)
    if attempt is None or attempt.accepted_at is None:
        return False
    step, checks = status.step_of(attempt), set(runbook.spec.post_checks)
    if step.own_image or checks - {"RolloutComplete"}:
        return False  # only its Job can tell
    values = {item.name: item.value for item in step.parameters}
    try:
        patch = change(ACTIONS[step.argv[0]], target, values, replicasets=await _replicasets(context, target))
    except ChangeImpossibleError:
        return False
    complete = not checks or rollout(target, target["metadata"]["generation"])[0]
    return complete and not changes_anything(patch)


async def _replicasets(context: Context, target: Json) -> Sequence[Json]:
    """The ReplicaSets that may be a Deployment's; none for anything without a template of pods."""
    if "template" not in target["spec"]:
        return ()
    return await context.kube.list(REPLICASETS, target["metadata"]["namespace"], labels=history_labels(target))


async def _jobs(context: Context, plan: RemediationPlan) -> dict[str, JobState]:
    """The current attempt's Job, read uncached."""
    attempt = current(plan.status)
    if plan.status.phase not in {"Executing", "RollingBack"} or attempt is None:
        return {}
    return {attempt.job_name: await jobs.read(context.kube, plan, attempt, context.settings.action_namespace)}


async def _draft(context: Context, facts: Facts) -> Draft:
    """Simulate, preview and render a plan that is new."""
    trial = await trials.tried(context, facts)
    if isinstance(trial, str) or facts.runbook is None or facts.response is None or facts.policy is None:
        return Draft(error=trial if isinstance(trial, str) else "its runbook is missing")
    if facts.runbook.spec.version != facts.plan.spec.runbook_ref.version:
        return Draft(error=f"spec.runbookRef.version: the catalogue has {facts.runbook.spec.version}")
    own = trial.own
    candidates = tuple(one.candidate for one in trial.simulated)
    if own is None or own.candidate.verdict == "Rejected":
        return Draft(mode=reach(facts.response.mode, facts.runbook.spec), candidates=candidates)
    try:
        return await _rendered(context, facts, trial, own)
    except (ChangeImpossibleError, InvalidParameterError, KubeError) as error:
        return Draft(error=f"cannot be rendered: {error}")


class _Content(NamedTuple):
    """A plan's content, and what it was made from."""

    rendered: Rendered
    risk: RiskClass
    reasons: Sequence[str]
    target: Json
    replicasets: Sequence[Json]
    arguments: dict[str, str]


async def _content(context: Context, facts: Facts, done: Pass, place: Key) -> _Content:
    """Read the target and render. Raises ChangeImpossibleError, InvalidParameterError or KubeError."""
    if facts.runbook is None or facts.response is None or facts.policy is None:
        raise RuntimeError("a plan is rendered from its runbook, response and policy")
    target = await context.kube.get(SUBJECTS[place.kind], place.namespace, place.name)
    replicasets = await _replicasets(context, target)
    values = arguments(facts.runbook.spec, facts.plan.spec.parameters)
    error = metrics_problem(done.measurements, queries(facts.policy), "")
    risk, reasons = classify(facts.policy, done.snapshot, facts.runbook.spec, place, metrics_ok=not error)
    made = render(
        response=facts.response,
        runbook=facts.runbook,
        arguments=values,
        snapshot=done.snapshot,
        kind=place.kind,
        target=target,
        replicasets=replicasets,
        image=context.settings.action_image,
        risk=risk,
    )
    return _Content(made, risk, reasons, target, replicasets, values)


async def _rendered(context: Context, facts: Facts, trial: Trial, own: Simulated) -> Draft:
    if facts.runbook is None or facts.response is None:
        raise RuntimeError("a draft needs its runbook and response")
    content = await _content(context, facts, trial.done, trial.target)
    made, basis = content.rendered, _basis(facts, trial.done, trial.target)
    context.revisions[facts.plan.key] = Revision(basis, made.content_digest, context.clock.now())
    return Draft(
        mode=reach(facts.response.mode, facts.runbook.spec),
        target=made.target,
        steps=made.steps,
        rollback=made.rollback,
        candidates=tuple(one.candidate for one in trial.simulated),
        prediction=own.prediction,
        diff=await _diff(context, facts.runbook, trial.target, content, own.prediction),
        risk_class=content.risk,
        risk_reasons=tuple(content.reasons),
        approvers=facts.response.approvers,
        content_digest=made.content_digest,
    )


async def _content_now(context: Context, facts: Facts) -> str | None:
    """The content digest as it would be rendered now, once it has stood still for a while; None: not known.

    The target is read only where something has changed that the digest follows from.
    """
    known, key, now = context.revisions.get(facts.plan.key), facts.plan.key, context.clock.now()
    done = context.passes.get(facts.policy.key) if facts.policy else None
    if done is None or facts.finding is None or facts.runbook is None or facts.response is None:
        return None
    place = trials.target(facts, done)
    if place is None:
        return None
    basis = _basis(facts, done, place)
    if known is None or known.basis != basis:
        try:
            digest = (await _content(context, facts, done, place)).rendered.content_digest
        except (ChangeImpossibleError, InvalidParameterError):
            context.revisions.pop(key, None)
            return None
        known = Revision(basis, digest, known.since if known and known.digest == digest else now)
        context.revisions[key] = known
    return known.digest if now - known.since >= SETTLED else None


def _basis(facts: Facts, done: Pass, place: Key) -> str:
    """Hash of what the twin and the store know of all that a content digest follows from."""
    response = facts.response.to_json() if facts.response else {}
    return sha256_of(
        {
            "footprint": footprint(done.snapshot, place),
            "version": version(done.snapshot, place),
            "response": response,
            "runbook": facts.runbook_digest,
        }
    )


async def _diff(context: Context, runbook: Runbook, place: Key, content: _Content, said: Prediction) -> str:
    """What the API server says the change would do, asked as a dry run; what an image of its own does, nobody knows.

    What people do is as the prediction tells it.
    """
    if said.network is not None:
        return networks.told(said.network.changes)
    _, _, _, target, replicasets, values = content
    effect = runbook.spec.effect
    if effect == "Vouched":
        return "\n".join(f"unknown: {' '.join(action.argv)} in {action.image}" for action in runbook.spec.actions)
    patch = change(effect, target, resolve(effect, target, values, replicasets), replicasets=replicasets)
    after = await context.kube.json_patch(
        TARGETS[place.kind], place.namespace, place.name, patch, manager=PREVIEW, dry_run=True
    )
    return unified_diff(target, after)
