"""Volumes: which nodes reach them, and which pods lose them with these."""

from __future__ import annotations

import pytest

from forestall.api.base import Key
from forestall.ports import Json
from tests.unit.twin.objects import (
    SHOP,
    WEB,
    WEB_SERVICE,
    claim,
    mounted,
    mounting,
    node,
    pod,
    service,
    snapshot,
    volume,
    web,
)

DATA = Key("PersistentVolumeClaim", SHOP, "data")


def zoned(*more: Json) -> list[Json]:
    """Nodes a and b in zone x, c in zone y."""
    return [*(node(name, labels={"zone": zone}) for name, zone in ("ax", "bx", "cy")), *more]


def test_a_volume_is_reached_from_the_nodes_that_it_chooses() -> None:
    assert snapshot(zoned(claim(), volume(zone="x"))).volumes.reach == {DATA: {"a", "b"}}


def test_one_that_every_node_or_no_node_reaches_is_left_out() -> None:
    assert snapshot(zoned(claim(), volume())).volumes.reach == {}
    assert snapshot(zoned(claim(), volume(zone="z"))).volumes.reach == {}
    assert snapshot(zoned(claim())).volumes.reach == {}


@pytest.mark.parametrize(
    ("terms", "reached"),
    [
        ([[("zone", "In", "x"), ("kubernetes.io/hostname", "NotIn", "a")]], {"b"}),
        ([[("zone", "Exists")]], {"a", "b", "c"}),
        ([[("zone", "NotIn", "x")]], {"c"}),
        ([[("zone", "In", "y")], [("kubernetes.io/hostname", "In", "a", "nowhere")]], {"a", "c"}),
        ([[("zone", "NotIn", "y"), ("zone", "In", "x", "y")], [("zone", "In", "y")]], {"a", "b", "c"}),
    ],
)
def test_all_requirements_of_any_term_choose(terms: list[list[tuple[str, ...]]], reached: set[str]) -> None:
    needs = [[{"key": key, "operator": word, "values": values} for key, word, *values in term] for term in terms]
    disk = volume()
    disk["spec"] = {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": one} for one in needs]}}}
    assert snapshot(zoned(claim(), disk)).volumes.reach == {DATA: reached}


def test_volumes_with_the_same_terms_share_the_nodes_that_reach_them() -> None:
    others = (claim("logs", "other"), volume("other", zone="x"))
    one, other = snapshot(zoned(claim(), volume(zone="x"), *others)).volumes.reach.values()
    assert one is other


def test_a_pod_serves_no_more_once_all_nodes_that_reach_its_volume_are_lost() -> None:
    view = snapshot(
        zoned(claim(), volume(zone="x"), service(), mounted(pod("web-1-0", "c"), "data"), pod("web-1-1", "c"))
    )

    partly, wholly = (view.potential().lose_nodes(names) for names in (("a",), ("a", "b")))

    assert len(partly.ready_pods(WEB_SERVICE)) == 2
    assert [found.key.name for found in wholly.ready_pods(WEB_SERVICE)] == ["web-1-1"]
    assert wholly.ready_by_node(WEB_SERVICE) == {"c": 1}
    assert [found.key.name for found in wholly.without_volumes(WEB_SERVICE)] == ["web-1-0"]


def test_claims_of_the_same_name_in_other_namespaces_are_others() -> None:
    foreign = mounted(pod("web-1-0", "c"), "data")
    foreign["metadata"]["namespace"] = "bank"
    view = snapshot(zoned(claim(), volume(zone="x"), foreign))

    [lost] = view.potential().lose_nodes(("a", "b")).pods.values()
    assert view.potential().lose_nodes(("a", "b")).is_ready(lost)


def test_a_service_leans_on_the_nodes_of_its_pods_and_on_those_that_reach_their_volumes() -> None:
    view = snapshot(zoned(claim(), volume(zone="x"), service(), mounted(pod("web-1-0", "c"), "data")))

    assert view.leans_on(WEB_SERVICE) == {"a", "b", "c"}
    assert snapshot(zoned(service(), pod("web-1-0", "c"))).leans_on(WEB_SERVICE) == {"c"}


def test_draining_a_node_leaves_pods_pending_whose_volume_no_other_reaches() -> None:
    cluster = [node("a", labels={"disk": "local"}), node("b"), claim(), volume(disk="local")]
    moved = snapshot([*cluster, *web("a")]).potential().drain("a")
    held = snapshot([*cluster, *web("a", **mounting("data"))]).potential().drain("a")

    assert [found.node for found in moved.pods_of_workload(WEB)] == ["b"]
    assert [found.node for found in held.pods_of_workload(WEB)] == [""]
