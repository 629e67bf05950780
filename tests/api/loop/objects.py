"""What stands in a shop's namespace: a Deployment, its Service, a policy, rights."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

GOOD, BROKEN = "app:1", "app:broken"
"""An image that the nodes have, and one that they have not."""
TWIN, MEASURED = "cluster", "measured"
"""The twin of the cluster alone, and the one that knows loads, too."""
POLICY = "shop"
LOAD = "shop_load"
"""The query of a Service's utilisation."""
ROLES = {
    "alice": "forestall-approve",
    "carol": "forestall-approve-high",
    "bob": "loop-editor",
    "gina": "forestall-pause",
}
"""Alice approves plans of low risk and carol any; bob edits plans, and may approve none; gina is on call."""


def deployment(name: str = "web", *, image: str = GOOD, replicas: int = 2) -> Json:
    """A Deployment whose name is its pods' label `app`."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "web", "image": image}]},
            },
        },
    }


def service(name: str = "web") -> Json:
    """A Service of the pods labelled `app` with its name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }


def twin(name: str, prometheus: str = "") -> Json:
    """A twin of the cluster's objects; with the address of a Prometheus also of the Services' loads."""
    sources: list[Json] = [{"name": "objects", "kubernetes": {}}]
    spec: Json = {"sources": sources, "refresh": "1s"}
    if prometheus:
        sources.append({"name": "metrics", "prometheus": {"url": prometheus, "timeout": "2s"}})
        binding = {"name": "load", "attribute": "load", "kind": "Service", "query": LOAD, "nameLabel": "service"}
        spec["metrics"] = [binding]
    return {"apiVersion": "forestall.dev/v1alpha1", "kind": "NetworkTwin", "metadata": {"name": name}, "spec": spec}


def saturation(mode: str = "Open") -> Json:
    """The parts of a policy that keeps the load of `web` at 0.8 or below, by one more replica."""
    target = {"kind": "Deployment", "name": "web"}
    inspection = {"query": LOAD, "operator": "GreaterThan", "threshold": 0.8, "target": target}
    goal = {"query": LOAD, "operator": "LessOrEqual", "target": 0.8, "sharedBy": "web"}
    more = [{"name": "replicas", "from": "CurrentReplicasPlusOne"}]
    return {
        "twinRef": {"name": MEASURED},
        "goals": [{"name": "load", "metric": goal}],
        "inspections": [{"name": "saturation", "metric": inspection}],
        "responses": [response("MetricThreshold", "scale", mode=mode, parameters=more)],
        "schedule": {"interval": "500ms"},
    }


def policy(name: str = POLICY, **spec: Any) -> Json:
    """A policy that has a broken image undone once somebody has approved it; `spec` replaces whole parts of it."""
    whole = {
        "twinRef": {"name": TWIN},
        "goals": [{"name": "web", "available": {"service": "web", "minReady": 1}}],
        "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
        "responses": [response("ImagePull", "rollout-undo")],
        "execution": {"soak": "1s"},
        "schedule": {"interval": "10s"},
        **spec,
    }
    kind = {"apiVersion": "forestall.dev/v1alpha1", "kind": "InspectionPolicy"}
    return {**kind, "metadata": {"name": name}, "spec": whole}


def response(finding: str, runbook: str, *, mode: str = "Open", parameters: Sequence[Json] = ()) -> Json:
    """The one response to findings of a type, by one runbook."""
    rung = {"runbook": runbook, **({"parameters": list(parameters)} if parameters else {})}
    return {"name": "answer", "match": {"types": [finding]}, "mode": mode, "ladder": [rung]}


def runbook(name: str, version: str = "1.0.0", *, summary: str = "As before.") -> Json:
    """A runbook that gives a Deployment its previous template, as the catalogue's own does."""
    return {
        "apiVersion": "forestall.dev/v1alpha1",
        "kind": "Runbook",
        "metadata": {"name": name},
        "spec": {
            "version": version,
            "summary": summary,
            "whenToUse": "The latest rollout does not come up.",
            "targetKinds": ["Deployment"],
            "actions": [
                {"name": "undo", "argv": ["rollout-undo"], "serviceAccountName": "forestall-action-rollout-undo"}
            ],
            "reads": ["spec.template", "spec.selector"],
            "writes": ["spec.template"],
            "postChecks": ["RolloutComplete"],
            "effect": "RestorePreviousTemplate",
        },
    }


def rights(user: str, role: str) -> Json:
    """The binding of a person to a cluster role, in one namespace."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"loop-{user}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }


def editors() -> Json:
    """The role of people who edit everything of forestall's, short of approving."""
    verbs = ["get", "list", "watch", "create", "update", "patch", "delete"]
    kinds = ["networktwins", "inspectionpolicies", "findings", "runbooks", "remediationplans"]
    rules = [{"apiGroups": ["forestall.dev"], "resources": kinds, "verbs": verbs}]
    metadata = {"name": "loop-editor"}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": metadata,
        "rules": rules,
    }
