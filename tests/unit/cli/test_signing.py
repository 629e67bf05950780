"""An approval is an object where an annotation would be one too few, or would not last."""

from typing import Any

import pytest

from forestall.adapters.resources import APPROVALS, WHO_AM_I
from forestall.ports import Json, KubeError, Resource
from tests.unit.cli.cluster import ME, Cluster
from tests.unit.cli.objects import DIGEST, finding, plan
from tests.unit.cli.running import run

NAME = "imagepull-web-1-0-1"
GROUPS = ["on-call", "system:authenticated"]


class Office(Cluster):
    """An API server that takes approvals."""

    async def create(self, resource: Resource, namespace: str, body: Json, *, dry_run: bool = False) -> Json:
        if resource == WHO_AM_I:
            return {"status": {"userInfo": {"username": ME, "groups": GROUPS}}}
        if resource != APPROVALS:
            return await super().create(resource, namespace, body, dry_run=dry_run)
        key = (resource.kind, namespace, body["metadata"]["name"])
        if key in self.objects:
            raise KubeError(409, "AlreadyExists", f'remediationapprovals "{key[2]}" already exists')
        self.objects[key] = body
        return body

    def approvals(self) -> list[Json]:
        return [one for (kind, _, _), one in self.objects.items() if kind == APPROVALS.kind]


def office(labels: dict[str, str] | None = None, **status: Any) -> Office:
    body = plan(**status)
    body["metadata"]["labels"] = labels or {}
    return Office([finding(), body])


@pytest.mark.parametrize(
    "world",
    [office(approvers=2), office({"kustomize.toolkit.fluxcd.io/name": "shop"})],
    ids=["two approvers", "kept in Git"],
)
def test_such_a_plan_is_approved_by_an_object(world: Office) -> None:
    result = run(world, "approve", NAME, "--yes")
    assert result.exit_code == 0, result.stderr
    assert f"Approved by {ME}" in result.stdout
    assert world.patches == []
    (made,) = world.approvals()
    uid = world.objects["RemediationPlan", "shop", NAME]["metadata"]["uid"]
    assert made["metadata"]["ownerReferences"][0]["uid"] == uid
    assert made["spec"] == {
        "planRef": {"name": NAME, "uid": uid},
        "policyRef": {"name": "web"},
        "planDigest": DIGEST,
        "riskClass": "Low",
        "approver": ME,
        "groups": GROUPS,
        "decision": "Approve",
    }


def test_any_other_plan_is_approved_by_annotation() -> None:
    world = office(approvers=1)
    assert run(world, "approve", NAME, "--yes").exit_code == 0
    assert len(world.patches) == 1
    assert world.approvals() == []


def test_nobody_approves_twice() -> None:
    world = office(approvers=2)
    assert run(world, "approve", NAME, "--yes").exit_code == 0
    again = run(world, "approve", NAME, "--yes")
    assert again.exit_code != 0
    assert "already exists" in again.stderr
    assert len(world.approvals()) == 1
