"""A cluster in memory with one node, one Service and one Deployment, and the orders of actions on them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from forestall.actions.order import Order, read
from forestall.actions.perform import Result, perform
from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import DEPLOYMENTS, NODES, PODS, SERVICES, TARGETS
from forestall.planning.hashing import reads_hash
from forestall.ports import Json

READS: Mapping[str, tuple[str, ...]] = {
    "Node": ("spec.unschedulable",),
    "Service": ("spec.ports",),
    "Deployment": ("spec.replicas",),
}


def node(**spec: Any) -> Json:
    ready = [{"type": "Ready", "status": "True"}]
    return {"metadata": {"name": "worker-1"}, "spec": spec, "status": {"conditions": ready}}


def service() -> Json:
    ports = [{"port": 80, "targetPort": 9090}]
    return {"metadata": {"name": "cart", "namespace": "shop"}, "spec": {"ports": ports}}


def deployment(replicas: int = 2) -> Json:
    return {
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": []}}},
    }


def pod(name: str, *, owner: str = "ReplicaSet", home: str = "worker-1", **more: Any) -> Json:
    owners = [{"kind": owner, "name": "cart-1", "controller": True}] if owner else []
    metadata = {"name": name, "namespace": "shop", "ownerReferences": owners, **more.pop("metadata", {})}
    return {"metadata": metadata, "spec": {"nodeName": home, **more.pop("spec", {})}, **more}


def cluster(*pods: Json) -> MemoryKube:
    kube = MemoryKube(FixedClock(datetime(2030, 1, 1, tzinfo=UTC)))
    kube.put(NODES, node())
    kube.put(SERVICES, service())
    kube.put(DEPLOYMENTS, deployment())
    for body in pods:
        kube.put(PODS, body)
    return kube


def stored(kube: MemoryKube, kind: str) -> Json:
    namespace, name = ("", "worker-1") if kind == "Node" else ("shop", "cart")
    return asyncio.run(kube.get(TARGETS[kind], namespace, name))


def environment(kube: MemoryKube, kind: str, parameters: Mapping[str, str], *checks: str) -> dict[str, str]:
    """What a Job is told about the object as it is now."""
    body = stored(kube, kind)
    metadata, reads = body["metadata"], READS[kind]
    target = {"kind": kind, "name": metadata["name"], "uid": metadata["uid"], "readsHash": reads_hash(body, reads)}
    return {
        "FORESTALL_TARGET": json.dumps(target | ({"namespace": "shop"} if kind != "Node" else {})),
        "FORESTALL_PARAMETERS": json.dumps(dict(parameters)),
        "FORESTALL_READS": json.dumps(reads),
        "FORESTALL_POST_CHECKS": json.dumps(checks),
        "FORESTALL_TIMEOUT_SECONDS": "60",
    }


def order(kube: MemoryKube, action: str, kind: str, *checks: str, **parameters: str) -> Order:
    given = {name.replace("_", "-"): value for name, value in parameters.items()}
    return read(action, environment(kube, kind, given, *checks))


def run(what: Order, kube: MemoryKube, *, check_only: bool = False, times: Iterable[float] = (0.0,)) -> Result:
    """Perform; the time stands still at the last of `times`."""
    left = list(times)
    return asyncio.run(perform(what, kube, check_only=check_only, time=lambda: left.pop(0) if left[1:] else left[0]))
