"""The canary: is the approval policy really in force? A policy that is missing would fail open in silence.

A forged plan, approved from birth, is offered to the API server as a dry run. Only a refusal in the policy's own
words counts as proof.
"""

from __future__ import annotations

from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import APPROVE, APPROVED_BY
from forestall.ports import Json, Kube, KubeError

REFUSAL = "forestall: approvals and rejections cannot be part of creation"


async def approvals_enforced(kube: Kube, namespace: str, proposer: str) -> bool:
    """Whether the API server refuses a forged approval. Anything else than that refusal is a no."""
    try:
        await kube.create(PLANS, namespace, _forgery(namespace, proposer), dry_run=True)
    except KubeError as error:
        return REFUSAL in error.message
    return False


def _forgery(namespace: str, proposer: str) -> Json:
    """A plan that nobody approved and that says otherwise. Valid in every other respect."""
    return {
        "apiVersion": PLANS.api_version,
        "kind": PLANS.kind,
        "metadata": {
            "name": "forestall-canary",
            "namespace": namespace,
            "annotations": {APPROVE: "sha256:" + "0" * 64, APPROVED_BY: proposer},
        },
        "spec": {
            "policyRef": {"name": "canary"},
            "findingRef": {"name": "canary"},
            "runbookRef": {"name": "canary", "version": "0.0.0"},
            "proposer": proposer,
        },
    }
