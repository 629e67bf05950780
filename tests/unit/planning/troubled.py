"""Deployments whose containers are in trouble, and Services that lead astray, as the API server would show them."""

from __future__ import annotations

from typing import Any

from forestall.ports import Json
from tests.unit.planning.world import service

OOM = {"lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}, "restartCount": 3}
UNREADY = {"state": {"running": {"startedAt": "2030-01-01T00:00:00Z"}}, "ready": False}


def container(name: str = "cart", *ports: int, memory: str = "", **more: Any) -> Json:
    limits = {"resources": {"limits": {"memory": memory}}} if memory else {}
    return {"name": name, "ports": [{"containerPort": number} for number in ports], **limits, **more}


def world(
    *containers: Json,
    states: dict[str, Json] | None = None,
    app: str = "cart",
    home: str = "worker-1",
    ready: bool = False,
    **spec: Any,
) -> list[Json]:
    """A Deployment with one pod, whose containers are in those states."""
    pod = {"containers": list(containers), **spec}
    conditions = [{"type": "Ready", "status": str(ready)}]
    if not home:
        conditions.append({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "none"})
    labels = {"labels": {"app": app}}
    owner = [{"kind": "ReplicaSet", "name": f"{app}-1", "controller": True}]
    top = [{"kind": "Deployment", "name": app, "controller": True}]
    statuses = [{"name": name, "state": {}, **state} for name, state in (states or {}).items()]
    return [
        {
            "kind": "Deployment",
            "metadata": {"name": app, "namespace": "shop", "uid": "u"},
            "spec": {"replicas": 1, "template": {"metadata": labels, "spec": pod}},
        },
        {
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{app}-1",
                "namespace": "shop",
                "ownerReferences": top,
                "annotations": {"deployment.kubernetes.io/revision": "1"},
            },
        },
        {
            "kind": "Pod",
            "metadata": {"name": f"{app}-1-a", "namespace": "shop", **labels, "ownerReferences": owner},
            "spec": {**pod, "nodeName": home},
            "status": {"containerStatuses": statuses, "conditions": conditions},
        },
    ]


def leads(name: str, port: int | str, **selector: str) -> Json:
    made = service(name, **selector)
    made["spec"]["ports"] = [{"port": 80, "targetPort": port}]
    return made
