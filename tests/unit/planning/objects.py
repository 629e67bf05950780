"""Builders of what planning reads: Deployments, ReplicaSets and runbooks as the API server would give them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from forestall.api.runbook import Runbook
from forestall.planning.changes import ACTIONS, PROPOSALS
from forestall.ports import Json

CUSTOM = f"registry.example/mend@sha256:{'c' * 64}"
GOOD, BAD = "registry.example/shop@sha256:good", "registry.example/shop@sha256:bad"


def template(image: str = GOOD, **spec: Any) -> Json:
    return {
        "metadata": {"creationTimestamp": None, "labels": {"app": "cart"}},
        "spec": {
            "containers": [{"name": "cart", "image": image, "resources": {"requests": {"cpu": "1"}}}],
            **spec,
        },
    }


def deployment(
    image: str = GOOD, *, replicas: int = 3, annotations: Mapping[str, str] | None = None, **spec: Any
) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "cart",
            "namespace": "shop",
            "uid": "uid-cart",
            "resourceVersion": "41",
            "generation": 4,
            "annotations": dict(annotations or {}),
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "cart"}},
            "template": template(image),
            **spec,
        },
        "status": {"readyReplicas": replicas},
    }


def replicaset(name: str, image: str, revision: object, *, owner: str = "uid-cart") -> Json:
    pod = copy.deepcopy(template(image))
    pod["metadata"]["labels"]["pod-template-hash"] = name
    return {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "labels": pod["metadata"]["labels"],
            "annotations": {"deployment.kubernetes.io/revision": str(revision)},
            "ownerReferences": [{"uid": owner, "controller": True, "kind": "Deployment", "name": "cart"}],
        },
        "spec": {"replicas": 0, "template": pod},
    }


def runbook(effect: str, *, parameters: list[Json] | None = None, **spec: Any) -> Runbook:
    """The runbook of an effect, named as its action; one that is only vouched for has an image of its own."""
    name = next((action for action, known in {**ACTIONS, **PROPOSALS}.items() if known == effect), "custom-job")
    own = {"argv": ["/bin/mend"], "image": CUSTOM} if name == "custom-job" else {"argv": [name]}
    action = {"name": name, **own, "serviceAccountName": f"forestall-action-{name}"}
    return Runbook.model_validate(
        {
            "metadata": {"name": name},
            "spec": {
                "version": "1.0.0",
                "summary": f"Runs {name}.",
                "whenToUse": "When it helps.",
                "targetKinds": [_kind(effect)],
                "parameters": _PARAMETERS.get(effect, []) if parameters is None else parameters,
                "actions": [] if name in PROPOSALS else [action],
                "reads": ["spec.template", "spec.replicas"],
                "writes": ["spec.template"],
                "effect": effect,
                "irreversible": effect == "Vouched",
                **spec,
            },
        }
    )


def _kind(effect: str) -> str:
    if effect in ("Cordon", "Uncordon", "Drain", "RemoveTaint", "AddTaint"):
        return "Node"
    if effect in PROPOSALS.values():
        return "NetworkTwin"
    return "Service" if effect in ("SetTargetPort", "SetSelectorLabel") else "Deployment"


def _texts(*names: str) -> list[Json]:
    return [{"name": name, "description": "Some text.", "type": "String"} for name in names]


def _number(name: str, **more: Any) -> Json:
    return {"name": name, "description": "Some number.", "type": "Integer", "minimum": 1, **more}


_NODE = _texts("node")
_TAINT = _texts("node", "key", "effect")
_PARAMETERS: Mapping[str, list[Json]] = {
    "SetMetrics": [_number("changes", default="4")],
    "DrainTraffic": [
        {**_texts("element")[0], "default": ""},
        _number("metric", maximum=16_777_214, default="65535"),
    ],
    "MoveDemand": [*_texts("demand"), *({**one, "default": ""} for one in _texts("source", "target"))],
    "ReHome": _texts("node", "home"),
    "SetReplicas": [{"name": "replicas", "description": "Pods.", "type": "Integer", "minimum": 1, "maximum": 100}],
    "SpreadOverNodes": [
        {
            "name": "max-skew",
            "description": "Pods.",
            "type": "Integer",
            "minimum": 1,
            "maximum": 5,
            "default": "1",
        }
    ],
    "SetResources": [*_texts("container", "resource"), _number("amount", maximum=4096)],
    "SetProbePort": _texts("container", "port"),
    "SetTargetPort": [_number("port", maximum=65_535), *_texts("target-port")],
    "SetSelectorLabel": _texts("label", "value"),
    "Cordon": _NODE,
    "Uncordon": _NODE,
    "Drain": [*_NODE, {**_texts("local-data")[0], "enum": ["Keep", "Discard"], "default": "Keep"}],
    "RemoveTaint": _TAINT,
    "AddTaint": _TAINT,
}
