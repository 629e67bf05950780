"""A plan is undone by what it recorded, on the very object that it acted on."""

from pathlib import Path
from typing import Any

from forestall.api.remediationplan import RemediationPlan
from tests.unit.tools.demo import bodies
from tools.faults.undo import order, undo

STEP = {
    "name": "patch-service-port",
    "argv": ["patch-service-port"],
    "parameters": [{"name": "port", "value": "80"}, {"name": "target-port", "value": "9090"}],
    "serviceAccountName": "forestall-action-patch-service-port",
    "image": "forestall@sha256:1",
    "timeout": "5m",
}
TARGET = {"ref": {"kind": "Service", "namespace": "shop", "name": "web"}, "uid": "u-1", "readsHash": "sha256:1"}


def plan(**status: Any) -> RemediationPlan:
    return RemediationPlan.model_validate(bodies.plan("Succeeded", **status))


def test_each_step_back_is_the_recorded_action_on_the_recorded_object() -> None:
    done = plan(rollback=[STEP], target=TARGET)
    found = order(done, done.status.rollback[0])
    assert (found.effect, found.parameters) == ("SetTargetPort", {"port": "80", "target-port": "9090"})
    assert (found.kind, found.namespace, found.name, found.uid) == ("Service", "shop", "web", "u-1")


def test_a_plan_without_an_inverse_cannot_be_undone() -> None:
    assert undo(plan(target=TARGET), Path("nowhere")) == ["the plan has no inverse"]
