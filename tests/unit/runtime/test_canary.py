"""The canary: only our own policy's refusal, by policies that are as shipped, proves anything."""

from __future__ import annotations

import asyncio
import json

import pytest

from forestall.adapters import shipped
from forestall.adapters.memory import FixedClock, MemoryKube
from forestall.adapters.resources import ADMISSION_POLICIES, CONFIG_MAPS, PLANS
from forestall.api.remediationplan import APPROVE, APPROVED_BY, RemediationPlan
from forestall.ports import Json, KubeError, Resource
from forestall.runtime.canary import REFUSAL, weakness
from tests.unit.gates.scene import NOW
from tests.unit.runtime.office import SETTINGS, SYSTEM

DENIED = KubeError(422, "Invalid", f'ValidatingAdmissionPolicy "x" denied request: {REFUSAL}')


def server(*answers: KubeError, policy: Json | None = None) -> MemoryKube:
    """An API server that answers a forgery so; `policy` is installed where none was shipped otherwise."""
    kube = MemoryKube(FixedClock(NOW))
    specs: Json = {"ValidatingAdmissionPolicy": {"forestall-approval": {}}, "ValidatingAdmissionPolicyBinding": {}}
    body = {"metadata": {"name": shipped.CONFIG_MAP, "namespace": SYSTEM}, "data": {shipped.KEY: json.dumps(specs)}}
    kube.put(CONFIG_MAPS, body)
    kube.put(ADMISSION_POLICIES, {"metadata": {"name": "forestall-approval"}, "spec": policy or {}})
    for answer in answers:
        kube.refuse("create", PLANS, answer)
    return kube


def found(kube: MemoryKube) -> str:
    return asyncio.run(weakness(kube, SETTINGS))


def test_the_policys_own_refusal_by_policies_as_shipped_is_proof() -> None:
    assert found(server(DENIED)) == ""


ANSWERS = {
    "another policy's refusal": KubeError(422, "Invalid", "denied request: no plans on Fridays"),
    "a schema's refusal": KubeError(422, "Invalid", "spec.policyRef.name: Invalid value"),
    "no right": KubeError(403, "Forbidden", "cannot create remediationplans"),
    "no CRD": KubeError(404, "NotFound", "the server could not find the requested resource"),
    "a name that is taken": KubeError(409, "AlreadyExists", "exists"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_no_other_refusal_is(answer: KubeError) -> None:
    assert answer.message in found(server(answer))


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_no_answer_proves_nothing_neither_way(status: int) -> None:
    silent, deaf = server(KubeError(status, "No", "not now")), server(DENIED)
    deaf.refuse("get", ADMISSION_POLICIES, KubeError(status, "No", "not now"))
    for kube in (silent, deaf):
        with pytest.raises(KubeError, match="not now"):
            found(kube)


def test_a_forgery_that_passes_is_the_opposite_and_leaves_no_trace() -> None:
    kube = server()
    assert "let a forged approval pass" in found(kube)
    assert kube.made("create") == []
    assert asyncio.run(kube.list(PLANS)) == []


def test_a_refusal_by_policies_that_are_not_as_shipped_is_no_proof() -> None:
    told = found(server(DENIED, policy={"matchConditions": []}))
    assert "forestall-approval is not as shipped: spec.matchConditions was added: []" in told
    assert "install the chart's admission policies again" in told


@pytest.mark.parametrize("kind", [CONFIG_MAPS, ADMISSION_POLICIES])
def test_policies_that_cannot_be_compared_are_no_proof(kind: Resource) -> None:
    kube = server(DENIED)
    kube.refuse("get", kind, KubeError(403, "Forbidden", "not yours to read"))
    assert "could not be compared with those shipped (403 Forbidden: not yours to read)" in found(kube)


def test_a_config_map_without_the_text_is_no_proof() -> None:
    kube = server(DENIED)
    kube.put(CONFIG_MAPS, {"metadata": {"name": shipped.CONFIG_MAP, "namespace": SYSTEM}, "data": {}})
    assert "could not be compared" in found(kube)


def test_the_forgery_is_approved_and_otherwise_in_order() -> None:
    sent: list[Json] = []

    class Listening(MemoryKube):
        async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
            assert (namespace, dry_run) == (SYSTEM, True)
            sent.append(body)
            return await super().create(resource, namespace, body, dry_run=dry_run)

    asyncio.run(weakness(Listening(FixedClock(NOW)), SETTINGS))
    [forgery] = sent
    assert set(forgery["metadata"]["annotations"]) == {APPROVE, APPROVED_BY}
    assert RemediationPlan.model_validate(forgery).spec.proposer == SETTINGS.user
