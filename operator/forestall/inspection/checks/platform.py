"""Checks of nodes and of Jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from forestall.api.base import Key
from forestall.inspection.checks.symptom import Scene, Symptom
from forestall.twin.model import Job, Node

JOINING: Final = timedelta(seconds=30)
"""How long a node may say that it is not ready: one that joins, or restarts, does so. Of one that has fallen silent
the control plane has waited long enough to hear."""


def broken_nodes(scene: Scene) -> Iterator[Symptom]:
    """Nodes that are not ready, with what of the namespace stands on them."""
    for node in scene.view.nodes.values():
        if not node.ready:
            yield _broken(scene, node)


def _broken(scene: Scene, node: Node) -> Symptom:
    hit, services = scene.carried(node.key.name)
    return Symptom(
        "NodeNotReady",
        node.key,
        f"Node {node.key.name} is not ready",
        (node.problem,),
        targets=(node.key, *hit),
        workloads=hit,
        services=services,
        patience=timedelta(0) if node.silent else JOINING,
    )


def failed_jobs(scene: Scene) -> Iterator[Symptom]:
    """Jobs that were given up. Of those that one CronJob made, the latest one that has ended counts."""
    latest: dict[Key, Job] = {}
    for job in scene.view.jobs.values():
        if job.key.namespace == scene.namespace and (job.completed or job.failed):
            latest[job.origin] = max(latest.get(job.origin, job), job, key=lambda one: (one.created, one.key))
    for origin, job in sorted(latest.items()):
        if job.failed:
            message = f"the latest Job of {origin.kind} {origin.name} was given up"
            yield Symptom(
                "FailedJob",
                origin,
                message if origin != job.key else f"Job {job.key.name} was given up",
                (f"Job {job.key.name}: {job.failed}",),
                targets=(origin,),
            )
