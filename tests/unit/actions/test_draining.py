"""A node is emptied by evictions alone, as budgets allow, and not at all where a pod would be lost."""

from __future__ import annotations

import asyncio

import pytest

from forestall.actions.perform import Result
from forestall.adapters.memory import MemoryKube
from forestall.adapters.resources import NODES, PODS
from forestall.ports import Json, KubeError
from tests.unit.actions.scene import cluster, node, order, pod, run, stored

HELD = KubeError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.")
SCRATCH = {"volumes": [{"name": "scratch", "emptyDir": {}}]}
MEMORY = {"volumes": [{"name": "scratch", "emptyDir": {"medium": "Memory"}}]}


def drained(kube: MemoryKube, *times: float, **given: str) -> Result:
    return run(order(kube, "drain", "Node", "PodsGone", node="worker-1", **given), kube, times=times or (0.0,))


def left(kube: MemoryKube) -> list[str]:
    return sorted(item["metadata"]["name"] for item in asyncio.run(kube.list(PODS)))


def test_pods_are_evicted_after_the_node_is_cordoned() -> None:
    kube = cluster(pod("cart-1-a"), pod("cart-1-b"), pod("elsewhere", home="worker-2"))
    result = drained(kube)
    assert (result.code, left(kube)) == (0, ["elsewhere"])
    assert stored(kube, "Node")["spec"] == {"unschedulable": True}
    assert [call.verb for call in kube.made("json_patch", "evict")] == ["json_patch", "evict", "evict"]


@pytest.mark.parametrize(
    "body",
    [
        pod("agent", owner="DaemonSet"),
        pod("static", owner="", metadata={"annotations": {"kubernetes.io/config.mirror": "x"}}),
        pod("ended", owner="", status={"phase": "Succeeded"}),
        pod("job", owner="Job", metadata={"labels": {"forestall.dev/managed": "true"}}),
    ],
    ids=lambda body: str(body["metadata"]["name"]),
)
def test_what_belongs_to_the_node_or_to_an_action_stays(body: Json) -> None:
    kube = cluster(pod("cart-1-a"), body)
    assert drained(kube).code == 0
    assert left(kube) == [body["metadata"]["name"]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (pod("bare", owner=""), "nothing would make these pods anew: shop/bare"),
        (pod("writer", spec=SCRATCH), "shop/writer"),
    ],
)
def test_a_pod_that_would_be_lost_is_named_and_nothing_is_changed(body: Json, words: str) -> None:
    kube = cluster(pod("cart-1-a"), body)
    result = drained(kube)
    assert (result.code, len(left(kube))) == (40, 2)
    assert words in result.message
    assert kube.made("json_patch", "evict") == []


def test_data_on_the_node_goes_where_that_is_said_or_where_it_is_memory() -> None:
    assert drained(cluster(pod("writer", spec=SCRATCH)), **{"local-data": "Discard"}).code == 0
    assert drained(cluster(pod("writer", spec=MEMORY))).code == 0


def test_a_pod_that_a_budget_holds_back_is_asked_for_again() -> None:
    kube = cluster(pod("cart-1-a"))
    what = order(kube, "drain", "Node", "PodsGone", node="worker-1")
    kube.refuse("evict", PODS, HELD)
    assert run(what, kube).code == 0
    assert left(kube) == []


def test_what_has_not_gone_in_time_is_named_with_what_budgets_hold_back() -> None:
    kube = cluster(pod("cart-1-a"), pod("cart-1-b"))
    what = order(kube, "drain", "Node", "PodsGone", node="worker-1")
    kube.refuse("evict", PODS, HELD, times=2)
    result = run(what, kube, times=(0.0, 1.0, 60.0))
    assert (result.code, left(kube)) == (1, ["cart-1-a", "cart-1-b"])
    assert result.message == (
        "cordoned, but these pods have not gone in time: shop/cart-1-a, shop/cart-1-b; "
        "disruption budgets hold back: shop/cart-1-a, shop/cart-1-b"
    )


def test_of_many_pods_the_first_ones_are_named() -> None:
    kube = cluster(*(pod(f"bare-{number}", owner="") for number in range(9)))
    assert "shop/bare-4 and 4 more" in drained(kube).message


def test_a_cordoned_node_with_pods_is_still_to_be_drained_and_one_without_is_done() -> None:
    kube = cluster(pod("cart-1-a"))
    kube.put(NODES, node(unschedulable=True))
    assert drained(kube).code == 0
    assert drained(kube).code == 41


def test_on_a_node_that_has_fallen_silent_a_pod_on_its_way_is_not_waited_for() -> None:
    going = pod("cart-1-a", metadata={"deletionTimestamp": "2030-01-01T00:00:00Z"})
    kube = cluster(going)
    kube.put(NODES, {**node(), "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})
    assert drained(kube).code == 0
    assert left(kube) == ["cart-1-a"]


def test_a_pod_that_has_gone_meanwhile_is_no_failure() -> None:
    kube = cluster(pod("cart-1-a"))
    what = order(kube, "drain", "Node", "PodsGone", node="worker-1")
    kube.refuse("evict", PODS, KubeError(404, "NotFound", "gone"))
    assert run(what, kube).code == 0


def test_an_eviction_that_is_refused_for_another_reason_is_a_failure() -> None:
    kube = cluster(pod("cart-1-a"))
    what = order(kube, "drain", "Node", "PodsGone", node="worker-1")
    kube.refuse("evict", PODS, KubeError(403, "Forbidden", "no"))
    result = run(what, kube)
    assert (result.code, stored(kube, "Node")["spec"]) == (1, {"unschedulable": True})
    assert result.message.startswith("changed, but the API server refused")
