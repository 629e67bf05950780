"""`doctor` names every danger, and takes what it cannot read for one."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from forestall.cli import app
from forestall.cli.session import World
from forestall.ports import Json, KubeError
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.objects import condition, policy
from tests.unit.cli.test_rights import ANN, APPROVE, ROBOT, bound, role

SYSTEM = "forestall-system"
SPEC = {"failurePolicy": "Fail"}


def healthy(*more: Json) -> list[Json]:
    shipped = {"ValidatingAdmissionPolicy": {"forestall-approval": SPEC}, "ValidatingAdmissionPolicyBinding": {}}
    return [
        {"kind": "Deployment", "metadata": {"name": "forestall", "namespace": SYSTEM}, "status": {"readyReplicas": 1}},
        {
            "kind": "ConfigMap",
            "metadata": {"name": "forestall-policies", "namespace": SYSTEM},
            "data": {"policies.json": json.dumps(shipped)},
        },
        {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": "forestall-approval"}, "spec": SPEC},
        policy(conditions=[condition("ApprovalPolicyEnforced", "True"), condition("MetricsReachable", "True")]),
        *more,
    ]


def approvers(subject: Json) -> list[Json]:
    own = role("approvers", APPROVE)
    return [own, {"kind": "ClusterRoleBinding", **bound(own, subject)}]


def doctor(objects: list[Json], *args: str, cluster: type[Cluster] = Cluster) -> Result:
    return CliRunner().invoke(app, ["doctor", *args], obj=World(connect=cluster(objects).connect))


def dangers(result: Result) -> list[str]:
    return list(json.loads(result.stdout)["dangers"])


def test_where_all_is_well_it_lists_who_can_approve() -> None:
    result = doctor(healthy(*approvers(ANN)))
    assert result.exit_code == 0, result.stdout
    assert ["approve", "ann", "User", "all", "payments", "approvers"] in [
        line.split() for line in result.stdout.splitlines()
    ]
    assert result.stdout.endswith("Dangers\n  none\n")


def test_a_program_that_can_approve_is_a_danger() -> None:
    result = doctor(healthy(*approvers(ROBOT)), "-o", "json")
    assert result.exit_code == 1
    assert dangers(result) == [
        "system:serviceaccount:shop:robot may approve everywhere, by role approvers: it is a program"
    ]


def changed(kind: str, **fields: Any) -> list[Json]:
    return [{**one, **fields} if one["kind"] == kind else one for one in healthy()]


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        (changed("Deployment", status={}), "no Pod of the operator's Deployment forestall-system/forestall is ready"),
        (healthy()[1:], "the operator's Deployment forestall-system/forestall could not be read"),
        (
            changed("ValidatingAdmissionPolicy", spec={"failurePolicy": "Ignore"}),
            "is not as shipped: spec.failurePolicy",
        ),
        (changed("ConfigMap", data={}), "the admission policies could not be compared"),
        (
            changed("InspectionPolicy", status={"conditions": [condition("ApprovalPolicyEnforced", "False")]}),
            "InspectionPolicy/shop/web: ApprovalPolicyEnforced is False",
        ),
    ],
)
def test_what_is_not_in_force_is_a_danger(objects: list[Json], words: str) -> None:
    result = doctor(objects, "-o", "json")
    assert result.exit_code == 1
    (danger,) = dangers(result)
    assert words in danger


class Discreet(Cluster):
    """Nobody may read its roles."""

    async def list(self, resource: Any, *args: Any, **more: Any) -> Any:
        if "role" in resource.plural:
            raise KubeError(403, "Forbidden", "ann cannot list roles")
        return await super().list(resource, *args, **more)


def test_what_cannot_be_read_is_a_danger() -> None:
    result = doctor(healthy(), "-o", "json", cluster=Discreet)
    assert result.exit_code == 1
    assert dangers(result) == ["who can approve could not be read: ann cannot list roles"]
