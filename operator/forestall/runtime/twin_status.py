"""Reconciles a NetworkTwin: keeps its feed running, its loads fresh, and its status true without chatter."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from forestall.api import conditions
from forestall.api.base import Condition, Key
from forestall.api.networktwin import LayerCount, NetworkTwin, NetworkTwinStatus, SourceStatus
from forestall.runtime.context import Context
from forestall.runtime.twins import Twin
from forestall.runtime.writing import write_status
from forestall.twin.fidelity import coverage
from forestall.twin.joining import cluster_node
from forestall.twin.topology import LAYERS
from forestall.twin.views import Snapshot

READABLE = "TopologyReadable"
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
    known = resource.status.conditions
    if any(source.topology for source in resource.spec.sources):
        found.append(_readable(twin, generation, now))
    else:
        known = tuple(one for one in known if one.type != READABLE)
    return NetworkTwinStatus(
        observed_generation=generation,
        conditions=tuple(conditions.merge(known, found)),
        snapshot_id=snapshot.id,
        layers=_layers(snapshot),
        sources=_sources(resource, twin, snapshot),
    )


def _readable(twin: Twin, generation: int, now: datetime) -> Condition:
    """Whether all documents are in force as they are now; not known before they have been asked for once."""
    problem, settled = twin.topologies.problem, twin.topologies.settled
    reason = "Reading" if not settled else "Unreadable" if problem else "Read"
    holds, message = not problem if settled else None, problem if settled else ""
    return conditions.make(READABLE, holds, reason, message[:4096], generation=generation, now=now)


def _awaited(twin: Twin) -> str:
    """What keeps the twin from being ready; empty where nothing does."""
    if twin.feed is None:
        return "spec.sources: name a kubernetes source"
    return f"waits for {', '.join(twin.awaited)}" if twin.awaited else ""


def _layers(snapshot: Snapshot) -> tuple[LayerCount, ...]:
    """Elements by layer, those that there are. A platform node is counted once, as the Kubernetes node that it is."""
    topology = snapshot.topology
    layers = {name: network.layer for name, network in topology.networks.items()}
    found = Counter(layers.get(key.namespace, "") for key in (*topology.nodes, *topology.links))
    twice = sum(1 for key in topology.nodes if cluster_node(topology, key) in snapshot.nodes)
    found["platform"] += len(snapshot.nodes) - twice
    found["workload"] += len(snapshot.workloads) + len(snapshot.pods)
    found["service"] += len(snapshot.services)
    own = {"platform", "workload", "service"}
    return tuple(LayerCount(layer=name, elements=found[name]) for name in LAYERS if found[name] or name in own)


def _sources(resource: NetworkTwin, twin: Twin, snapshot: Snapshot) -> tuple[SourceStatus, ...]:
    """Each source and what is wrong with it. Objects that could not be read are named, the first few."""
    told = []
    for source in resource.spec.sources:
        if source.topology:
            told.append(twin.topologies.status(source.name))
        elif source.prometheus:
            error = twin.metrics_error
            told.append(SourceStatus(name=source.name, fresh=not error, message=error[:1024]))
        else:
            told.append(_objects(source.name, twin, snapshot))
    return tuple(told)


def _objects(name: str, twin: Twin, snapshot: Snapshot) -> SourceStatus:
    unread = "; ".join(f"{key}: {why}" for key, why in sorted(twin.defects.items())[:3])
    covered = coverage(len(snapshot.objects), len(twin.defects))
    followed = twin.feed is not None and not twin.feed.awaited
    return SourceStatus(name=name, fresh=followed, message=unread[:1024], coverage=covered)
