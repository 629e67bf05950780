"""The shop's files are what the demonstration, and whoever applies them elsewhere, take them for."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from tools.demo.stage import EXAMPLE, IMAGE, NODE_LOST, SHOP, UNWATCHED

FILES = sorted(EXAMPLE.glob("*.yaml"))


def objects(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def named(kind: str, name: str) -> dict[str, Any]:
    found = [one for file in FILES for one in objects(file) if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", ["shop", "shop-capacity"])
def test_policies_are_what_the_operator_understands(name: str) -> None:
    body = named("InspectionPolicy", name)
    policy = InspectionPolicy.model_validate(body)
    assert policy.metadata.namespace == SHOP
    assert policy.spec.twin_ref.name == NetworkTwin.model_validate(named("NetworkTwin", "cluster")).metadata.name


def test_the_goal_that_is_predicted_measures_what_is_inspected() -> None:
    spec = InspectionPolicy.model_validate(named("InspectionPolicy", "shop-capacity")).spec
    goal, inspection = spec.goals[0].metric, spec.inspections[0].metric
    assert goal is not None
    assert inspection is not None
    assert (goal.query, goal.target) == (inspection.query, inspection.threshold)
    assert goal.shared_by == inspection.target.name


def test_the_unwatched_service_differs_from_the_watched_one_in_its_name_alone() -> None:
    for kind in ("Deployment", "Service"):
        text = yaml.safe_dump(named(kind, "orders-alone"))
        assert text.replace("orders-alone", "orders").replace(UNWATCHED, SHOP) == yaml.safe_dump(named(kind, "orders"))


def test_both_prefer_the_node_that_is_lost() -> None:
    spec = named("Deployment", "orders")["spec"]["template"]["spec"]
    (preferred,) = spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert preferred["preference"]["matchExpressions"][0]["values"] == [NODE_LOST]
    assert {one["tolerationSeconds"] for one in spec["tolerations"]} == {10}


def test_every_container_runs_the_image_that_the_demonstration_makes() -> None:
    deployments = [one for file in FILES for one in objects(file) if one["kind"] == "Deployment"]
    images = [c["image"] for one in deployments for c in one["spec"]["template"]["spec"]["containers"]]
    assert len(images) == 6
    assert set(images) == {IMAGE}


def test_no_policy_looks_at_the_unwatched_namespace() -> None:
    policies = [one for file in FILES for one in objects(file) if one["kind"] == "InspectionPolicy"]
    assert {one["metadata"]["namespace"] for one in policies} == {SHOP}
