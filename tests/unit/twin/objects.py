"""Builders of a small cluster, as the API server would show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.live import Live
from forestall.twin.topology import Cause
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


def pod(
    name: str,
    home: str,
    *,
    owner: str = "web-1",
    ready: bool = True,
    waiting: str = "",
    cpu: str = "1",
    status: Json | None = None,
    **spec: Any,
) -> Json:
    """A pod of one container, which runs or waits; `status` changes what the kubelet says of it, `spec` what it is."""
    state = {"waiting": {"reason": waiting, "message": f"{waiting}: details"}} if waiting else {"running": {}}
    well = ready and not waiting
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": SHOP,
            "labels": {"app": owner.rpartition("-")[0], "pod-template-hash": owner},
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": True}],
        },
        "spec": {"nodeName": home, "containers": [container(cpu, **spec)]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True" if well else "False"}],
            "containerStatuses": [{"name": "main", "ready": well, "state": state, **(status or {})}],
        },
    }


def unscheduled(name: str, message: str, *, owner: str = "web-1") -> Json:
    """A pod that the scheduler finds no node for."""
    found = pod(name, "", owner=owner, ready=False)
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    found["status"] = {"phase": "Pending", "conditions": [condition]}
    return found


def job(name: str, *conditions: str, cron: str = "", created: str = "2030-01-01T10:00:00Z") -> Json:
    """A Job with true conditions, each with a reason."""
    told = [{"type": kind, "status": "True", "reason": f"{kind}Reason", "message": "as it is"} for kind in conditions]
    owners = [{"kind": "CronJob", "name": cron, "controller": True}] if cron else []
    metadata = {"name": name, "namespace": SHOP, "creationTimestamp": created, "ownerReferences": owners}
    return {"kind": "Job", "metadata": metadata, "status": {"conditions": told}}


def service(name: str = "web", *ports: Json, **selector: str) -> Json:
    return {
        "kind": "Service",
        "metadata": {"name": name, "namespace": SHOP},
        "spec": {"selector": selector or {"app": name}, "ports": list(ports)},
    }


def claim(name: str = "data", volume: str = "disk", *, mode: str = "ReadWriteMany") -> Json:
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": SHOP},
        "spec": {"accessModes": [mode], **({"volumeName": volume} if volume else {})},
    }


def volume(name: str = "disk", **label: str) -> Json:
    """A volume that nodes with that label reach; every node without one."""
    needs = [{"key": key, "operator": "In", "values": [value]} for key, value in label.items()]
    affinity = {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": needs}]}}} if label else {}
    return {"kind": "PersistentVolume", "metadata": {"name": name}, "spec": affinity}


def mounting(*claims: str) -> Json:
    """What a pod or a template says of the claims that it mounts."""
    return {"volumes": [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]}


def mounted(item: Json, *claims: str) -> Json:
    """The pod, with claims."""
    return {**item, "spec": {**item["spec"], **mounting(*claims)}}


def autoscaler(least: int = 1, most: int = 4, *, target: str = "web", acts: bool = True, **spec: Any) -> Json:
    conditions = [] if acts else [{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric"}]
    wanted = {"scaleTargetRef": {"kind": "Deployment", "name": target}, "minReplicas": least, "maxReplicas": most}
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": target, "namespace": SHOP},
        "spec": {**wanted, **spec},
        "status": {"conditions": conditions},
    }


def nodes(*names: str) -> list[Json]:
    return [node(name) for name in names or ("a", "b", "c")]


def web(*homes: str, **template: Any) -> list[Json]:
    """Deployment and Service `web` with one ready pod on each of `homes`."""
    pods = [pod(f"web-1-{place}", home) for place, home in enumerate(homes)]
    return [deployment(replicas=len(homes), **template), replica_set(), service(), *pods]


def live(objects: Iterable[Json], labels: Mapping[str, Cause] | None = None) -> Live:
    found = Live(labels or {})
    for item in objects:
        found.apply(item["kind"], item)
    assert not found.defects
    return found


def snapshot(objects: Sequence[Json]) -> Snapshot:
    return live(objects).snapshot()
