"""What is wrong with objects is found in the words of those who run them, once, and cleared when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from forestall.adapters.kubernetes.client import path_of
from forestall.adapters.resources import DEPLOYMENTS, FINDINGS, JOBS, NODES, PODS, SERVICES
from forestall.api.inspectionpolicy import Check
from forestall.ports import Resource
from tests.api.loop import objects
from tests.api.loop.objects import GOOD, Json
from tests.api.loop.process import IMAGE
from tests.api.loop.shop import Shop, name_of, state, template
from tests.api.person import expect
from tools.cluster.fake_nodes import FakeNodes
from tools.cluster.rest import Rest

pytestmark = pytest.mark.api

QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")
ALL = [{"name": "state", "workload": {"checks": list(get_args(Check))}}]
LONG_AGO = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def watching(shop: Shop, **spec: Any) -> None:
    shop.open(inspections=ALL, responses=[], **spec)


def finding(shop: Shop, kind: str, name: str) -> Json:
    """The finding of that type on an object of that name; empty while there is none."""
    found = (one for one in shop.all(FINDINGS) if one["spec"]["type"] == kind)
    return next((one for one in found if one["spec"]["resource"]["name"] == name), {})


def raised(shop: Shop, kind: str, name: str) -> Json:
    """The finding, once it is open, with the words that it rests on."""
    shop.until(f"{kind} on {name}", lambda: state(finding(shop, kind, name)) == "Open")
    status: Json = finding(shop, kind, name)["status"]
    assert status["class"] == "Problem"
    return status


def cleared(shop: Shop, kind: str, name: str) -> None:
    shop.until(f"{kind} on {name} to be cleared", lambda: state(finding(shop, kind, name)) == "Cleared")


def words(status: Json) -> str:
    return " ".join(fact["message"] for fact in status["evidence"])


class Kubelet:
    """Says of the one container of one pod of `web` what a test wants it to say."""

    def __init__(self, shop: Shop) -> None:
        pods = [pod for pod in shop.all(PODS) if pod["metadata"]["labels"]["app"] == "web"]
        self._shop, self._pod = shop, min(pods, key=name_of)

    def says(self, **status: Any) -> None:
        """Change what was said at first; without changes, say that again."""
        first = self._pod["status"]["containerStatuses"][0]
        change = {"status": {"containerStatuses": [{**first, **status}]}}
        path = path_of(PODS, self._shop.namespace, name_of(self._pod), "status")
        expect(self._shop.world.admin.patch(path, change), None)


def ended(reason: str, code: int) -> Json:
    return {"terminated": {"reason": reason, "exitCode": code, "startedAt": LONG_AGO, "finishedAt": LONG_AGO}}


NO_KEY = "couldn't find key greeting in ConfigMap shop/web"
LOOPING: Json = {
    "ready": False,
    "restartCount": 3,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
    "lastState": ended("Error", 3),
}
SAID: dict[Check, tuple[Json, str]] = {
    "CrashLoop": (LOOPING, "Error, exit code 3"),
    "OutOfMemory": ({**LOOPING, "lastState": ended("OOMKilled", 137)}, "OOMKilled"),
    "ConfigMissing": (
        {"ready": False, "state": {"waiting": {"reason": "CreateContainerConfigError", "message": NO_KEY}}},
        NO_KEY,
    ),
    "ProbeFailing": ({"ready": False, "state": {"running": {"startedAt": LONG_AGO}}}, "runs and is not ready"),
}


def test_what_the_kubelet_says_of_a_container_is_found_and_cleared(shop: Shop) -> None:
    watching(shop)
    kubelet = Kubelet(shop)
    for check, (said, expected) in SAID.items():
        kubelet.says(**said)
        status = raised(shop, check, "web")
        assert expected in words(status)
        assert [target["name"] for target in status["targets"]] == ["web"]
        assert status["affectedServices"] == ["web"]
        kubelet.says()
        cleared(shop, check, "web")
    assert {one["spec"]["type"] for one in shop.all(FINDINGS)} == set(SAID)


def test_ten_toggles_of_a_crash_loop_are_one_finding(shop: Shop) -> None:
    watching(shop)
    kubelet = Kubelet(shop)
    for _ in range(10):
        kubelet.says(**LOOPING)
        raised(shop, "CrashLoop", "web")
        kubelet.says()
        cleared(shop, "CrashLoop", "web")
    (only,) = shop.all(FINDINGS)
    assert only["status"]["transitionCount"] == 20


def job() -> Json:
    """A Job that is given up after a second."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": GOOD}], "nodeSelector": {"disk": "none"}}
    spec = {"activeDeadlineSeconds": 1, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "import"}, "spec": spec}


