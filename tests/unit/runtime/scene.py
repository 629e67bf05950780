"""An operator in memory: its context over fakes, a cluster with a broken rollout, a policy and a catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from forestall.adapters import shipped
from forestall.adapters.memory import Call, FixedClock, MemoryKube, MemoryMetrics, MemoryNotifier
from forestall.adapters.resources import CONFIG_MAPS, FINDINGS, JOBS, PLANS, PODS, POLICIES, RUNBOOKS, TWIN_KINDS, TWINS
from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationplan import APPROVE, APPROVED_BY, RemediationPlan
from forestall.ports import Json, KubeError, Resource
from forestall.runtime import catalogue, intake, plans, policies, twin_status
from forestall.runtime.canary import REFUSAL
from forestall.runtime.context import Context
from forestall.runtime.election import Election, Replica
from forestall.runtime.queue import WorkQueue
from forestall.runtime.settings import Settings
from forestall.runtime.store import Store
from forestall.runtime.telemetry import Metrics
from forestall.runtime.twins import Twins
from tests.unit.gates.scene import NOW
from tests.unit.planning.objects import runbook
from tests.unit.planning.world import broken_rollout, policy
from tests.unit.runtime.instant import settle

POLICY, TWIN = Key("InspectionPolicy", "shop", "shop"), Key("NetworkTwin", "", "cluster")
KINDS = {kind.kind: kind for kind in TWIN_KINDS}
SETTINGS = Settings(namespace="forestall", action_image="forestall@sha256:1", replica="a")
IMAGES = [{"name": "images", "workload": {"checks": ["ImagePull"]}}]
SHIPPED: Json = {
    "metadata": {"name": shipped.CONFIG_MAP, "namespace": "forestall"},
    "data": {shipped.KEY: '{"ValidatingAdmissionPolicy": {}, "ValidatingAdmissionPolicyBinding": {}}'},
}
"""What the installed policies are compared with: a chart that ships none."""
REFUSED = KubeError(422, "Invalid", REFUSAL)


def twin(*, prometheus: bool = False, **spec: Any) -> NetworkTwin:
    sources: list[Json] = [{"name": "objects", "kubernetes": {}}]
    sources += [{"name": "metrics", "prometheus": {"url": "http://prometheus:9090"}}] if prometheus else []
    return NetworkTwin.model_validate(
        {"metadata": {"name": "cluster", "generation": 1}, "spec": {"sources": sources, **spec}}
    )


class Guarded(MemoryKube):
    """An API server that refuses forged approvals, as long as its policy is in force."""

    enforcing = True

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        if self.enforcing and APPROVE in body["metadata"].get("annotations", {}):
            self._called(Call("create", resource.kind, namespace, body["metadata"]["name"], dry_run))
            raise REFUSED
        return await super().create(resource, namespace, body, dry_run=dry_run)


class World:
    """All that an operator sees and leaves behind."""

    def __init__(self, objects: Iterable[Json] = ()) -> None:
        self.clock = FixedClock(NOW)
        self.kube, self.notifier = Guarded(self.clock), MemoryNotifier()
        self.prometheus = MemoryMetrics(self.clock)
        self.changed: list[tuple[str, str]] = []
        """Twins and namespaces, as changes were told."""
        loop = asyncio.get_running_loop()
        self.context = Context(
            settings=SETTINGS,
            kube=self.kube,
            unfenced=self.kube,
            clock=self.clock,
            notifier=self.notifier,
            metrics=Metrics(),
            store=Store(),
            queue=WorkQueue(loop.time),
            twins=Twins(
                self.kube,
                self.clock,
                metrics=lambda _: self.prometheus,
                changed=lambda *told: self.changed.append(told),
                time=loop.time,
            ),
            election=Election(self.kube, self.clock, Replica("forestall", "a"), time=loop.time, elected=lambda: None),
            weakness="",
            unheard=frozenset(),
        )
        self.kube.put(CONFIG_MAPS, SHIPPED)
        for item in objects:
            self.kube.put(KINDS[item["kind"]], item)

    def see(self, resource: Resource, body: Json) -> None:
        """An object as its owner writes it, and as the watch reports it."""
        stored = self.kube.put(resource, body)
        intake.seen(self.context, resource.kind, "ADDED", stored)

    async def refresh(self) -> None:
        """Let the watches report what is on the API server."""
        for resource in (POLICIES, FINDINGS, PLANS, RUNBOOKS, TWINS):
            for item in await self.kube.list(resource):
                intake.seen(self.context, resource.kind, "MODIFIED", item)
        await settle()

    async def inspect(self) -> None:
        """One pass over the policy."""
        await policies.reconcile(self.context, POLICY)

    async def step(self) -> timedelta | None:
        """One step of the plan, as the API server has it."""
        await self.refresh()
        return await plans.reconcile(self.context, self.plan.key)

    @property
    def plan(self) -> RemediationPlan:
        [found] = self.context.store.all(RemediationPlan)
        return found

    @property
    def phase(self) -> str:
        return self.plan.status.phase

    @property
    def finding(self) -> Finding:
        [found] = self.context.store.all(Finding)
        return found

    @property
    def policy(self) -> InspectionPolicy:
        [found] = self.context.store.all(InspectionPolicy)
        return found

    async def approve(self, digest: str | None = None) -> None:
        given = {APPROVE: digest or self.plan.status.plan_digest, APPROVED_BY: "ann"}
        patch: Json = {"metadata": {"annotations": given}}
        await self.kube.merge_patch(PLANS, "shop", self.plan.metadata.name, patch, manager="ann")

    async def jobs(self) -> list[Json]:
        return list(await self.kube.list(JOBS, SETTINGS.action_namespace))

    async def end_job(self, *, code: int = 0, **told: Any) -> None:
        """The Job's controller and its pod report the end."""
        [job] = await self.jobs()
        name, kind = job["metadata"]["name"], "Complete" if code == 0 else "Failed"
        ended = {"type": kind, "status": "True", "lastTransitionTime": "2030-01-01T12:00:30Z"}
        self.kube.put(JOBS, {**job, "status": {"conditions": [ended]}})
        self.kube.put(PODS, pod_of(name, code, **told))


def pod_of(job: str, code: int, *, message: str = "{}", number: int = 0) -> Json:
    ended = {"exitCode": code, "message": message, "finishedAt": f"2030-01-01T12:00:2{number}Z"}
    return {
        "metadata": {
            "name": f"{job}-{number}",
            "namespace": SETTINGS.action_namespace,
            "labels": {"batch.kubernetes.io/job-name": job},
            "creationTimestamp": f"2030-01-01T12:00:1{number}Z",
        },
        "status": {"containerStatuses": [{"name": "action", "state": {"terminated": ended}}]},
    }


async def broken(**spec: Any) -> World:
    """A world with a broken rollout, a policy over it, a full catalogue and a twin that is ready."""
    world = World(broken_rollout())
    world.see(RUNBOOKS, runbook("RestorePreviousTemplate").to_json())
    world.see(TWINS, twin().to_json())
    ladder = [{"runbook": "rollout-undo"}]
    known = policy(ladder=ladder, **{"inspections": IMAGES, **spec}).to_json()
    world.see(POLICIES, known)
    await twin_status.reconcile(world.context, TWIN)
    await settle()
    await catalogue.reconcile(world.context, Key("Runbook", "", "rollout-undo"))
    return world


async def planned(**spec: Any) -> World:
    """A broken world whose plan waits for a person."""
    world = await broken(**spec)
    await world.inspect()
    await world.step()
    return world
