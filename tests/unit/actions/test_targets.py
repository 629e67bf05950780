"""Actions on targets of each kind: Nodes, Services and Deployments are changed by the same rules."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.actions.perform import TRIES
from forestall.adapters.resources import NODES, SERVICES
from forestall.ports import KubeError
from tests.unit.actions.scene import cluster, node, order, run, service, stored

CONFLICT = KubeError(409, "Conflict", "the object has been modified")
CASES: tuple[tuple[str, str, dict[str, str], tuple[str, Any]], ...] = (
    ("cordon", "Node", {"node": "worker-1"}, ("unschedulable", True)),
    (
        "patch-service-port",
        "Service",
        {"port": "80", "target_port": "8080"},
        ("ports", [{"port": 80, "targetPort": 8080}]),
    ),
    ("scale", "Deployment", {"replicas": "3"}, ("replicas", 3)),
)


@pytest.mark.parametrize(("action", "kind", "given", "wanted"), CASES)
def test_an_action_tries_its_change_and_makes_it_under_its_own_name(
    action: str, kind: str, given: dict[str, str], wanted: tuple[str, Any]
) -> None:
    kube = cluster()
    result = run(order(kube, action, kind, **given), kube)
    assert (result.code, result.message) == (0, "changed")
    assert stored(kube, kind)["spec"][wanted[0]] == wanted[1]
    made = [(call.dry_run, call.manager) for call in kube.calls if call.verb == "json_patch"]
    assert made == [(True, f"forestall-action-{action}"), (False, f"forestall-action-{action}")]
    assert result.target_hash


@pytest.mark.parametrize(("action", "kind", "given", "wanted"), CASES)
def test_a_check_changes_nothing(action: str, kind: str, given: dict[str, str], wanted: tuple[str, Any]) -> None:
    kube = cluster()
    assert run(order(kube, action, kind, **given), kube, check_only=True).code == 0
    assert kube.made("json_patch") == []


@pytest.mark.parametrize(("action", "kind", "given", "wanted"), CASES)
def test_what_is_already_so_is_left_alone(
    action: str, kind: str, given: dict[str, str], wanted: tuple[str, Any]
) -> None:
    kube = cluster()
    what = order(kube, action, kind, **given)
    assert run(what, kube).code == 0
    kube.calls.clear()
    assert run(what, kube).code == 41
    assert kube.made("json_patch") == []


def test_a_target_of_the_same_name_that_is_another_one_is_left_alone() -> None:
    kube = cluster()
    what = order(kube, "cordon", "Node", node="worker-1")
    kube.remove(NODES, "", "worker-1")
    kube.put(NODES, node())
    result = run(what, kube)
    assert (result.code, kube.made("json_patch")) == (40, [])
    assert "made anew" in result.message


def test_a_target_whose_fields_have_changed_since_is_left_alone() -> None:
    kube = cluster()
    what = order(kube, "patch-service-port", "Service", port="80", target_port="8080")
    changed = service()
    changed["spec"]["ports"].append({"port": 81, "targetPort": 81})
    kube.put(SERVICES, changed)
    result = run(what, kube)
    assert (result.code, kube.made("json_patch")) == (40, [])
    assert "changed since approval" in result.message


def test_what_the_object_does_not_allow_is_told_and_not_done() -> None:
    kube = cluster()
    result = run(order(kube, "patch-service-port", "Service", port="99", target_port="8080"), kube)
    assert result.code == 40
    assert "has 0 ports 99" in result.message


def test_a_race_lost_to_a_status_is_run_again() -> None:
    kube = cluster()
    what = order(kube, "cordon", "Node", node="worker-1")
    kube.refuse("json_patch", NODES, CONFLICT, times=TRIES - 1)
    assert run(what, kube).code == 0
