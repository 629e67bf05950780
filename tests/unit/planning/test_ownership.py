"""Owners of fields are read from the API server's own record, and those that fight back are told apart."""

from __future__ import annotations

import pytest

from forestall.planning.ownership import foreign, owners
from forestall.ports import Json

IMAGE: Json = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"a"}': {"f:image": {}}}}}}}
NOTES: Json = {"f:spec": {"f:template": {"f:metadata": {"f:annotations": {".": {}, "f:example.com/restart": {}}}}}}
REPLICAS: Json = {"f:spec": {"f:replicas": {}}}


def target(*entries: Json) -> Json:
    return {"metadata": {"managedFields": list(entries)}}


@pytest.mark.parametrize(
    ("fields", "path", "owned"),
    [
        (IMAGE, "spec.template", True),
        (IMAGE, "spec.template.spec.containers", True),
        (IMAGE, "spec.template.spec.topologySpreadConstraints", False),
        (IMAGE, "spec.replicas", False),
        (REPLICAS, "spec.replicas", True),
        ({"f:spec": {"f:template": {}}}, "spec.template.spec.containers", True),
        (NOTES, "spec.template.metadata.annotations[example.com/restart]", True),
        (NOTES, "spec.template.metadata.annotations[example.com/other]", False),
        ({"f:status": {"f:replicas": {}}}, "spec.replicas", False),
        ({}, "spec.replicas", False),
        (None, "spec.replicas", False),
        ("text", "spec.replicas", False),
    ],
)
def test_a_manager_owns_a_path_through_what_is_on_it_below_it_or_above_it_as_a_whole(
    fields: object, path: str, owned: bool
) -> None:
    assert owners(target({"manager": "m", "fieldsV1": fields}), [path]) == (("m",) if owned else ())


def test_owners_are_named_once_in_order_with_their_subresource() -> None:
    entries = [
        {"manager": "kubectl", "fieldsV1": REPLICAS},
        {"manager": "helm", "fieldsV1": IMAGE},
        {"manager": "kubectl", "fieldsV1": IMAGE},
        {"manager": "kube-controller-manager", "subresource": "scale", "fieldsV1": REPLICAS},
    ]
    found = owners(target(*entries), ["spec.replicas", "spec.template"])
    assert found == ("helm", "kube-controller-manager/scale", "kubectl")


@pytest.mark.parametrize("damaged", [{}, {"metadata": None}, {"metadata": {"managedFields": None}}, target()])
def test_an_object_without_a_record_has_no_owners(damaged: Json) -> None:
    assert owners(damaged, ["spec"]) == ()


@pytest.mark.parametrize(
    "manager",
    [
        "argocd-controller",
        "argocd-application-controller",
        "kustomize-controller",
        "helm-controller",
        "flux-client-side-apply",
        "horizontal-pod-autoscaler",
        "kube-controller-manager/scale",
        "keda-operator",
    ],
)
def test_gitops_controllers_and_autoscalers_are_foreign(manager: str) -> None:
    assert foreign([manager]) == (manager,)


@pytest.mark.parametrize("manager", ["kubectl", "helm", "kubectl-edit", "kube-controller-manager", "forestall"])
def test_people_and_the_cluster_itself_are_not_foreign(manager: str) -> None:
    assert foreign([manager]) == ()
