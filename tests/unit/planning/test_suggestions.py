"""The twin gives a value where there is exactly one; where there is none, or a choice, it says so and gives none."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.api.base import Key
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import Source
from forestall.planning.suggestions import About, NoSuggestionError, suggest
from forestall.ports import Json
from tests.unit.planning.troubled import OOM, UNREADY, container, leads, world
from tests.unit.planning.world import CART, CART_SERVICE, finding, node, snapshot

NODE = Key("Node", "", "worker-1")


def about(objects: list[Json], target: Key = CART, of: Finding | None = None) -> About:
    return About(target, of or finding("OutOfMemory", "state"), snapshot([node("worker-1"), *objects]))


def refused(source: Source, scene: About) -> str:
    with pytest.raises(NoSuggestionError) as caught:
        suggest(source, scene)
    return str(caught.value)


def test_the_only_container_in_trouble_is_meant() -> None:
    objects = world(container("cart"), container("proxy"), states={"proxy": OOM})
    assert suggest("AilingContainer", about(objects)) == "proxy"


@pytest.mark.parametrize(("states", "why"), [({}, "no container"), ({"cart": OOM, "proxy": OOM}, "more than one")])
def test_of_no_container_or_two_in_trouble_none_is_meant(states: dict[str, Json], why: str) -> None:
    assert why in refused("AilingContainer", about(world(container("cart"), container("proxy"), states=states)))


@pytest.mark.parametrize(("memory", "doubled"), [("48Mi", "96"), ("50M", "96"), ("1Gi", "2048"), ("100Ki", "1")])
def test_memory_is_doubled_in_mebibytes_rounded_up(memory: str, doubled: str) -> None:
    objects = world(container(memory=memory), states={"cart": OOM})
    assert suggest("DoubleMemory", about(objects)) == doubled


def test_a_container_without_a_limit_has_nothing_to_double() -> None:
    assert "no limit of memory" in refused("DoubleMemory", about(world(container(), states={"cart": OOM})))


def test_the_port_that_the_ailing_container_declares_is_the_one_to_ask() -> None:
    objects = world(container("cart", 8080), container("proxy", 9000), states={"cart": UNREADY})
    assert suggest("DeclaredPort", about(objects)) == "8080"


def test_of_two_declared_ports_none_is_chosen() -> None:
    assert "more than one port" in refused(
        "DeclaredPort", about(world(container("cart", 1, 2), states={"cart": UNREADY}))
    )


def test_a_services_stray_port_and_the_port_of_its_pods() -> None:
    scene = about([*world(container("cart", 8080)), leads("cart", 9090, app="cart")], CART_SERVICE)
    assert (suggest("StrayPort", scene), suggest("DeclaredPort", scene)) == ("80", "8080")


def test_a_service_that_leads_on_has_no_stray_port() -> None:
    scene = about([*world(container("cart", 8080)), leads("cart", 8080, app="cart")], CART_SERVICE)
    assert "no port of Service/shop/cart that leads to no pod" in refused("StrayPort", scene)


def test_the_one_label_that_differs_from_the_only_deployment_nobody_serves_is_suggested() -> None:
    objects = [*world(container("cart", 8080)), leads("cart", 8080, app="crat")]
    scene = about(objects, CART_SERVICE)
    assert (suggest("SuggestedLabel", scene), suggest("SuggestedLabelValue", scene)) == ("app", "cart")


def test_a_label_that_the_template_does_not_have_is_to_go() -> None:
    objects = [*world(container("cart", 8080)), leads("cart", 8080, app="cart", tier="x")]
    scene = about(objects, CART_SERVICE)
    assert (suggest("SuggestedLabel", scene), suggest("SuggestedLabelValue", scene)) == ("tier", "")


def test_of_several_deployments_the_services_namesake_is_meant() -> None:
    objects = [*world(container("cart", 8080)), *world(container("other", 8080), app="other")]
    assert suggest("SuggestedLabelValue", about([*objects, leads("cart", 8080, app="x")], CART_SERVICE)) == "cart"
    web = Key("Service", "shop", "web")
    assert "more than one Deployment" in refused("SuggestedLabel", about([*objects, leads("web", 8080, app="x")], web))


def test_a_deployment_that_another_service_selects_or_that_lacks_the_port_is_not_meant() -> None:
    served = [*world(container("cart", 8080)), leads("other", 8080, app="cart"), leads("cart", 8080, app="x")]
    assert "no Deployment" in refused("SuggestedLabel", about(served, CART_SERVICE))
    elsewhere = [*world(container("cart", 8080)), leads("cart", 9090, app="x")]
    assert "no Deployment" in refused("SuggestedLabel", about(elsewhere, CART_SERVICE))


def test_a_selector_that_matches_is_left_alone() -> None:
    objects = [*world(container("cart", 8080)), leads("cart", 8080, app="cart")]
    assert "matches pods" in refused("SuggestedLabel", about(objects, CART_SERVICE))


def tainted(*taints: Json, **pod: Any) -> About:
    objects = [node("worker-1", taints=list(taints)), *world(container(), **pod)]
    return About(NODE, finding("Unschedulable", "state"), snapshot(objects))


MAINTENANCE = {"key": "example.com/maintenance", "value": "now", "effect": "NoSchedule"}
CORDONED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
SOFT = {"key": "example.com/soft", "effect": "PreferNoSchedule"}


def test_the_only_taint_that_bars_the_pods_is_named() -> None:
    scene = tainted(MAINTENANCE, CORDONED, SOFT)
    assert suggest("Node", scene) == "worker-1"
    assert suggest("BarringTaintKey", scene) == "example.com/maintenance"
    assert suggest("BarringTaintEffect", scene) == "NoSchedule"


def test_a_taint_that_the_pods_tolerate_or_that_tells_a_state_is_none() -> None:
    assert "no taint" in refused("BarringTaintKey", tainted(CORDONED))
    assert "no taint" in refused("BarringTaintKey", tainted(MAINTENANCE, tolerations=[{"operator": "Exists"}]))


def test_a_value_of_a_node_is_not_had_from_anything_else() -> None:
    assert "is no node" in refused("Node", about(world(container())))
    assert "is no Service" in refused("StrayPort", about(world(container())))
