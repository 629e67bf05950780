"""What has to be looked at after something has changed."""

from __future__ import annotations

from functools import partial
from typing import Any

from forestall.adapters.resources import JOBS
from forestall.api.base import Key, Resource
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationplan import RemediationPlan
from forestall.planning import job, scan_job
from forestall.runtime import retention
from forestall.runtime.context import Context
from forestall.runtime.store import MODELS, key_of

RETENTION = frozenset((Finding.crd.kind, RemediationPlan.crd.kind, InspectionPolicy.crd.kind))
"""Kinds of which a change may leave a finding or a plan that nobody needs any more."""


def seen(context: Context, kind: str, event: str | None, body: dict[str, Any]) -> None:
    """Take over an object from a watch; what is heard of one that is being written waits until it has been."""
    if event is None:
        context.listed.set()
    tell = partial(learn, context, kind, event, body)
    if not context.store.echoes.holds(key_of(kind, body), tell):
        tell()


def learn(context: Context, kind: str, event: str | None, body: dict[str, Any]) -> None:
    """Take over an object now, and queue whatever depends on it. Echoes of our own writes are no news."""
    if event == "DELETED":
        _route(context, context.store.drop(kind, body), body)
        return
    if event is not None and context.store.holds(kind, body):
        return
    _route(context, context.store.put(kind, body), body)


def missed(context: Context, key: Key, item: Resource | None) -> None:
    """An object is gone, and no watch has told of it: the same follows as if one had. `item` is the last of it."""
    if not context.store.echoes.holds(key, partial(missed, context, key, item)):
        context.store.lose(key, item.metadata.uid if item else "")
        _route(context, key, item.to_json() if item else {})


def everything(context: Context) -> None:
    """All that is known is to be looked at."""
    for model in MODELS.values():
        for item in context.store.all(model):
            _wake(context, item.key)


def twin_changed(context: Context, name: str, namespace: str) -> None:
    """Let the policies of a twin look again, once for all that changes within a tick.

    Those of the namespace in which something has changed: a policy looks at its own one, and at what has none.
    """
    for policy in context.store.all(InspectionPolicy, namespace or None):
        if policy.spec.twin_ref.name == name:
            context.queue.add_after(policy.key, context.settings.tick.total_seconds())


def job_changed(context: Context, body: dict[str, Any], *, gone: bool = False) -> None:
    """A Job has changed: its plan looks at it, and whoever removes those that stay suspended; a scan's policy looks."""
    metadata = body["metadata"]
    if scan_job.SCAN in (metadata.get("labels") or {}):
        context.scanned.hear(body, gone=gone)
        context.queue.add_after(scan_job.policy_of(body), context.settings.tick.total_seconds())
        return
    namespace, _, name = (metadata.get("annotations") or {}).get(job.PLAN, "").partition("/")
    if name:
        context.queue.add(Key(RemediationPlan.crd.kind, namespace, name))
    if (body.get("spec") or {}).get("suspend"):
        context.queue.add(Key(JOBS.kind, metadata["namespace"], metadata["name"]))


def _wake(context: Context, key: Key) -> None:
    if key.kind != Finding.crd.kind:
        context.queue.add(key)
    if key.kind in RETENTION:
        context.queue.add_after(retention.key_of(key.namespace), context.settings.retention_pause.total_seconds())


def _route(context: Context, key: Key, body: dict[str, Any]) -> None:
    _wake(context, key)
    if key.kind == RemediationApproval.crd.kind and body:
        context.queue.add(Key(RemediationPlan.crd.kind, key.namespace, body["spec"]["planRef"]["name"]))
    if key.kind in {"Runbook", "NetworkTwin"}:
        for policy in context.store.all(InspectionPolicy):
            context.queue.add(policy.key)
    # At a start thousands come one by one: policies look once all of their namespace are known, and then by handfuls.
    if key.kind in {Finding.crd.kind, RemediationPlan.crd.kind} and context.whole(key.namespace):
        for policy in context.store.all(InspectionPolicy, key.namespace):
            context.queue.add_after(policy.key, context.settings.tick.total_seconds())
