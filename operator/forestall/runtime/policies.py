"""Reconciles an InspectionPolicy: one pass looks at everything, records what it found, and plans what it may."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from forestall.adapters.resources import FINDINGS, PLANS
from forestall.api import conditions
from forestall.api.base import Condition, Key
from forestall.api.finding import Finding, FindingSpec, FindingStatus
from forestall.api.inspectionpolicy import InspectionPolicy, InspectionPolicyStatus
from forestall.api.remediationplan import TERMINAL, RemediationPlan
from forestall.api.runbook import Runbook
from forestall.closure.counting import count
from forestall.gates import lock, pause
from forestall.inspection import findings
from forestall.inspection.alerts import Firing, alive
from forestall.inspection.foresight import NOTHING_FORESEEN
from forestall.inspection.inspect import NO_FAULTS, inspect
from forestall.inspection.queries import queries
from forestall.inspection.report import Observation, Report
from forestall.planning.propose import Proposal, propose
from forestall.planning.runbooks import problem
from forestall.ports import Json, Kube, Measurement
from forestall.runtime import scans
from forestall.runtime.context import Context, Pass
from forestall.runtime.people import pauses_for
from forestall.runtime.store import Store
from forestall.runtime.twins import Twin
from forestall.runtime.writing import create_once, write_status

POLICY_LABEL = "forestall.dev/policy"
FINDING_LABEL = "forestall.dev/finding"
NOT_READY = timedelta(seconds=1)
SHORTEST_INTERVAL = timedelta(seconds=1)
EXPIRED = "its alerts were neither resolved nor told again, and count as gone"
RESTING = frozenset(("Cleared", "Closed"))

log = structlog.get_logger(__name__)


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """One pass over one policy."""
    policy = context.store.get(InspectionPolicy, key.namespace, key.name)
    if policy is None:
        context.passes.pop(key, None)
        await scans.abandon(context, key)
        _wake_plans(context, key)
        return None
    twin = context.twins.get(policy.spec.twin_ref.name)
    if twin is None or not twin.ready:
        await _write(context, policy, _waiting(context, policy, twin))
        return NOT_READY
    done = await look(context, policy, twin)
    context.passes[key] = done
    await record(context, policy, done)
    await plan(context, policy, done)
    await _write(context, policy, _status(context, policy, twin, done))
    _wake_plans(context, key)
    soon = done.report.again - context.clock.now() if done.report.again else policy.spec.schedule.interval
    return max(min(policy.spec.schedule.interval, soon), SHORTEST_INTERVAL)


async def forget(context: Context, key: Key) -> None:
    """Another replica inspects: what this one saw last gets old."""
    context.passes.pop(key, None)


async def look(context: Context, policy: InspectionPolicy, twin: Twin) -> Pass:
    """Measure and inspect."""
    measurements = await measured(context, policy, twin)
    snapshot, now = twin.snapshot(), context.clock.now()
    before = context.passes.get(policy.key)
    last = before.report if before and before.generation == policy.metadata.generation else None
    known = findings_of(context, policy)
    alerts = {one.spec: told for one in known if (told := firing(context, policy, one, now))}
    pursued = await scans.pursue(context, policy, snapshot.topology)
    report = await asyncio.to_thread(
        inspect,
        policy,
        snapshot,
        measurements,
        last.holds if last else {},
        now,
        alerts=alerts,
        foreseen=last.foresight if last else NOTHING_FORESEEN,
        faults=last.faults if last else NO_FAULTS,
        scans=pursued,
    )
    for score in report.new_scores(last):
        context.metrics.scored("fault", score)
    return Pass(now, policy.metadata.generation, snapshot, measurements, report, alerts)


async def measured(context: Context, policy: InspectionPolicy, twin: Twin) -> Mapping[str, Measurement]:
    """What a policy's queries say now. One of the operator's own namespace may read every namespace's series."""
    namespace = policy.metadata.namespace or ""
    scope = "" if namespace == context.settings.namespace else namespace
    measurements = await twin.measure(queries(policy), scope)
    context.metrics.asked(measurements)
    return measurements


def firing(context: Context, policy: InspectionPolicy, finding: Finding, now: datetime) -> Firing:
    """The alerts that fire for a finding; without those that count as gone, unless a plan is at work for it.

    What a plan has done is judged by what was resolved, not by who has fallen silent.
    """
    told = finding.status.alerts
    if not told or any(lock.holds(plan.status) for plan in context.store.plans_of(finding)):
        return told
    return alive(told, policy, finding.spec.qualifier, context.since, now)


