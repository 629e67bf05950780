"""Reconciles a RemediationPlan: gather the facts, decide, write the status, then act."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import structlog
from structlog.contextvars import bound_contextvars

from forestall.adapters.resources import PLANS
from forestall.api.base import Key
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.execution.decide import decide
from forestall.execution.decision import Action, CreateJob, Decision
from forestall.gates.facts import Facts
from forestall.planning import job
from forestall.runtime import holding, jobs
from forestall.runtime.context import Context
from forestall.runtime.gathering import gather
from forestall.runtime.holding import HOLDING
from forestall.runtime.writing import write_status

log = structlog.get_logger(__name__)


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """One step of one plan. The intent is on record before its Job is created."""
    plan = context.store.get(RemediationPlan, key.namespace, key.name)
    if plan is None or plan.metadata.deletion_timestamp or plan.status.phase in TERMINAL:
        await _ended(context, key, plan)
        return None
    with bound_contextvars(plan=str(key), plan_uid=plan.metadata.uid, traceparent=traceparent(plan)):
        async with context.locks.alone(plan):
            return await _step(context, plan)


async def _step(context: Context, plan: RemediationPlan) -> timedelta | None:
    facts = await gather(context, plan)
    decision = decide(facts, context.clock.now())
    if await write_status(context.kube, context.store, facts.plan, decision.status):
        context.metrics.writes.labels("RemediationPlan").inc()
    for action in decision.actions:
        await _act(context, facts, decision, action)
    await _tell(context, facts.plan, decision)
    _wake_policy(context, facts, decision)
    if decision.status.phase not in HOLDING:
        await holding.release(context, _latest(context, facts.plan))
    return decision.requeue_after


async def _ended(context: Context, key: Key, plan: RemediationPlan | None) -> None:
    """Leave nothing behind of a plan that has ended, is being deleted, or is gone."""
    context.revisions.pop(key, None)
    if plan is not None and plan.metadata.deletion_timestamp:
        await holding.let_go(context, plan)
    elif plan is not None:
        await holding.release(context, plan)


def _latest(context: Context, plan: RemediationPlan) -> RemediationPlan:
    """The plan as our own last write left it."""
    return context.store.get(RemediationPlan, plan.metadata.namespace or "", plan.metadata.name) or plan


async def _act(context: Context, facts: Facts, decision: Decision, action: Action) -> None:
    namespace = context.settings.action_namespace
    if not isinstance(action, CreateJob):
        await jobs.suspend(context.kube, namespace, facts.jobs[action.name], stop=action.suspend)
        return
    if facts.runbook is None:
        raise RuntimeError(f"plan {facts.plan.key} has no runbook")
    plan = facts.plan.model_copy(update={"status": decision.status})
    trace = traceparent(plan)
    await holding.keep(context, _latest(context, facts.plan))
    log.info("job", job=action.attempt.job_name)
    await jobs.create(context.kube, plan, action.attempt, runbook=facts.runbook, namespace=namespace, trace=trace)
    context.metrics.jobs.inc()


def traceparent(plan: RemediationPlan) -> str:
    """The plan's W3C trace context: one trace for each plan, the same after every restart."""
    tag = hashlib.sha256(plan.metadata.uid.encode()).hexdigest()
    return f"00-{tag[:32]}-{tag[32:48]}-01"


async def _tell(context: Context, plan: RemediationPlan, decision: Decision) -> None:
    """Record the decision's events and one log line for each new phase."""
    involved = {
        "apiVersion": PLANS.api_version,
        "kind": PLANS.kind,
        "metadata": {
            "name": plan.metadata.name,
            "namespace": plan.metadata.namespace,
            "uid": plan.metadata.uid,
            "annotations": {job.PLAN_UID: plan.metadata.uid, job.TRACEPARENT: traceparent(plan)},
        },
    }
    for news in decision.news:
        await context.notifier.event(involved, kind=news.kind, reason=news.reason, message=news.message)
    if decision.status.phase != plan.status.phase:
        context.metrics.moves.labels(decision.status.phase).inc()
        if decision.status.phase in TERMINAL:
            context.metrics.ended(decision.status.timestamps)
            if decision.status.score is not None:
                context.metrics.scored("plan", decision.status.score)
        log.info(
            "phase",
            before=plan.status.phase,
            phase=decision.status.phase,
            message=decision.status.message,
        )


def _wake_policy(context: Context, facts: Facts, decision: Decision) -> None:
    """Let the policy look again when a plan has ended, and when its soak is over."""
    plan, status = facts.plan, decision.status
    policy = Key("InspectionPolicy", plan.metadata.namespace or "", plan.spec.policy_ref.name)
    if status.phase != plan.status.phase:
        context.queue.add(policy)
    soak = status.undoing if status.phase == "RollingBack" else status.verification
    if soak is not None and soak.result == "Pending":
        wait = (soak.until - context.clock.now()).total_seconds()
        context.queue.add_after(policy, max(wait, 0.0) + 0.05)
