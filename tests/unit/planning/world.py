"""A small cluster as the API server would show it, a policy over it, and the findings and plans of tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationplan import RemediationPlan
from forestall.api.runbook import Runbook
from forestall.ports import Json, Measurement, Sample
from forestall.twin.live import Live
from forestall.twin.views import Snapshot
from tests.unit.planning.objects import BAD, GOOD, deployment, replicaset, runbook

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CART = Key("Deployment", "shop", "cart")
CART_SERVICE = Key("Service", "shop", "cart")
QUERY = "load_per_pod"
RUNBOOKS: Mapping[str, Runbook] = {
    one.metadata.name: one for one in map(runbook, ("RestorePreviousTemplate", "SetReplicas", "SpreadOverNodes"))
}
LADDER: Sequence[Json] = [
    {"runbook": "rollout-undo"},
    {"runbook": "scale", "parameters": [{"name": "replicas", "from": "CurrentReplicasPlusOne"}]},
    {"runbook": "spread-replicas"},
]


def node(name: str, *, cpu: str = "4", ready: bool = True, **spec: Any) -> Json:
    return {
        "kind": "Node",
        "metadata": {"name": name},
        "spec": spec,
        "status": {
            "allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def pod(name: str, home: str, *, ready: bool = True, waiting: str = "", owner: str = "cart-1", cpu: str = "1") -> Json:
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": {"app": owner.partition("-")[0]},
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": True}],
        },
        "spec": {
            "nodeName": home,
            "containers": [{"name": "cart", "image": BAD, "resources": {"requests": {"cpu": cpu}}}],
        },
        "status": {
            "conditions": [{"type": "Ready", "status": str(ready and not waiting)}],
            "containerStatuses": [{"name": "cart", "state": state}],
        },
    }


def service(name: str, **selector: str) -> Json:
    return {"kind": "Service", "metadata": {"name": name, "namespace": "shop"}, "spec": {"selector": selector}}


def sets() -> list[Json]:
    return [replicaset("cart-1", GOOD, 1)]


def history() -> list[Json]:
    return [*sets(), replicaset("cart-2", BAD, 2)]


def world(*homes: str, nodes: Iterable[Json] = (), replicas: int = 0) -> list[Json]:
    """Deployment and Service `cart` with one ready pod on each of `homes`, on three nodes unless told otherwise."""
    return [
        *(nodes or map(node, ("worker-1", "worker-2", "worker-3"))),
        deployment(replicas=replicas or len(homes)),
        *({**item, "kind": "ReplicaSet"} for item in sets()),
        service("cart", app="cart"),
        *(pod(f"cart-1-{number}", home) for number, home in enumerate(homes)),
    ]


def broken_rollout() -> list[Json]:
    """Three good pods of the old template, and one of the new one whose image cannot be pulled."""
    return [
        *map(node, ("worker-1", "worker-2", "worker-3")),
        deployment(BAD),
        *({**item, "kind": "ReplicaSet"} for item in history()),
        service("cart", app="cart"),
        *(pod(f"cart-1-{number}", f"worker-{number}") for number in (1, 2)),
        pod("cart-2-1", "worker-3", waiting="ImagePullBackOff", owner="cart-2"),
    ]


def snapshot(objects: Iterable[Json], loads: Mapping[Key, Decimal] | None = None) -> Snapshot:
    live = Live()
    for item in objects:
        live.apply(item["kind"], item)
    assert not live.defects
    live.set_loads(loads or {})
    return live.snapshot()


def policy(*goals: Json, mode: str = "Open", ladder: Sequence[Json] = LADDER, **spec: Any) -> InspectionPolicy:
    return InspectionPolicy.model_validate(
        {
            "metadata": {"name": "shop", "namespace": "shop"},
            "spec": {
                "twinRef": {"name": "cluster"},
                "goals": goals or [available(2)],
                "inspections": [
                    {"name": "images", "workload": {"checks": ["ImagePull"]}},
                    {"name": "spof", "singlePointOfFailure": {}},
                    load_inspection("Deployment"),
                ],
                "responses": [
                    {
                        "name": "mend",
                        "match": {"types": ["ImagePull", "MetricThreshold", "SinglePointOfFailure"]},
                        "mode": mode,
                        "ladder": ladder,
                    }
                ],
                **spec,
            },
        }
    )


def load_inspection(kind: str, **target: str) -> Json:
    return {
        "name": "load",
        "metric": {
            "query": QUERY,
            "operator": "GreaterThan",
            "threshold": 0.8,
            "target": {"kind": kind, **(target or {"name": "cart"})},
        },
    }


def available(minimum: int) -> Json:
    return {"name": "up", "available": {"service": "cart", "minReady": minimum}}


def light_load(shared_by: str | None = "cart") -> Json:
    return {
        "name": "light",
        "metric": {"query": QUERY, "operator": "LessOrEqual", "target": 0.8, "sharedBy": shared_by},
    }


def finding(kind: str, qualifier: str, **status: Any) -> Finding:
    return Finding.model_validate(
        {
            "metadata": {"name": "finding-cart", "namespace": "shop"},
            "spec": {
                "policyRef": {"name": "shop"},
                "type": kind,
                "resource": {"kind": "Deployment", "namespace": "shop", "name": "cart"},
                "qualifier": qualifier,
            },
            "status": {
                "targets": [{"kind": "Deployment", "namespace": "shop", "name": "cart"}],
                "detectedAt": NOW,
                **status,
            },
        }
    )


def images_pull(**status: Any) -> Finding:
    return finding("ImagePull", "images", **status)


def single_point(node: str = "worker-1") -> Finding:
    return finding("SinglePointOfFailure", f"spof/up/node/{node}")


def heavy_load() -> Finding:
    return finding("MetricThreshold", "load")


def measured(*values: str, **labels: str) -> Mapping[str, Measurement]:
    return {QUERY: Measurement(QUERY, NOW, tuple(Sample(labels, Decimal(value)) for value in values))}


def plan(name: str, phase: str, *, runbook: str = "rollout-undo", minutes: float = 1, **more: Any) -> RemediationPlan:
    """A plan that was made `minutes` after the finding was raised."""
    return RemediationPlan.model_validate(
        {
            "metadata": {"name": name, "namespace": "shop", "creationTimestamp": NOW + timedelta(minutes=minutes)},
            "spec": {
                "policyRef": {"name": "shop"},
                "findingRef": {"name": "finding-cart"},
                "runbookRef": {"name": runbook, "version": "1.0.0"},
                "parameters": [{"name": name, "value": value} for name, value in more.get("parameters", {}).items()],
                "proposer": "forestall",
            },
            "status": {"phase": phase, **more.get("status", {})},
        }
    )