async def record(context: Context, policy: InspectionPolicy, done: Pass) -> None:
    """Bring every finding of the policy up to date: raise, clear, and take over what became of its plans."""
    seen = {observation.spec.object_name: observation for observation in done.report.observations}
    known = {finding.metadata.name: finding for finding in findings_of(context, policy)}
    for name in sorted(seen.keys() - known.keys()):
        known[name] = await create_finding(context.kube, context.store, policy, seen[name].spec)
    for name, finding in sorted(known.items()):
        # Nothing but its condition and its alerts move one that is closed.
        if name in seen or finding.status.alerts or finding.status.state != "Closed":
            await _record_one(context, policy, finding, seen.get(name), done)


async def _record_one(
    context: Context, policy: InspectionPolicy, finding: Finding, observation: Observation | None, done: Pass
) -> None:
    plans, left = context.store.plans_of(finding), firing(context, policy, finding, done.at)
    # An alert that came during the pass waits for the next one.
    same = left == done.alerts.get(finding.spec, ())
    judged = observation is not None or (same and done.report.clears(finding.spec, done.snapshot))
    expired = len(finding.status.alerts) - len(left)
    status = findings.update(
        finding.model_copy(update={"status": finding.status.model_copy(update={"alerts": left})}),
        observation,
        plans=plans,
        snapshot_id=done.snapshot.id,
        now=done.at,
        judged=judged,
        gone=EXPIRED if expired else "",
    )
    await _write_finding(context, finding, status)
    context.metrics.alerts.labels("expired").inc(expired)


async def _write_finding(context: Context, finding: Finding, status: FindingStatus) -> None:
    # Of many findings nearly all rest: that is told without looking at the wire.
    if status != finding.status and await write_status(context.kube, context.store, finding, status):
        context.metrics.writes.labels("Finding").inc()


async def create_finding(kube: Kube, store: Store, policy: InspectionPolicy, spec: FindingSpec) -> Finding:
    """The finding of that identity, made where there is none. Raises RuntimeError where another one has its name."""
    namespace = policy.metadata.namespace or ""
    body: Json = {
        "apiVersion": FINDINGS.api_version,
        "kind": FINDINGS.kind,
        "metadata": {
            "name": spec.object_name,
            "namespace": namespace,
            "labels": {POLICY_LABEL: policy.metadata.name[:63]},
            "ownerReferences": [_owner(policy)],
        },
        "spec": spec.to_json(),
    }
    await create_once(kube, store, Finding, body)
    created = store.get(Finding, namespace, spec.object_name)
    if created is None or created.spec != spec:
        raise RuntimeError(f"finding {namespace}/{spec.object_name} exists with another identity")
    return created


async def plan(context: Context, policy: InspectionPolicy, done: Pass) -> None:
    """Propose a plan for every finding that waits for one."""
    waiting = [one for one in findings_of(context, policy) if one.status.state not in RESTING]
    runbooks = {one.metadata.name: one for one in context.store.all(Runbook) if not problem(one)} if waiting else {}
    for finding in sorted(waiting, key=lambda one: one.metadata.name):
        plans = context.store.plans_of(finding)
        answer = await asyncio.to_thread(
            propose,
            policy,
            finding,
            plans,
            proposer=context.settings.user,
            runbooks=runbooks,
            snapshot=done.snapshot,
            measurements=done.measurements,
            now=done.at,
        )
        if isinstance(answer, Proposal):
            await _create_plan(context, policy, finding, answer)
            continue
        log.debug("no plan", finding=str(finding.key), reason=answer.reason)
        if answer.lacking:
            status = findings.unplanned(finding.status, answer.reason, done.at, exhausted=answer.exhausted)
            await _write_finding(context, finding, status)


async def _create_plan(context: Context, policy: InspectionPolicy, finding: Finding, proposal: Proposal) -> None:
    namespace = policy.metadata.namespace or ""
    body: Json = {
        "apiVersion": PLANS.api_version,
        "kind": PLANS.kind,
        "metadata": {
            "name": proposal.name,
            "namespace": namespace,
            "labels": {POLICY_LABEL: policy.metadata.name[:63], FINDING_LABEL: finding.metadata.name},
            "ownerReferences": [_owner(finding)],
        },
        "spec": {
            "purpose": "Remediate",
            "policyRef": {"name": policy.metadata.name},
            "findingRef": {"name": finding.metadata.name},
            "runbookRef": proposal.runbook_ref.to_json(),
            "parameters": [parameter.to_json() for parameter in proposal.parameters],
            "proposer": context.settings.user,
        },
    }
    await create_once(context.kube, context.store, RemediationPlan, body)
    context.queue.add(Key(PLANS.kind, namespace, proposal.name))


def findings_of(context: Context, policy: InspectionPolicy) -> list[Finding]:
    """The policy's findings."""
    found = context.store.all(Finding, policy.metadata.namespace)
    return [finding for finding in found if finding.spec.policy_ref.name == policy.metadata.name]


