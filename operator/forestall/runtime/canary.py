"""The canary: are the admission policies really in force? One that is missing would fail open in silence.

Two questions, as neither answers the other. A forged plan, approved from birth, is offered to the API server as a dry
run: only a refusal in the policy's own words counts. And every policy and binding is compared with the shipped text,
as a policy may still refuse this forgery and let others pass.
"""

from __future__ import annotations

from forestall.adapters import shipped
from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import APPROVE, APPROVED_BY
from forestall.ports import Json, Kube, KubeError
from forestall.runtime.settings import Settings

REFUSAL = "forestall: approvals and rejections cannot be part of creation"
REMEDY = "install the chart's admission policies again"


async def weakness(kube: Kube, settings: Settings) -> str:
    """What keeps approvals from being worth anything, with the remedy; empty: nothing.

    Raises KubeError where the API server does not answer: that proves nothing, neither way.
    """
    try:
        await kube.create(PLANS, settings.namespace, _forgery(settings), dry_run=True)
    except KubeError as error:
        if error.unanswered:
            raise
        return await _difference(kube, settings) if REFUSAL in error.message else unseen(error)
    return f"the API server let a forged approval pass a dry run: {REMEDY}"


def unseen(error: KubeError) -> str:
    """What is wrong as long as the API server says this, or nothing."""
    return f"the API server could not be seen to refuse a forged approval ({error})"


async def _difference(kube: Kube, settings: Settings) -> str:
    """How the policies differ from those shipped. What cannot be read may be anything."""
    try:
        found = await shipped.difference(kube, settings.namespace)
    except (KubeError, KeyError, ValueError) as error:
        if isinstance(error, KubeError) and error.unanswered:
            raise
        return f"the admission policies could not be compared with those shipped ({error}): {REMEDY}"
    return found and f"{found}: {REMEDY}"


def _forgery(settings: Settings) -> Json:
    """A plan that nobody approved and that says otherwise. Valid in every other respect."""
    return {
        "apiVersion": PLANS.api_version,
        "kind": PLANS.kind,
        "metadata": {
            "name": "forestall-canary",
            "namespace": settings.namespace,
            "annotations": {APPROVE: "sha256:" + "0" * 64, APPROVED_BY: settings.user},
        },
        "spec": {
            "policyRef": {"name": "canary"},
            "findingRef": {"name": "canary"},
            "runbookRef": {"name": "canary", "version": "0.0.0"},
            "proposer": settings.user,
        },
    }
