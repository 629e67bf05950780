"""Objects as the API server has them, for the demonstration to read."""

from typing import Any

API = "forestall.dev/v1alpha1"
RAISED = "2026-01-02T03:04:05Z"
DIGEST = f"sha256:{'a' * 64}"


def finding(*, name: str = "imagepull-web", state: str = "Open", one_hop: bool | None = None) -> dict[str, Any]:
    """A finding on the Deployment `web`; closed, if `one_hop` says how."""
    closure = {"oneHop": one_hop, "series": "Supervised", "plan": "imagepull-web-1-1"}
    return {
        "apiVersion": API,
        "kind": "Finding",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "policyRef": {"name": "shop"},
            "type": "ImagePull",
            "resource": {"kind": "Deployment", "namespace": "shop", "name": "web"},
        },
        "status": {
            "state": state,
            "class": "Problem",
            "severity": "minor",
            "message": "1 of 3 pods of Deployment web cannot pull their image",
            "detectedAt": RAISED,
            **({"closure": closure} if one_hop is not None else {}),
        },
    }


def plan(phase: str, *, name: str = "imagepull-web-1-1", message: str = "", **status: Any) -> dict[str, Any]:
    """A plan for that finding, with what else its status says."""
    candidates = [("DoNothing", "Accepted", False), ("rollout-undo", "Chosen", True)]
    return {
        "apiVersion": API,
        "kind": "RemediationPlan",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "purpose": "Remediate",
            "policyRef": {"name": "shop"},
            "findingRef": {"name": "imagepull-web"},
            "runbookRef": {"name": "rollout-undo", "version": "1.0.0"},
            "proposer": "system:serviceaccount:forestall-system:forestall",
        },
        "status": {
            "phase": phase,
            "message": message,
            "candidates": [
                {"runbook": runbook, "verdict": verdict, "resolves": resolves, "broken": 0, "affectedServices": 1}
                for runbook, verdict, resolves in candidates
            ],
            **status,
        },
    }


def policy(name: str, *, eligible: int, one_hop: int) -> dict[str, Any]:
    """A policy that reports that closure."""
    return {
        "apiVersion": API,
        "kind": "InspectionPolicy",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"twinRef": {"name": "cluster"}, "inspections": [{"name": "loss", "singlePointOfFailure": {}}]},
        "status": {"closure": {"eligible": eligible, "oneHop": one_hop}},
    }
