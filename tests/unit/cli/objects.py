"""A policy, a finding and a plan as the API server would serve them."""

from typing import Any

from forestall.ports import Json

DIGEST = "sha256:" + "ab" * 32
IMAGE = "registry.example/forestall@sha256:" + "cd" * 32
DIFF = """\
--- before
+++ after
@@ -1,3 +1,3 @@
 spec:
-  image: shop:broken
+  image: shop:1
"""


def meta(name: str, **more: Any) -> Json:
    return {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-of-{name}",
        "resourceVersion": "7",
        "creationTimestamp": "2026-01-05T10:00:00Z",
        **more,
    }


def condition(kind: str, status: str, reason: str = "Fine", message: str = "") -> Json:
    time = "2026-01-05T09:00:00Z"
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": time}


def policy(name: str = "web", **status: Any) -> Json:
    return {
        "kind": "InspectionPolicy",
        "metadata": meta(name),
        "spec": {
            "twinRef": {"name": "main"},
            "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
        },
        "status": {
            "conditions": [
                condition("Ready", "True"),
                condition("MetricsReachable", "False", "Timeout", "prometheus does not answer: check its address"),
                condition("ApprovalPolicyEnforced", "True"),
            ],
            "goals": [
                {"name": "ready", "observed": "NotFulfilled", "predicted": "NotFulfilled", "value": "1", "trigger": ""},
                {
                    "name": "latency",
                    "observed": "Fulfilled",
                    "predicted": "NotFulfilled",
                    "value": "0.25",
                    "trigger": "node/worker-2",
                },
            ],
            "openFindings": 1,
            "closure": {"eligible": 4, "oneHop": 3},
            **status,
        },
    }


def finding(name: str = "imagepull-web-1", **status: Any) -> Json:
    return {
        "kind": "Finding",
        "metadata": meta(name),
        "spec": {
            "policyRef": {"name": "web"},
            "type": "ImagePull",
            "resource": {"kind": "Deployment", "namespace": "shop", "name": "web"},
            "qualifier": "images",
        },
        "status": {
            "state": "Planned",
            "class": "Problem",
            "severity": "major",
            "observed": "NotFulfilled",
            "predicted": "NotFulfilled",
            "message": "2 of 3 pods cannot pull shop:broken",
            "affectedGoals": ["ready"],
            "affectedServices": ["shop/web"],
            "evidence": [
                {"source": "images/kubernetes", "message": "ErrImagePull on web-1 and web-2"},
                {
                    "source": "errors/metrics",
                    "query": 'rate(errors{app="web"}[5m])',
                    "value": "0.4200",
                    "message": "above 0.1",
                },
            ],
            **status,
        },
    }


def plan(name: str = "imagepull-web-1-0-1", *, annotations: dict[str, str] | None = None, **status: Any) -> Json:
    return {
        "kind": "RemediationPlan",
        "metadata": meta(name, annotations=annotations or {}),
        "spec": {
            "policyRef": {"name": "web"},
            "findingRef": {"name": "imagepull-web-1"},
            "runbookRef": {"name": "rollout-undo", "version": "1"},
            "proposer": "system:serviceaccount:forestall:operator",
        },
        "status": {**_pending(), **status},
    }


def step(argv: str, **parameters: str) -> Json:
    return {
        "name": argv,
        "argv": [argv],
        "parameters": [{"name": name, "value": value} for name, value in parameters.items()],
        "serviceAccountName": f"forestall-action-{argv}",
        "image": IMAGE,
        "timeout": "1m30s",
    }


def candidate(runbook: str, verdict: str, **more: Any) -> Json:
    return {"runbook": runbook, "verdict": verdict, "resolves": False, "broken": 1, "affectedServices": 0, **more}


def _pending() -> Json:
    return {
        "phase": "PendingApproval",
        "mode": "Open",
        "message": "waits for a person with the right `approve`",
        "target": {
            "ref": {"kind": "Deployment", "namespace": "shop", "name": "web"},
            "uid": "u1",
            "readsHash": "sha256:1",
            "owners": ["kubectl-client-side-apply"],
        },
        "steps": [step("rollout-undo", to="web-5d9f")],
        "rollback": [step("rollout-undo", to="web-77aa")],
        "candidates": [
            candidate("scale", "Rejected", counterexample="ready: NotFulfilled, and worse than before"),
            candidate("rollout-undo", "Chosen", resolves=True, broken=0, affectedServices=1),
            candidate("DoNothing", "Accepted"),
        ],
        "prediction": {
            "snapshotId": "sha256:2",
            "goals": [{"name": "ready", "before": "NotFulfilled", "after": "Fulfilled", "value": "3"}],
            "readyPods": 3,
            "nodes": 2,
            "caveat": "images are taken to be there",
        },
        "diff": DIFF,
        "riskClass": "Low",
        "contentDigest": "sha256:" + "ef" * 32,
        "planDigest": DIGEST,
        "timestamps": {"detected": "2026-01-05T09:59:00Z"},
    }


def network_prediction() -> Json:
    """What the twin says of another metric for one link."""
    worst = {"loss": "link/backbone/a-c", "link": "a-b", "utilisation": "1.4", "lostDemand": "0"}
    network = {
        "network": "backbone",
        "topologyId": "sha256:1",
        "changes": [{"step": 1, "metric": {"link": "a-b", "before": 1, "after": 2}}],
        "inverse": [{"step": 1, "metric": {"link": "a-b", "before": 2, "after": 1}}],
        "before": _figures("1.2", 1, worst),
        "during": _figures("0.9", 0),
        "after": _figures("0.4", 0),
        "caveat": "Routes are shortest paths.",
    }
    return {"snapshotId": "sha256:1", "readyPods": 0, "nodes": 0, "caveat": "Steady state.", "network": network}


def _figures(use: str, failing: int, *worst: Json) -> Json:
    return {"link": "a-b", "utilisation": use, "lostDemand": "0", "losses": 5, "failing": failing, "worst": worst}
