"""Builders of a small cluster, as the API server would show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.live import Live
from forestall.twin.views import Snapshot

SHOP = "shop"
WEB = Key("Deployment", SHOP, "web")
WEB_SERVICE = Key("Service", SHOP, "web")


def node(name: str, *, cpu: str = "4", pods: str = "110", ready: bool = True, **spec: Any) -> Json:
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **spec.pop("labels", {})}},
        "spec": spec,
        "status": {
            "allocatable": {"cpu": cpu, "memory": "8Gi", "pods": pods},
            "conditions": [{"type": "Ready", "status": "True" if ready else "Unknown"}],
        },
    }


def deployment(name: str = "web", *, replicas: int = 2, cpu: str = "1", **pod_spec: Any) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container(cpu)], **pod_spec}}
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": SHOP, "uid": f"uid-{name}"},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def container(cpu: str = "1", **more: Any) -> Json:
    return {"name": "main", "image": "shop/web:1", "resources": {"requests": {"cpu": cpu}}, **more}


def replica_set(name: str = "web", revision: str = "1") -> Json:
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{name}-{revision}",
            "namespace": SHOP,
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"kind": "Deployment", "name": name, "controller": True}],
        },
    }


def pod(name: str, home: str, *, owner: str = "web-1", ready: bool = True, waiting: str = "", cpu: str = "1") -> Json:
    state = {"waiting": {"reason": waiting, "message": f"{waiting}: details"}} if waiting else {"running": {}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": SHOP,
            "labels": {"app": owner.rpartition("-")[0], "pod-template-hash": owner},
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": True}],
        },
        "spec": {"nodeName": home, "containers": [container(cpu)]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if ready and not waiting else "False"}],
            "containerStatuses": [{"name": "main", "state": state}],
        },
    }


def service(name: str = "web", **selector: str) -> Json:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": SHOP},
        "spec": {"selector": selector or {"app": name}},
    }


def nodes(*names: str) -> list[Json]:
    return [node(name) for name in names or ("a", "b", "c")]


def web(*homes: str, **template: Any) -> list[Json]:
    """Deployment and Service `web` with one ready pod on each of `homes`."""
    pods = [pod(f"web-1-{place}", home) for place, home in enumerate(homes)]
    return [deployment(replicas=len(homes), **template), replica_set(), service(), *pods]


def live(objects: Iterable[Json]) -> Live:
    found = Live()
    for item in objects:
        found.apply(item["kind"], item)
    assert not found.defects
    return found


def snapshot(objects: Sequence[Json]) -> Snapshot:
    return live(objects).snapshot()
