"""Everything put together: one process from its settings to its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from forestall.adapters.clock import SystemClock
from forestall.adapters.kubernetes.events import KubeEvents
from forestall.adapters.ledger.opening import open_ledger
from forestall.adapters.prometheus import Prometheus
from forestall.adapters.resources import JOBS
from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import PrometheusSource
from forestall.planning import job
from forestall.ports import Kube, KubeError
from forestall.runtime import (
    approvals,
    catalogue,
    intake,
    pauses,
    plans,
    policies,
    remains,
    retention,
    roll,
    twin_status,
    watching,
)
from forestall.runtime.accounting import Accountant
from forestall.runtime.canary import unseen
from forestall.runtime.context import Context
from forestall.runtime.election import Election, Replica
from forestall.runtime.fencing import Fenced
from forestall.runtime.health import Health
from forestall.runtime.queue import WorkQueue
from forestall.runtime.settings import Settings
from forestall.runtime.standing import Standing, watch_age
from forestall.runtime.store import Store
from forestall.runtime.succession import SUCCESSION, begin, succeed
from forestall.runtime.supervisor import supervise
from forestall.runtime.telemetry import Metrics
from forestall.runtime.twins import Twins
from forestall.runtime.webhook import receiving
from forestall.runtime.workers import Reconcile, work

RETRY_PROBE_SECONDS = 1.0
HAND_OVER_SECONDS = 1.0
"""How long what has been begun may take at the end: what is cut short, the next leader does."""
GRACE_SECONDS = 20.0

log = structlog.get_logger(__name__)


def build(settings: Settings, kube: Kube) -> Context:
    """The shared context over a Kubernetes client. All but the election writes only while this replica leads."""
    clock, loop = SystemClock(), asyncio.get_running_loop()
    standing_for = Replica(settings.namespace, settings.replica)
    election = Election(kube, clock, standing_for, time=loop.time, elected=lambda: begin(context))
    fenced = Fenced(kube, lambda: election.holding)

    def metrics_of(source: PrometheusSource) -> Prometheus:
        return Prometheus(source.url, timeout=source.timeout.total_seconds(), clock=clock)

    def changed(name: str, namespace: str) -> None:
        intake.twin_changed(context, name, namespace)

    metrics = Metrics()
    accountant = Accountant(open_ledger(settings.ledger), metrics) if settings.ledger else None
    context = Context(
        settings=settings,
        kube=fenced,
        unfenced=kube,
        clock=clock,
        notifier=KubeEvents(fenced, clock),
        metrics=metrics,
        store=Store(accountant.notice) if accountant else Store(),
        queue=WorkQueue(loop.time),
        twins=Twins(fenced, clock, metrics=metrics_of, changed=changed, time=loop.time),
        election=election,
        accountant=accountant,
    )
    metrics.registry.register(Standing(context))
    return context


def reconcilers(context: Context) -> dict[str, Reconcile]:
    """The reconciler of each kind."""
    return {
        "InspectionPolicy": partial(policies.reconcile, context),
        "RemediationPlan": partial(plans.reconcile, context),
        "NetworkTwin": partial(twin_status.reconcile, context),
        "Runbook": partial(catalogue.reconcile, context),
        "RemediationApproval": partial(approvals.reconcile, context),
        "RemediationPause": partial(pauses.reconcile, context),
        retention.KIND: partial(retention.reconcile, context),
        JOBS.kind: partial(remains.reconcile, context),
    }


def duties(context: Context) -> dict[str, Reconcile]:
    """What is done about each kind: by the leader what there is to do, by the others what keeps them warm."""
    leading: dict[str, Reconcile] = {**reconcilers(context), SUCCESSION.kind: partial(succeed, context)}
    following: dict[str, Reconcile] = {
        "NetworkTwin": partial(twin_status.keep, context),
        "InspectionPolicy": partial(policies.forget, context),
    }
    return {kind: partial(_by_role, context, does, following.get(kind)) for kind, does in leading.items()}


async def _by_role(context: Context, leading: Reconcile, following: Reconcile | None, key: Key) -> timedelta | None:
    """What is not for those that follow is left: who begins to lead looks at everything."""
    if context.election.leading:
        return await leading(key)
    return await following(key) if following else None


async def serve(context: Context, stop: asyncio.Event) -> None:
    """Run until `stop` is set; then begin nothing more, finish what is being worked on, hand over, and go."""
    ended, ready = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    health = Health(
        context.metrics,
        time=loop.time,
        queue_age=lambda: context.queue.age,
        watch_age=lambda: deafness(context),
        ready=ready.is_set,
    )
    server, port = await health.serve(context.settings.http_port)
    log.info("serving", port=port)
    todo, election = duties(context), context.election
    workers = [partial(work, context.queue, todo, context.metrics) for _ in range(context.settings.workers)]
    accounts = [partial(context.accountant.run, context.store)] if context.accountant else []
    watches = (partial(probe, context), partial(follow_jobs, context), partial(roll.call, context))
    async with receiving(context), _background(health.beat, election.run, *watches, *accounts, *workers):
        watch = asyncio.create_task(
            supervise(partial(watching.run, partial(intake.seen, context), ended, ready), stop, loop.time)
        )
        await stop.wait()
        ended.set()
        await hand_over(context)
        if context.accountant:
            await context.accountant.look(context.store)
    with suppress(TimeoutError):
        await asyncio.wait_for(watch, GRACE_SECONDS)
    await context.twins.stop()
    await server.cleanup()


def deafness(context: Context) -> float:
    """Seconds for which no twin's feed has heard of an API server that answers: to start anew ends no outage."""
    return max(watch_age(context) - context.election.silence, 0.0)


async def hand_over(context: Context) -> None:
    """Begin nothing more, finish what has been begun, and let another replica lead."""
    context.election.resign()
    with suppress(TimeoutError):
        await asyncio.wait_for(context.queue.drained(), HAND_OVER_SECONDS)
    await context.election.release()


async def probe(context: Context) -> None:
    """Ask again and again whether the admission policies are in force; tell the policies when the answer changes."""
    settings = context.settings
    while True:
        try:
            found = await context.canary.answer()
        except KubeError as error:
            found = unseen(error)
        context.metrics.enforced.set(not found)
        if found != context.weakness:
            context.weakness = found
            log.info("approval policy", enforced=context.enforced, problem=found)
            for policy in context.store.all(InspectionPolicy):
                context.queue.add(policy.key)
        await asyncio.sleep(settings.probe_interval.total_seconds() if context.enforced else RETRY_PROBE_SECONDS)


async def follow_jobs(context: Context) -> None:
    """Tell of every Job of ours that changes."""
    watched = context.kube.watch(JOBS, context.settings.action_namespace, labels=f"{job.MANAGED}=true")
    async for event in watched:
        if event.object:
            intake.job_changed(context, event.object, gone=event.type == "DELETED")


@asynccontextmanager
async def _background(*runs: Callable[[], Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Tasks that live as long as the block. One that ends early is a defect, and is raised."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run()) for run in runs]
        yield
        for task in tasks:
            task.cancel()
