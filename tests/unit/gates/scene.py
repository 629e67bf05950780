"""One plan that every gate lets pass, and ways to change what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.remediationapproval import RemediationApproval
from forestall.api.remediationpause import RemediationPause
from forestall.api.remediationplan import APPROVE, APPROVED_BY, RemediationPlan
from forestall.api.runbook import Runbook
from forestall.gates.facts import Facts, Inspected, LiveTarget, Simulation
from forestall.ports import Json

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
CONTENT, DIGEST, OTHER_DIGEST = (f"sha256:{letter * 64}" for letter in "cde")
READS = "sha256:as-rendered"
GATES = (
    "pause",
    "suspend",
    "approval",
    "approver",
    "approval-enforced",
    "lock",
    "content",
    "target",
    "evidence",
    "simulation",
    "twin",
)
"""All gates, in their order."""
UID = "0000aaaa-1111-4222-8333-444455556666"
APPROVED = {APPROVE: DIGEST, APPROVED_BY: "ann"}
APPROVAL: Json = {
    "kind": "Human",
    "name": "ann",
    "digest": DIGEST,
    "observedAt": NOW,
    "expiresAt": NOW + timedelta(hours=1),
}


def step(name: str = "rollout-undo") -> Json:
    return {
        "name": name,
        "argv": ["rollout-undo"],
        "parameters": [{"name": "to", "value": "cart-1"}],
        "serviceAccountName": "forestall-action-rollout-undo",
        "image": "forestall@sha256:1",
        "timeout": "5m",
    }


def rendered(*, steps: int = 1, **status: Any) -> Json:
    """The status of a plan that has been rendered and approved."""
    return {
        "phase": "Preflight",
        "mode": "Open",
        "target": {
            "ref": {"kind": "Deployment", "namespace": "shop", "name": "cart"},
            "uid": "uid-cart",
            "readsHash": READS,
        },
        "steps": [step(f"step-{number}") for number in range(steps)],
        "rollback": [step()],
        "candidates": [chosen()],
        "riskClass": "Low",
        "contentDigest": CONTENT,
        "planDigest": DIGEST,
        "approval": APPROVAL,
        **status,
    }


def chosen(**more: Any) -> Json:
    return {
        "runbook": "rollout-undo",
        "verdict": "Chosen",
        "resolves": True,
        "broken": 0,
        "affectedServices": 1,
        **more,
    }


def plan(
    status: Json | None = None, annotations: Json | None = None, labels: Mapping[str, str] | None = None
) -> RemediationPlan:
    return RemediationPlan.model_validate(
        {
            "metadata": {
                "name": "mend-cart",
                "namespace": "shop",
                "uid": UID,
                "resourceVersion": "7",
                "generation": 1,
                "creationTimestamp": NOW - timedelta(minutes=1),
                "annotations": APPROVED if annotations is None else annotations,
                "labels": labels or {},
            },
            "spec": {
                "policyRef": {"name": "shop"},
                "findingRef": {"name": "finding-cart"},
                "runbookRef": {"name": "rollout-undo", "version": "1.0.0"},
                "proposer": "forestall",
            },
            "status": rendered() if status is None else status,
        }
    )


def policy(*, mode: str = "Open", generation: int = 3, **spec: Any) -> InspectionPolicy:
    return InspectionPolicy.model_validate(
        {
            "metadata": {"name": "shop", "namespace": "shop", "generation": generation},
            "spec": {
                "twinRef": {"name": "cluster"},
                "inspections": [{"name": "images", "workload": {"checks": ["ImagePull"]}}],
                "responses": [
                    {
                        "name": "mend",
                        "match": {"types": ["ImagePull"]},
                        "mode": mode,
                        "ladder": [{"runbook": "rollout-undo"}],
                    }
                ],
                **spec,
            },
        }
    )


def runbook(version: str = "1.0.0") -> Runbook:
    return Runbook.model_validate(
        {
            "metadata": {"name": "rollout-undo"},
            "spec": {
                "version": version,
                "summary": "Goes back.",
                "whenToUse": "When a rollout is broken.",
                "targetKinds": ["Deployment"],
                "actions": [
                    {
                        "name": "rollout-undo",
                        "argv": ["rollout-undo"],
                        "serviceAccountName": "forestall-action-rollout-undo",
                    }
                ],
                "reads": ["spec.template"],
                "writes": ["spec.template"],
                "postChecks": ["RolloutComplete"],
                "effect": "RestorePreviousTemplate",
            },
        }
    )


def finding(**status: Any) -> Finding:
    return Finding.model_validate(
        {
            "metadata": {"name": "finding-cart", "namespace": "shop"},
            "spec": {
                "policyRef": {"name": "shop"},
                "type": "ImagePull",
                "resource": {"kind": "Deployment", "namespace": "shop", "name": "cart"},
                "qualifier": "images",
            },
            "status": {"state": "Planned", "detectedAt": NOW - timedelta(minutes=2), **status},
        }
    )


def inspected(**more: Any) -> Inspected:
    known: Json = {"at": NOW, "finding_present": True, "problem": "", "metrics_ok": True}
    return Inspected(**{**known, **more})


def facts(status: Json | None = None, annotations: Json | None = None, **more: Any) -> Facts:
    """All gates open, unless `more` says otherwise."""
    open_to_all = Facts(
        plan=plan(status, annotations),
        policy=policy(),
        response=policy().spec.responses[0],
        runbook=runbook(),
        finding=finding(),
        plan_digest=DIGEST,
        approval_enforced=True,
        pauses=(),
        rightless=frozenset(),
        rival="",
        live=LiveTarget(uid="uid-cart", reads_hash=READS),
        simulation=Simulation(),
        inspected=inspected(),
    )
    return replace(open_to_all, **more)


def pause(name: str = "freeze", *, namespace: str = "shop", deleted: bool = False, **spec: Any) -> RemediationPause:
    metadata = {"name": name, "namespace": namespace, **({"deletionTimestamp": NOW} if deleted else {})}
    told = {"level": "Pause", "reason": "a release", "who": "olga", **spec}
    return RemediationPause.model_validate({"metadata": metadata, "spec": told})


def decision(name: str = "by-bob", *, deleted: bool = False, **spec: Any) -> RemediationApproval:
    """A decision that fits the plan, unless `spec` says otherwise."""
    metadata = {"name": name, "namespace": "shop", **({"deletionTimestamp": NOW} if deleted else {})}
    fits = {
        "planRef": {"name": "mend-cart", "uid": UID},
        "policyRef": {"name": "shop"},
        "planDigest": DIGEST,
        "riskClass": "Low",
        "approver": "bob",
        "groups": ["on-call"],
        "decision": "Approve",
        **spec,
    }
    return RemediationApproval.model_validate({"metadata": metadata, "spec": fits})


def attempt(step: int = 0, number: int = 1, **more: Any) -> Json:
    return {
        "step": step,
        "attempt": number,
        "jobName": f"forestall-{UID[:13]}-{step}-{number}",
        "intendedAt": NOW - timedelta(seconds=20),
        **more,
    }


def attempts(*done: str, **more: Any) -> Sequence[Json]:
    """One attempt for each outcome, each at the next step, and one that has not ended yet."""
    ended = [attempt(number, outcome=outcome) for number, outcome in enumerate(done)]
    return [*ended, attempt(len(done), **more)]
