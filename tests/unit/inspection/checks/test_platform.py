"""Nodes that do not work, and Jobs that were given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forestall.api.base import Key
from forestall.ports import Json
from tests.unit.inspection.checks.signs import found, kept, one
from tests.unit.twin.objects import SHOP, WEB, WEB_SERVICE, job, node, pod, web

NODE_A = Key("Node", "", "a")
CRON = Key("CronJob", SHOP, "nightly")


def broken(status: str, reason: str, message: str) -> Json:
    lost = node("a", ready=False)
    lost["status"]["conditions"][0] |= {"status": status, "reason": reason, "message": message}
    return lost


def test_a_node_that_has_fallen_silent_is_a_symptom_at_once_with_what_stands_on_it() -> None:
    lost = broken("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")

    symptom = one("NodeNotReady", [lost, node("b"), *web("a", "b")])

    assert (symptom.resource, symptom.message) == (NODE_A, "Node a is not ready")
    assert symptom.facts == ("NodeStatusUnknown: Kubelet stopped posting node status.",)
    assert (symptom.targets, symptom.workloads, symptom.services) == ((NODE_A, WEB), (WEB,), (WEB_SERVICE,))
    assert symptom.patience == timedelta(0)


def test_what_runbooks_act_on_is_told_before_other_workloads_on_the_node() -> None:
    cluster = [node("a", ready=False), *web("a"), kept(pod("agent-0", "a"), "DaemonSet", "agent")]

    symptom = one("NodeNotReady", cluster)

    agent = Key("DaemonSet", SHOP, "agent")
    assert (symptom.targets, symptom.workloads) == ((NODE_A, WEB, agent), (WEB, agent))


def test_a_node_that_says_that_it_is_not_ready_may_just_be_joining() -> None:
    symptom = one("NodeNotReady", [broken("False", "KubeletNotReady", "no network"), *web()])

    assert (symptom.targets, symptom.patience) == ((NODE_A,), timedelta(seconds=30))


def test_nodes_that_work_cordoned_or_not_are_no_symptom() -> None:
    assert found("NodeNotReady", [node("a"), node("b", unschedulable=True)]) == ()


def test_a_job_that_was_given_up_is_a_symptom_in_its_controller_s_words() -> None:
    symptom = one("FailedJob", [job("import", "Failed"), job("export", "Complete"), job("running")])

    assert (symptom.resource.kind, symptom.resource.name) == ("Job", "import")
    assert (symptom.message, symptom.facts) == (
        "Job import was given up",
        ("Job import: FailedReason: as it is",),
    )


FIRST, SECOND = "2030-01-01T10:00:00Z", "2030-01-01T11:00:00Z"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (["Failed"], ["Complete"], []),
        (["Complete"], ["Failed"], [CRON]),
        (["Failed"], [], [CRON]),
        (["Complete"], [], []),
    ],
)
def test_of_a_cron_job_s_jobs_the_latest_that_has_ended_counts(
    first: list[str], second: list[str], expected: list[Key]
) -> None:
    jobs = [job("nightly-9", *first, cron="nightly", created=FIRST), job("nightly-10", *second, cron="nightly")]
    jobs[1]["metadata"]["creationTimestamp"] = SECOND

    assert [symptom.resource for symptom in found("FailedJob", jobs)] == expected


def test_jobs_of_other_namespaces_are_not_looked_at() -> None:
    other = job("import", "Failed")
    other["metadata"]["namespace"] = "other"

    assert found("FailedJob", [other]) == ()
