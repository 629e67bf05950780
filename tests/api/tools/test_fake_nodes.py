"""Nodes in name only take pods, say of them what was asked for, and are ready again whatever happened meanwhile."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tools.cluster.api_tier import ApiTier
from tools.cluster.fake_nodes import NODES, is_ready, takes_pods
from tools.cluster.process import wait_until
from tools.cluster.rest import STRATEGIC, Rest

pytestmark = pytest.mark.api

COUNT = 20
DELAY = timedelta(seconds=2)
GOOD, BROKEN = "localhost/app:1", "localhost/broken:1"


@pytest.fixture(scope="module")
def fakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiTier]:
    """A cluster of its own: its nodes would take other tests' pods."""
    with ApiTier(tmp_path_factory.mktemp("fakes") / "cluster").up() as cluster:
        cluster.add_fake_nodes(COUNT, delay=DELAY.total_seconds(), broken=[BROKEN])
        yield cluster


def apply(cluster: ApiTier, name: str, image: str, **more: str) -> None:
    spec = {"containers": [{"name": "main", "image": image}], **more}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    wait_until("its service account", lambda: cluster.get(account) is not None)
    cluster.kubectl("create", "-f", "-", input=json.dumps(body))


def pod(cluster: ApiTier, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cluster.get(f"/api/v1/namespaces/default/pods/{name}")
    return found


def state_of(cluster: ApiTier, name: str) -> dict[str, Any]:
    containers = pod(cluster, name)["status"].get("containerStatuses", [{"state": {}}])
    state: dict[str, Any] = containers[0]["state"]
    return state


def instant(written: str) -> datetime:
    return datetime.fromisoformat(written.replace("Z", "+00:00"))


def test_all_of_them_take_pods_and_later_ones_have_names_of_their_own(fakes: ApiTier) -> None:
    assert {node["metadata"]["name"] for node in fakes.get(NODES)["items"] if takes_pods(node)} == set(fakes.nodes())
    assert fakes.add_fake_nodes(2) == [f"fake-{COUNT + 1}", f"fake-{COUNT + 2}"]
    assert len(fakes.nodes()) == COUNT + 2


def test_a_pod_is_ready_some_time_after_it_was_bound_and_gone_once_deleted(fakes: ApiTier) -> None:
    apply(fakes, "late", GOOD, nodeName="fake-1")
    wait_until("the pod to run", lambda: "running" in state_of(fakes, "late"))
    created = instant(pod(fakes, "late")["metadata"]["creationTimestamp"])
    started = instant(state_of(fakes, "late")["running"]["startedAt"])
    assert started - created > DELAY - timedelta(seconds=1)  # cut to seconds
    fakes.kubectl("delete", "pod", "late", "--timeout=60s")
    assert pod(fakes, "late") is None


def test_a_broken_image_is_never_had(fakes: ApiTier) -> None:
    apply(fakes, "broken", BROKEN, nodeName="fake-1")
    wait_until("the refusal", lambda: state_of(fakes, "broken").get("waiting", {}).get("reason") == "ImagePullBackOff")
    assert pod(fakes, "broken")["status"]["phase"] == "Pending"


def test_a_node_that_was_given_up_says_that_it_is_ready(fakes: ApiTier) -> None:
    path = f"{NODES}/fake-1"
    lost = {"status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]}}
    # As it was written: the node may have contradicted by the time that it is read.
    _, written = Rest(fakes.kubeconfig).send("PATCH", f"{path}/status", lost, content=STRATEGIC)
    assert not is_ready(json.loads(written))
    wait_until("the node to contradict", lambda: takes_pods(fakes.get(path)))


def test_an_outage_of_the_api_server_is_outlived(fakes: ApiTier) -> None:
    fakes.restart_apiserver()
    apply(fakes, "after", GOOD)
    wait_until("the pod to run", lambda: "running" in state_of(fakes, "after"))
