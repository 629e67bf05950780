"""What the kubelet and the scheduler say of a workload's pods."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forestall.api.base import Key
from forestall.api.inspectionpolicy import Check
from forestall.ports import Json
from tests.unit.inspection.checks.signs import ailing, crashing, end, found, kept, one, running, waiting
from tests.unit.twin.objects import SHOP, WEB, WEB_SERVICE, node, pod, service, unscheduled, web

NO_KEY = "couldn't find key greeting in ConfigMap shop/web"
ROOT = "container has runAsNonRoot and image will run as root"
NO_NODE = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector."
PROBE: Json = {"httpGet": {"port": 8081, "path": "/"}, "periodSeconds": 1, "failureThreshold": 3}
"""Has had its say after nine seconds."""


def slow(seconds: float, **status: Any) -> Json:
    """A pod that has run for so long and is not ready."""
    return ailing(spec={"readinessProbe": PROBE}, state=running(seconds), **status)


@pytest.mark.parametrize(
    ("check", "pod", "fact"),
    [
        ("CrashLoop", crashing(), "container main ends again and again: Error, exit code 1"),
        ("CrashLoop", crashing(code=0, reason="Completed"), "ends again and again: Completed, exit code 0"),
        ("CrashLoop", crashing(state=end(code=3)), "ends again and again: Error, exit code 3"),
        ("CrashLoop", crashing(state=running(5)), "ends again and again: Error, exit code 1"),
        ("OutOfMemory", crashing(reason="OOMKilled", code=137), "container main was killed: OOMKilled"),
        ("OutOfMemory", ailing(state=end("OOMKilled", 137)), "container main was killed: OOMKilled"),
        ("OutOfMemory", crashing(state=end(), lastState=end("OOMKilled", 137)), "was killed: OOMKilled"),
        ("ConfigMissing", ailing(state=waiting("CreateContainerConfigError", NO_KEY)), f"container main: {NO_KEY}"),
        ("ConfigMissing", ailing(state=waiting("CreateContainerConfigError", 'secret "db" not found')), '"db" not'),
        ("Unschedulable", unscheduled("web-1-9", NO_NODE), NO_NODE),
        ("ProbeFailing", slow(10), "container main runs and is not ready; it is asked GET :8081/"),
    ],
)
def test_a_sign_of_a_pod_is_a_symptom_of_its_workload(check: Check, pod: Json, fact: str) -> None:
    symptom = one(check, [*web("a"), pod])

    assert (symptom.check, symptom.resource) == (check, WEB)
    assert symptom.message.startswith("1 of 2 pods of Deployment web ")
    (told,) = symptom.facts
    assert fact in told
    assert told.endswith(": 1 of 2 pods")
    assert (symptom.targets, symptom.services, symptom.workloads) == ((WEB,), (WEB_SERVICE,), (WEB,))


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_pods_of_other_workloads_are_judged_alike(kind: str) -> None:
    cluster = [service(), *(kept(one, kind) for one in (pod("web-0", "a"), crashing("web-1")))]

    symptom = one("CrashLoop", cluster)

    keeper = Key(kind, SHOP, "web")
    assert (symptom.resource, symptom.message) == (keeper, f"1 of 2 pods of {kind} web end again and again")
    assert (symptom.targets, symptom.services, symptom.workloads) == ((keeper,), (WEB_SERVICE,), (keeper,))


def test_pods_of_a_deployment_that_is_gone_are_no_symptom() -> None:
    cluster = [item for item in [*web("a"), crashing()] if item["kind"] != "Deployment"]
    assert found("CrashLoop", cluster) == ()


@pytest.mark.parametrize(
    ("check", "pod"),
    [
        ("CrashLoop", crashing(restartCount=1)),
        ("CrashLoop", crashing(restartCount=9, state=running(31))),
        ("CrashLoop", ailing(state=waiting("ContainerCreating"))),
        ("OutOfMemory", crashing()),
        ("OutOfMemory", ailing(restartCount=1, state=running(31), lastState=end("OOMKilled", 137))),
        ("ConfigMissing", ailing(state=waiting("CreateContainerConfigError", ROOT))),
        ("ConfigMissing", ailing(state=waiting("ContainerCreating", NO_KEY))),
        ("Unschedulable", unscheduled("web-1-9", NO_NODE) | {"spec": {"nodeName": "a"}}),
        ("ProbeFailing", slow(8)),
        ("ProbeFailing", slow(3600, ready=True)),
        ("ProbeFailing", ailing(state=waiting("ContainerCreating"))),
    ],
)
def test_what_passes_by_itself_or_is_something_else_is_no_symptom(check: Check, pod: Json) -> None:
    assert found(check, [*web("a"), pod]) == ()


@pytest.mark.parametrize("check", ["CrashLoop", "OutOfMemory", "ConfigMissing", "Unschedulable", "ProbeFailing"])
def test_pods_that_serve_are_no_symptom(check: Check) -> None:
    assert found(check, web("a", "b")) == ()


def test_a_crash_loop_is_one_and_the_same_symptom_in_all_its_states() -> None:
    states = (waiting("CrashLoopBackOff", "back-off 10s"), waiting("CrashLoopBackOff", "back-off 5m0s"), end())
    seen = [one("CrashLoop", [*web("a"), crashing(state=state)]) for state in (*states, running(0), running(29))]

    assert len({repr(symptom) for symptom in seen}) == 1


def test_pods_with_the_same_sign_are_counted_and_others_told_apart() -> None:
    pods = [crashing("web-1-7"), crashing("web-1-8"), crashing("web-1-9", code=2)]

    symptom = one("CrashLoop", [*web("a"), *pods])

    assert symptom.message == "3 of 4 pods of Deployment web end again and again"
    assert [fact.rpartition(": ")[2] for fact in symptom.facts] == ["2 of 4 pods", "1 of 4 pods"]


def test_a_pod_that_finds_no_node_is_given_time_to_find_one() -> None:
    assert one("Unschedulable", [*web("a"), unscheduled("web-1-9", NO_NODE)]).patience == timedelta(seconds=10)


def test_nodes_that_would_take_the_pod_but_for_a_cordon_or_a_taint_are_targets_too() -> None:
    taint = {"key": "dedicated", "value": "batch", "effect": "NoSchedule"}
    nodes = [
        node("cordoned", unschedulable=True),
        node("tainted", taints=[taint]),
        node("small", cpu="100m", unschedulable=True),
        node("lost", ready=False, unschedulable=True),
        node("full", cpu="0"),
    ]

    symptom = one("Unschedulable", [*nodes, *web(), unscheduled("web-1-9", NO_NODE)])

    assert symptom.targets == (WEB, Key("Node", "", "cordoned"), Key("Node", "", "tainted"))


def test_pods_of_other_namespaces_are_not_looked_at() -> None:
    cluster = [*web("a"), crashing()]
    for item in cluster:
        item["metadata"]["namespace"] = "other"

    assert found("CrashLoop", cluster) == ()
