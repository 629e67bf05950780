"""Two replicas as pods: the one that is asked to go hands over before it is gone, as in an upgrade or a drain."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from forestall.ports import Json
from forestall.runtime.lease import LEASE_SECONDS
from tests.node.installed import SYSTEM, Shop, installed
from tools.cluster.node_tier import NodeTier
from tools.cluster.oci import Image
from tools.cluster.process import wait_until

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def shop(node_cluster: NodeTier, operator: Image) -> Iterator[Shop]:
    with installed(node_cluster, operator, "replicated", {"replicas": 2}) as shop:
        yield shop


def pods(shop: Shop) -> dict[str, Json]:
    """The operator's pods that are to stay, by name."""
    selector = ("-l", "app.kubernetes.io/name=forestall")
    items = json.loads(shop.cluster.kubectl("get", "pods", "-n", SYSTEM, *selector, "-o", "json").stdout)["items"]
    return {one["metadata"]["name"]: one for one in items if "deletionTimestamp" not in one["metadata"]}


def ready(shop: Shop) -> int:
    statuses = (status for pod in pods(shop).values() for status in pod["status"].get("containerStatuses", ()))
    return sum(status["ready"] for status in statuses)


def lease(shop: Shop) -> Json:
    """What the Lease says; nothing before there is one."""
    found = shop.cluster.kubectl("get", "lease", "forestall", "-n", SYSTEM, "--ignore-not-found", "-o", "json").stdout
    return dict(json.loads(found)["spec"]) if found else {}


def holder(shop: Shop) -> str:
    return str(lease(shop).get("holderIdentity", ""))


def test_a_pod_that_is_deleted_hands_over_to_the_other_which_was_ready(shop: Shop) -> None:
    wait_until("both replicas to be ready", lambda: ready(shop) == 2)
    wait_until("one of them to lead", lambda: holder(shop) in pods(shop))
    told = [lease(shop)]
    leader = told[0]["holderIdentity"]
    (heir,) = set(pods(shop)) - {leader}

    def leads() -> bool:
        told.append(lease(shop))
        return bool(told[-1].get("holderIdentity") == heir)

    shop.cluster.kubectl("delete", "pod", leader, "-n", SYSTEM, "--wait=false")
    wait_until("the other to lead", leads)
    # One that is not given back stands still for this long before another takes it.
    still = datetime.fromisoformat(told[-1]["acquireTime"]) - datetime.fromisoformat(told[-2]["renewTime"])
    assert still < timedelta(seconds=LEASE_SECONDS)
    assert ready(shop) >= 1

    wait_until("two to be ready again", lambda: ready(shop) == 2)
    assert holder(shop) == heir
    restarts = [status["restartCount"] for pod in pods(shop).values() for status in pod["status"]["containerStatuses"]]
    assert restarts == [0, 0]


def test_a_drain_leaves_one_of_them(shop: Shop) -> None:
    wait_until("both replicas to be ready", lambda: ready(shop) == 2)
    # Counted some time after the pods are ready.
    allowed = ("get", "pdb", "forestall", "-n", SYSTEM, "-o", "jsonpath={.status.disruptionsAllowed}")
    wait_until("the budget to let one of them go", lambda: shop.cluster.kubectl(*allowed).stdout == "1")
    first, second = pods(shop)
    evict(shop, first)
    with pytest.raises(AssertionError, match="disruption budget"):
        evict(shop, second)
    wait_until("two to be ready again", lambda: ready(shop) == 2)


def evict(shop: Shop, pod: str) -> None:
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": SYSTEM}}
    path = f"/api/v1/namespaces/{SYSTEM}/pods/{pod}/eviction"
    done = shop.cluster.kubectl("create", "--raw", path, "-f", "-", input=json.dumps(body), check=False)
    assert done.returncode == 0, done.stderr
