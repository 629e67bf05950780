"""Reconciles a NetworkTwin: keeps its feed running, its loads fresh, and its status true without chatter."""

from __future__ import annotations

from datetime import datetime, timedelta

from forestall.api import conditions
from forestall.api.base import Key
from forestall.api.networktwin import LayerCount, NetworkTwin, NetworkTwinStatus, SourceStatus
from forestall.runtime.context import Context
from forestall.runtime.twins import Twin
from forestall.runtime.writing import write_status
from forestall.twin.views import Snapshot

QUIET = timedelta(minutes=1)
NOT_READY = timedelta(seconds=0.5)
SHORTEST_REFRESH = timedelta(seconds=1)


async def keep(context: Context, key: Key) -> timedelta | None:
    """Bring the twin in memory in step with its object, and read its metrics: every replica keeps its own."""
    resource = context.store.get(NetworkTwin, key.namespace, key.name)
    if resource is None:
        await context.twins.drop(key.name)
        return None
    twin = await context.twins.put(resource)
    context.metrics.asked(await twin.refresh_loads())
    return max(resource.spec.refresh, SHORTEST_REFRESH) if twin.ready else NOT_READY


async def reconcile(context: Context, key: Key) -> timedelta | None:
    """Keep the twin, and say how it does."""
    again = await keep(context, key)
    twin = context.twins.get(key.name)
    if again is None or twin is None:
        return again
    resource, now = twin.resource, context.clock.now()
    status = _status(resource, twin, now)
    if _worth_writing(resource.status, status, twin.written_at, now):
        if await write_status(context.kube, context.store, resource, status):
            context.metrics.writes.labels("NetworkTwin").inc()
        twin.written_at = now
    return again


def _worth_writing(old: NetworkTwinStatus, new: NetworkTwinStatus, written_at: datetime | None, now: datetime) -> bool:
    """A changed condition at once; changed counts at most once a minute; a snapshot id alone never."""
    if (old.conditions, old.sources, old.observed_generation) != (new.conditions, new.sources, new.observed_generation):
        return True
    return old.layers != new.layers and (written_at is None or now - written_at >= QUIET)


def _status(resource: NetworkTwin, twin: Twin, now: datetime) -> NetworkTwinStatus:
    generation = resource.metadata.generation
    snapshot = twin.snapshot()
    metrics = not twin.metrics_error
    found = [
        conditions.make(
            "Ready",
            twin.ready,
            "Synchronised" if twin.ready else "Filling",
            _awaited(twin),
            generation=generation,
            now=now,
        ),
        conditions.make(
            "MetricsReachable",
            metrics,
            "Answered" if metrics else "Unreachable",
            twin.metrics_error,
            generation=generation,
            now=now,
        ),
    ]
    return NetworkTwinStatus(
        observed_generation=generation,
        conditions=tuple(conditions.merge(resource.status.conditions, found)),
        snapshot_id=snapshot.id,
        layers=_layers(snapshot),
        sources=_sources(resource, twin),
    )


def _awaited(twin: Twin) -> str:
    """What keeps the twin from being ready; empty where nothing does."""
    if twin.feed is None:
        return "spec.sources: name a kubernetes source"
    return f"waits for {', '.join(twin.feed.awaited)}" if twin.feed.awaited else ""


def _layers(snapshot: Snapshot) -> tuple[LayerCount, ...]:
    counts = {
        "platform": len(snapshot.nodes),
        "workload": len(snapshot.workloads) + len(snapshot.pods),
        "service": len(snapshot.services),
    }
    return tuple(LayerCount(layer=layer, elements=count) for layer, count in counts.items())


def _sources(resource: NetworkTwin, twin: Twin) -> tuple[SourceStatus, ...]:
    """Each source and what is wrong with it. Objects that could not be read are named, the first few."""
    unread = "; ".join(f"{key}: {why}" for key, why in sorted(twin.defects.items())[:3])
    told = []
    for source in resource.spec.sources:
        message = twin.metrics_error if source.prometheus else unread
        fresh = not twin.metrics_error if source.prometheus else twin.ready
        told.append(SourceStatus(name=source.name, fresh=fresh, message=message[:1024]))
    return tuple(told)
