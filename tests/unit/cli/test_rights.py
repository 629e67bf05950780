"""Whoever could approve, or act as somebody who can, is found in the RBAC objects, wildcards included."""

from collections.abc import Sequence

import pytest

from forestall.cli.rights import Grant, grants
from forestall.ports import Json


def role(name: str, *rules: Json, namespace: str = "") -> Json:
    kind = "Role" if namespace else "ClusterRole"
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "rules": list(rules)}


def rule(group: str, resource: str, verb: str, *names: str) -> Json:
    return {"apiGroups": [group], "resources": [resource], "verbs": [verb], "resourceNames": list(names)}


def bound(to: Json, *subjects: Json, namespace: str = "") -> Json:
    ref = {"kind": to["kind"], "name": to["metadata"]["name"]}
    return {"metadata": {"name": "b", "namespace": namespace}, "roleRef": ref, "subjects": list(subjects)}


ANN: Json = {"kind": "User", "name": "ann"}
ROBOT: Json = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}
APPROVE = rule("forestall.dev", "inspectionpolicies", "approve", "payments")


def rights(*found: Grant) -> list[tuple[str, str, str]]:
    return [(one.right, one.who, one.namespace) for one in found]


def test_a_role_in_a_namespace_gives_a_right_there_on_what_it_names() -> None:
    own = role("approvers", APPROVE, namespace="shop")
    assert grants([own], [bound(own, ANN, namespace="shop")]) == [
        Grant("approve", "User", "ann", "shop", ("payments",), "approvers")
    ]


def test_a_role_of_that_name_in_another_namespace_is_another_role() -> None:
    own = role("approvers", APPROVE, namespace="shop")
    assert grants([own], [bound(own, ANN, namespace="other")]) == []


def test_a_wildcard_holds_every_right_everywhere() -> None:
    whole = role("root", rule("*", "*", "*"))
    found = grants([whole], [bound(whole, ANN)])
    assert rights(*found) == [(right, "ann", "") for right in ("approve", "approve-high", "impersonate")]


@pytest.mark.parametrize(
    ("given", "namespace", "expected"),
    [
        (rule("", "users", "impersonate"), "", ["impersonate"]),
        (rule("", "groups", "impersonate"), "", ["impersonate"]),
        (rule("", "users", "impersonate"), "shop", []),
        (rule("", "serviceaccounts", "impersonate"), "", []),
        (rule("forestall.dev", "inspectionpolicies", "get"), "", []),
        (rule("apps", "inspectionpolicies", "approve"), "", []),
        (rule("forestall.dev", "remediationplans", "approve"), "", []),
    ],
)
def test_only_what_makes_an_approval_possible_counts(given: Json, namespace: str, expected: Sequence[str]) -> None:
    whole = role("r", given)
    assert [one.right for one in grants([whole], [bound(whole, ANN, namespace=namespace)])] == expected


@pytest.mark.parametrize(
    ("subject", "danger"),
    [
        (ANN, ""),
        ({"kind": "Group", "name": "on-call"}, ""),
        ({"kind": "Group", "name": "system:masters"}, ""),
        (ROBOT, "it is a program"),
        ({"kind": "User", "name": "system:serviceaccount:shop:robot"}, "it is a program"),
        ({"kind": "Group", "name": "system:serviceaccounts:shop"}, "they are no chosen people"),
        ({"kind": "Group", "name": "system:authenticated"}, "they are no chosen people"),
    ],
)
def test_programs_and_everybody_are_a_danger(subject: Json, danger: str) -> None:
    whole = role("r", APPROVE)
    (grant,) = grants([whole], [bound(whole, subject)])
    assert danger in grant.danger
    assert bool(grant.danger) is bool(danger)
