"""Which pods a Service selects."""

from __future__ import annotations

from forestall.api.base import Key
from tests.unit.twin.objects import SHOP, pod, service, snapshot


def names(selector: dict[str, str], *extra: dict[str, object]) -> list[str]:
    pods = [pod("web-1-0", "a"), pod("web-2-0", "a", owner="web-2"), pod("api-1-0", "b", owner="api-1")]
    view = snapshot([*pods, *extra, service("chosen", **selector)])
    return [found.key.name for found in view.index.pods_of(Key("Service", SHOP, "chosen"))]


def test_a_service_selects_the_pods_that_carry_all_its_labels() -> None:
    assert names({"app": "web"}) == ["web-1-0", "web-2-0"]
    assert names({"app": "web", "pod-template-hash": "web-2"}) == ["web-2-0"]
    assert names({"app": "web", "zone": "a"}) == []


def test_pods_are_found_in_the_service_s_namespace_only() -> None:
    elsewhere = pod("web-1-9", "a")
    elsewhere["metadata"]["namespace"] = "other"

    assert names({"app": "web"}, elsewhere) == ["web-1-0", "web-2-0"]


def test_pods_that_terminate_are_not_selected() -> None:
    leaving = pod("web-1-9", "a")
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"

    assert names({"app": "web"}, leaving) == ["web-1-0", "web-2-0"]


def test_a_service_without_a_selector_selects_nothing() -> None:
    nothing = {"kind": "Service", "metadata": {"name": "none", "namespace": SHOP}, "spec": {}}
    view = snapshot([pod("web-1-0", "a"), nothing])

    assert view.index.pods_of(Key("Service", SHOP, "none")) == ()


def test_a_service_that_is_not_there_selects_nothing() -> None:
    assert snapshot([pod("web-1-0", "a")]).index.pods_of(Key("Service", SHOP, "web")) == ()


def test_services_are_found_by_the_labels_that_they_select() -> None:
    index = snapshot([service("web"), service("api"), service("all", tier="front")]).index

    assert index.services_of(SHOP, {"app": "web", "tier": "front"}) == (
        Key("Service", SHOP, "all"),
        Key("Service", SHOP, "web"),
    )
    assert index.services_of("other", {"app": "web"}) == ()


def test_ready_pods_are_counted_by_node() -> None:
    pods = [pod("web-1-0", "a"), pod("web-1-1", "a"), pod("web-1-2", "b"), pod("web-1-3", "b", ready=False)]
    index = snapshot([*pods, service("web")]).index

    assert index.ready_by_node(Key("Service", SHOP, "web")) == {"a": 2, "b": 1}


def test_pods_are_found_by_their_node_but_those_that_terminate() -> None:
    leaving = pod("web-1-9", "a")
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"
    index = snapshot([pod("web-1-0", "a"), pod("web-1-1", ""), leaving]).index

    found = {node: [pod.key.name for pod in pods] for node, pods in index.by_node.items()}

    assert found == {"a": ["web-1-0"], "": ["web-1-1"]}
