"""An approval as an object, where an annotation would not do: for two approvers, and for plans that are kept in Git."""

from __future__ import annotations

import hashlib

from forestall.adapters.resources import APPROVALS, PLANS, WHO_AM_I
from forestall.api.remediationplan import RemediationPlan
from forestall.gates.gitops import tracker
from forestall.ports import Identity, Json, Kube


def needed(plan: RemediationPlan) -> bool:
    """Whether an annotation would be one too few, or would not last."""
    return plan.status.approvers > 1 or bool(tracker(plan.metadata))


async def sign(kube: Kube, plan: RemediationPlan) -> str:
    """Create the caller's RemediationApproval of the plan as read; returns their name.

    Raises KubeError where the API server refuses, with reason AlreadyExists where the caller has approved before.
    """
    me = await identity(kube)
    await kube.create(APPROVALS, plan.metadata.namespace or "", _approval(plan, me))
    return me.user


async def identity(kube: Kube) -> Identity:
    """The caller as the API server knows them."""
    answer = await kube.create(WHO_AM_I, "", {"apiVersion": WHO_AM_I.api_version, "kind": WHO_AM_I.kind})
    info = answer["status"]["userInfo"]
    return Identity(str(info["username"]), tuple(info.get("groups") or ()))


def _approval(plan: RemediationPlan, me: Identity) -> Json:
    """The object: one for each person and plan, gone with the plan."""
    metadata, status = plan.metadata, plan.status
    tag = hashlib.sha256(me.user.encode()).hexdigest()[:8]
    owner = {"apiVersion": PLANS.api_version, "kind": PLANS.kind, "name": metadata.name, "uid": metadata.uid}
    return {
        "apiVersion": APPROVALS.api_version,
        "kind": APPROVALS.kind,
        "metadata": {
            "name": f"{metadata.name[:240]}-{tag}",
            "namespace": metadata.namespace,
            "ownerReferences": [owner],
        },
        "spec": {
            "planRef": {"name": metadata.name, "uid": metadata.uid},
            "policyRef": plan.spec.policy_ref.to_json(),
            "planDigest": status.plan_digest,
            "riskClass": status.risk_class or "High",
            "approver": me.user,
            "groups": list(me.groups),
            "decision": "Approve",
        },
    }
