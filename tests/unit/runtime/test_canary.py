"""The canary: only our own policy's refusal proves that forged approvals are refused."""

from __future__ import annotations

import asyncio

import pytest

from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import PLANS
from forestall.api.remediationplan import APPROVE, APPROVED_BY, RemediationPlan
from forestall.ports import Json, KubeError, Resource
from forestall.runtime.canary import REFUSAL, approvals_enforced
from tests.unit.gates.scene import NOW


def enforced(*answer: KubeError) -> tuple[bool, MemoryKube]:
    kube = MemoryKube(FixedClock(NOW))
    for error in answer:
        kube.refuse("create", PLANS, error)
    return asyncio.run(approvals_enforced(kube, "forestall", "me")), kube


def test_the_policy_s_own_refusal_is_proof() -> None:
    denied = KubeError(422, "Invalid", f'ValidatingAdmissionPolicy "x" denied request: {REFUSAL}')
    assert enforced(denied)[0] is True


ANSWERS = {
    "another policy's refusal": KubeError(422, "Invalid", "denied request: no plans on Fridays"),
    "a schema's refusal": KubeError(422, "Invalid", "spec.policyRef.name: Invalid value"),
    "no right": KubeError(403, "Forbidden", "cannot create remediationplans"),
    "no CRD": KubeError(404, "NotFound", "the server could not find the requested resource"),
    "a name that is taken": KubeError(409, "AlreadyExists", "exists"),
    "no answer": KubeError(0, "Unreachable", "reset"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_no_other_refusal_is(answer: KubeError) -> None:
    assert enforced(answer)[0] is False


def test_a_forgery_that_passes_is_the_opposite_and_leaves_no_trace() -> None:
    proved, kube = enforced()
    assert proved is False
    assert kube.made("create") == []
    assert asyncio.run(kube.list(PLANS)) == []


def test_the_forgery_is_approved_and_otherwise_in_order() -> None:
    sent: list[Json] = []

    class Listening(MemoryKube):
        async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
            assert (namespace, dry_run) == ("forestall", True)
            sent.append(body)
            return await super().create(resource, namespace, body, dry_run=dry_run)

    asyncio.run(approvals_enforced(Listening(FixedClock(NOW)), "forestall", "me"))
    [forgery] = sent
    assert set(forgery["metadata"]["annotations"]) == {APPROVE, APPROVED_BY}
    assert RemediationPlan.model_validate(forgery).spec.proposer == "me"
