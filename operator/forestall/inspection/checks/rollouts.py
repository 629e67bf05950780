"""Checks of a workload's rollout: what its controller says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from forestall.inspection.checks.symptom import Scene, Symptom, of_workload

LONGEST: Final = timedelta(minutes=10)
"""What a rollout without a deadline may take: the deadline that Deployments have where they say nothing."""
QUOTA: Final = "exceeded quota"
"""The API server's words for a request that a ResourceQuota refuses."""


def stuck_rollouts(scene: Scene) -> Iterator[Symptom]:
    """Rollouts that their controller has given up, and those that take too long where it never would."""
    for workload in scene.deployments():
        rollout, name = workload.rollout, workload.key.name
        if rollout.stalled or rollout.open_ended:
            fact = rollout.stalled or "pods of the present template are missing, and the rollout has no deadline"
            message = f"the rollout of Deployment {name} does not go on"
            symptom = of_workload("StuckRollout", workload.key, scene.view, message, [fact])
            yield replace(symptom, patience=timedelta(0) if rollout.stalled else LONGEST)


def exceeded_quotas(scene: Scene) -> Iterator[Symptom]:
    """Workloads whose pods a ResourceQuota refuses. The name of the pod that was refused is left out."""
    for workload in scene.deployments():
        _, found, rest = workload.rollout.refused.partition(QUOTA)
        if found:
            message = f"a quota refuses pods of Deployment {workload.key.name}"
            yield of_workload("QuotaExceeded", workload.key, scene.view, message, [f"{found}{rest}"])
