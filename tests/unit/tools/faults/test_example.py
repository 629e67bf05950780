"""The market's files are what the harness takes them for, and neither they nor the operator know a fault."""

from typing import Any

import yaml

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from tools.cluster.images import ROOT
from tools.faults.catalogue import CALM, FAULTS
from tools.faults.market import EXAMPLE, IMAGE, LARGE, SERVICES

CODE = sorted((ROOT / "operator" / "forestall").rglob("*.py"))
CHART = sorted((ROOT / "charts" / "forestall" / "templates").rglob("*.yaml"))


def objects(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((EXAMPLE / name).read_text()))


def policy() -> InspectionPolicy:
    (body,) = objects("policy.yaml")
    return InspectionPolicy.model_validate(body)


def test_one_policy_and_one_twin_serve_every_fault() -> None:
    (twin,) = objects("twin.yaml")
    assert policy().spec.twin_ref.name == NetworkTwin.model_validate(twin).metadata.name
    answered = {kind for response in policy().spec.responses for kind in response.match.types}
    assert {fault.finding for fault in FAULTS} <= answered


def test_every_service_of_the_application_has_a_goal() -> None:
    goals = {goal.available.service for goal in policy().spec.goals if goal.available}
    deployments = {one["metadata"]["name"] for one in objects("application.yaml") if one["kind"] == "Deployment"}
    assert goals == deployments == set(SERVICES)


def test_every_container_runs_the_image_that_the_harness_makes() -> None:
    bodies = [one for name in ("application.yaml", "search.yaml") for one in objects(name)]
    templates = [one["spec"]["template"] for one in bodies if one["kind"] == "Deployment"]
    assert {item["image"] for one in templates for item in one["spec"]["containers"]} == {IMAGE}


def test_there_are_ten_faults_by_as_many_mechanisms_and_five_changes_that_are_none() -> None:
    assert len({fault.name for fault in FAULTS}) == len({fault.title for fault in FAULTS}) == 10
    assert len({change.name for change in CALM}) == 5


def test_nothing_of_the_operator_knows_a_fault_or_the_market() -> None:
    words = {fault.title for fault in FAULTS} | {change.title for change in CALM}
    words |= {"market", "CURRENCY", "example.com/disk", "tools.faults"}
    words |= {f"{quote}{name}{quote}" for name in (*SERVICES, LARGE) for quote in "\"'"}
    told = {(path.name, word) for path in (*CODE, *CHART) for word in words if word in path.read_text()}
    assert told == set()