def _owner(owner: InspectionPolicy | Finding) -> Json:
    return {
        "apiVersion": FINDINGS.api_version,
        "kind": owner.crd.kind,
        "name": owner.metadata.name,
        "uid": owner.metadata.uid,
    }


def _wake_plans(context: Context, policy: Key) -> None:
    """Let the policy's open plans look at the new inspection. Those that wait for a person need none."""
    for one in context.store.all(RemediationPlan, policy.namespace):
        if one.spec.policy_ref.name == policy.name and one.status.phase not in TERMINAL:
            context.queue.add(one.key)


async def _write(context: Context, policy: InspectionPolicy, status: InspectionPolicyStatus) -> None:
    told = policy.status.observed_generation == policy.metadata.generation
    if told and not context.whole(policy.metadata.namespace or ""):
        return  # what is known so soon after a start is little: what was said last is nearer to the truth
    if await write_status(context.kube, context.store, policy, status):
        context.metrics.writes.labels("InspectionPolicy").inc()


def _waiting(context: Context, policy: InspectionPolicy, twin: Twin | None) -> InspectionPolicyStatus:
    """The status of a policy that cannot be inspected yet, and why."""
    name = policy.spec.twin_ref.name
    reason, message = "TwinMissing", f"spec.twinRef.name: there is no NetworkTwin {name}; apply one"
    if twin is not None:
        awaited = ", ".join(twin.awaited) if twin.feed else "a kubernetes source in its spec.sources"
        reason, message = "TwinNotReady", f"twin {name} waits for {awaited}"
    told = _Told(policy.metadata.generation, context.clock.now())
    found = [told("Ready", False, reason, message), told("TwinFresh", False, reason, message)]
    return policy.status.model_copy(update={"conditions": tuple(conditions.merge(policy.status.conditions, found))})


def _status(context: Context, policy: InspectionPolicy, twin: Twin, done: Pass) -> InspectionPolicyStatus:
    """What the pass found, in numbers and conditions."""
    own, whole = findings_of(context, policy), context.whole(policy.metadata.namespace or "")
    waiting = sum(1 for finding in own if finding.status.state not in RESTING)
    found = _conditions(context, policy, twin, done, waiting)
    return InspectionPolicyStatus(
        observed_generation=policy.metadata.generation,
        conditions=tuple(conditions.merge(policy.status.conditions, found)),
        goals=done.report.goals,
        inspections=done.report.counts,
        open_findings=waiting if whole else policy.status.open_findings,
        closure=count(policy.spec, own) if whole else policy.status.closure,
    )


class _Told:
    """Makes conditions of one generation at one time."""

    def __init__(self, generation: int, now: datetime) -> None:
        self._generation, self._now = generation, now

    def __call__(self, kind: str, holds: bool | None, reason: str, message: str = "") -> Condition:
        return conditions.make(kind, holds, reason, message, generation=self._generation, now=self._now)


def _conditions(
    context: Context, policy: InspectionPolicy, twin: Twin, done: Pass, waiting: int
) -> Sequence[Condition]:
    told = _Told(policy.metadata.generation, done.at)
    error = metrics_problem(done.measurements, queries(policy), twin.metrics_error)
    refuses = "the admission policies are as shipped, and the API server refuses forged approvals"
    paused = pause.told(pause.in_force(pauses_for(context, policy.metadata.namespace or ""), done.at))
    return [
        told("Ready", True, "Inspected", "the policy is being inspected"),
        told("TwinFresh", True, "Synchronised"),
        told("MetricsReachable", not error, "Unreachable" if error else "Answered", error[:1024]),
        told(
            "ApprovalPolicyEnforced",
            context.enforced,
            "Probed" if context.enforced else "NotEnforced",
            refuses if context.enforced else context.weakness[:4096],
        ),
        told("Paused", bool(paused), "Paused" if paused else "NotPaused", paused[:4096]),
        told("RisksFound", waiting > 0, "OpenFindings" if waiting else "NothingFound"),
    ]


def metrics_problem(measurements: Mapping[str, Measurement], wanted: Sequence[str], server_error: str) -> str:
    """Why a policy's queries have no answer; empty where all have one, or none is needed."""
    if not wanted:
        return ""
    missing = [query for query in wanted if query not in measurements]
    if missing:
        return server_error or "there is no answer"
    return next((answer.error for answer in measurements.values() if answer.error), "")


def report_problem(report: Report, qualifier: str) -> str:
    """What the inspection behind a finding's qualifier could not judge; empty if nothing."""
    name = qualifier.partition("/")[0]
    return next((one.message for one in report.counts if one.name == name and one.errors), "")