def quota(pods: int) -> Json:
    """A limit on the number of pods."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"pods": str(pods)}},
    }


def with_pods(shop: Shop) -> set[str]:
    """Names of the Deployments that have pods."""
    return {str(one["metadata"]["labels"].get("app", "")) for one in shop.all(PODS)}


def test_what_the_scheduler_and_the_controllers_say_is_found_and_cleared(shop: Shop) -> None:
    watching(shop)
    homeless = objects.deployment("homeless", replicas=1)
    homeless["spec"]["template"]["spec"]["nodeSelector"] = {"disk": "none"}
    # Nothing starts pods of this image, and nothing says why.
    stalled = objects.deployment("stalled", image=IMAGE, replicas=1)
    stalled["spec"]["progressDeadlineSeconds"] = 2
    lost = objects.service("lost")
    for resource, body in ((DEPLOYMENTS, homeless), (DEPLOYMENTS, stalled), (SERVICES, lost), (JOBS, job())):
        shop.put(resource, body)
    shop.until("their pods", lambda: with_pods(shop) >= {"homeless", "stalled"})
    assert "DeadlineExceeded" in words(raised(shop, "FailedJob", "import"))
    shop.put(QUOTAS, quota(4))
    shop.until("the quota to be in force", lambda: "used" in shop.get(QUOTAS, "small").get("status", {}))
    shop.put(DEPLOYMENTS, objects.deployment("greedy", replicas=3))

    assert "node affinity/selector" in words(raised(shop, "Unschedulable", "homeless"))
    assert "has timed out progressing" in words(raised(shop, "StuckRollout", "stalled"))
    assert words(raised(shop, "QuotaExceeded", "greedy")).startswith("exceeded quota: small, requested: pods=1")
    assert "selector app=lost matches no pod" in words(raised(shop, "NoReadyEndpoints", "lost"))

    shop.delete(JOBS, "import", propagationPolicy="Background")
    shop.delete(QUOTAS, "small")
    shop.change(DEPLOYMENTS, "homeless", {"spec": {"template": {"spec": {"nodeSelector": None}}}})
    shop.change(DEPLOYMENTS, "stalled", template(containers=[{"name": "web", "image": GOOD}]))
    shop.change(SERVICES, "lost", {"spec": {"selector": {"app": "web"}}})
    for check, name in (
        ("FailedJob", "import"),
        ("Unschedulable", "homeless"),
        ("StuckRollout", "stalled"),
        ("NoReadyEndpoints", "lost"),
    ):
        cleared(shop, check, name)
    # The controller waits longer and longer between its tries: it is told to look again.
    shop.change(DEPLOYMENTS, "greedy", {"spec": {"replicas": 1}})
    cleared(shop, "QuotaExceeded", "greedy")


def test_a_condition_that_must_last_is_raised_in_time_though_nothing_else_happens(shop: Shop) -> None:
    watching(shop, schedule={"interval": "1h"})
    shop.put(SERVICES, objects.service("lost"))
    raised(shop, "NoReadyEndpoints", "lost")


@contextmanager
def silent_node(shop: Shop) -> Iterator[str]:
    """A node that takes pods and falls silent."""
    name = f"silent-{shop.namespace}"
    with FakeNodes(Rest(shop.world.cluster.kubeconfig), [name]) as nodes:
        nodes.fall_silent()
        yield name


def test_a_node_that_falls_silent_is_found_and_cleared_when_it_is_gone(shop: Shop) -> None:
    watching(shop)
    with silent_node(shop) as name:
        status = raised(shop, "NodeNotReady", name)
        assert "NodeStatusUnknown" in words(status)
        assert status["targets"] == [{"kind": "Node", "namespace": "", "name": name}]
    assert name not in {name_of(one) for one in shop.world.admin.send("GET", path_of(NODES, "")).body["items"]}
    cleared(shop, "NodeNotReady", name)
