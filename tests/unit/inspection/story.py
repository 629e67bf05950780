"""A finding as it is told over time, with the plans that answer it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from forestall.api.base import ObjectMeta
from forestall.api.finding import Finding, FindingStatus
from forestall.api.remediationplan import Phase, RemediationPlan
from forestall.inspection.findings import update
from forestall.inspection.report import Observation
from forestall.ports import Json
from tests.unit.inspection.scenes import IMAGES, NOW, only, policy, report
from tests.unit.twin.objects import SHOP, pod, replica_set, web

STUCK = pod("web-2-0", "c", owner="web-2", waiting="ErrImagePull")
SEEN = only(report(policy(inspections=(IMAGES,)), [*web("a"), replica_set(revision="2"), STUCK]))


class Story:
    """One finding, told step by step; each step is a second after the one before and goes over the wire."""

    def __init__(self) -> None:
        self.now = NOW + timedelta(milliseconds=250)
        self.finding: Finding | None = None

    @property
    def status(self) -> FindingStatus:
        assert self.finding is not None
        return self.finding.status

    def tell(
        self, seen: Observation | None, *plans: RemediationPlan, judged: bool = True, snapshot: str = "sha256:1"
    ) -> FindingStatus:
        self.now += timedelta(seconds=1)
        status = update(self.finding, seen, plans=plans, snapshot_id=snapshot, now=self.now, judged=judged)
        meta = ObjectMeta(name=SEEN.spec.object_name, namespace=SHOP, generation=1)
        self.finding = Finding(metadata=meta, spec=SEEN.spec, status=FindingStatus.model_validate(status.to_json()))
        assert self.finding.status == status
        return status

    def plan(self, name: str, phase: Phase, *, attempts: int = 0, **status: Any) -> RemediationPlan:
        """A plan made now, to the second as the API server tells it."""
        tries = [{"step": 0, "attempt": 1, "jobName": "job", "intendedAt": self.now}] * attempts
        told: Json = {"phase": phase, "attempts": tries, "timestamps": status}
        if phase == "Rejected":
            told["rejection"] = {"name": "ann", "reason": "not now", "time": self.now}
        if phase == "Succeeded":
            told["verification"] = {"since": self.now, "until": self.now, "result": "Fulfilled"}
        return RemediationPlan.model_validate(
            {
                "metadata": {"name": name, "uid": f"uid-{name}", "creationTimestamp": self.now.replace(microsecond=0)},
                "spec": {
                    "policyRef": {"name": "watch"},
                    "findingRef": {"name": SEEN.spec.object_name},
                    "runbookRef": {"name": "rollout-undo", "version": "1.0.0"},
                    "proposer": "forestall",
                },
                "status": told,
            }
        )

    def succeeded(self, name: str = "one", attempts: int = 1) -> RemediationPlan:
        return self.plan(name, "Succeeded", attempts=attempts, verified=self.now)
