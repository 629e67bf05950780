"""Where new pods go."""

from __future__ import annotations

from typing import Any

import pytest

from forestall.ports import Json
from forestall.twin import kubernetes
from forestall.twin.placement import eligible, place
from tests.unit.twin.objects import (
    WEB,
    claim,
    deployment,
    mounting,
    node,
    nodes,
    pod,
    replica_set,
    snapshot,
    unscheduled,
    volume,
)

BARRED: Json = {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}
PREFERRED: Json = {"taints": [{"key": "gpu", "effect": "PreferNoSchedule"}]}


@pytest.mark.parametrize(
    ("one", "template", "expected"),
    [
        (node("a"), {}, True),
        (node("a", ready=False), {}, False),
        (node("a", unschedulable=True), {}, False),
        (node("a", **BARRED), {}, False),
        (node("a", **PREFERRED), {}, True),
        (node("a", **BARRED), {"tolerations": [{"key": "gpu", "operator": "Exists"}]}, True),
        (node("a"), {"nodeSelector": {"disk": "ssd"}}, False),
        (node("a", labels={"disk": "ssd"}), {"nodeSelector": {"disk": "ssd"}}, True),
    ],
)
def test_a_node_is_eligible_if_it_is_up_open_chosen_and_tolerated(one: Json, template: Json, expected: bool) -> None:
    assert eligible(kubernetes.workload(deployment(**template)), kubernetes.node(one)) is expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}, True),
        ({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["b"]}]}, False),
        ({"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "Exists"}]}, True),
        ({}, False),
    ],
)
def test_required_node_affinity_chooses_by_labels_and_by_name(term: Json, expected: bool) -> None:
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}

    assert eligible(kubernetes.workload(deployment(affinity=affinity)), kubernetes.node(node("a"))) is expected


def places(count: int, cluster: list[Json], **template: Any) -> list[str]:
    view = snapshot([*cluster, deployment(**template), replica_set()])
    return list(place(view.workloads[WEB], count, view.nodes, view.pods.values()))


def test_pods_go_to_the_node_with_the_fewest_of_their_kind_then_to_the_emptiest() -> None:
    cluster = [*nodes("a", "b", "c"), pod("web-1-0", "a"), pod("api-1-0", "b", owner="api-1")]

    assert places(3, cluster) == ["c", "b", "a"]


def test_pods_that_no_node_has_room_for_have_no_place() -> None:
    assert places(5, [node("a", cpu="2"), node("b", cpu="1500m")]) == ["a", "b", "a"]


def test_a_node_takes_no_more_pods_than_it_allows() -> None:
    assert places(3, [node("a", pods="1"), node("b", pods="1")]) == ["a", "b"]


def test_pods_that_terminate_still_take_room() -> None:
    leaving = pod("web-1-0", "a")
    leaving["metadata"]["deletionTimestamp"] = "2030-01-01T00:00:00Z"

    assert places(1, [node("a", cpu="1"), leaving]) == []


def test_pods_that_repel_each_other_have_a_node_each() -> None:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}}}
    affinity = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}

    assert places(3, [*nodes("a", "b"), pod("web-1-0", "a")], affinity=affinity) == ["b"]


def skew(**more: str) -> Json:
    rule = {
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "DoNotSchedule",
        "maxSkew": 1,
        "labelSelector": {"matchLabels": {"app": "web"}},
    }
    return {"topologySpreadConstraints": [{**rule, **more}]}


def test_a_full_node_counts_in_the_skew_and_so_bars_pods_from_the_others() -> None:
    cluster = [node("a"), node("b"), node("full", cpu="500m")]

    assert places(4, cluster) == ["a", "b", "a", "b"]
    assert places(4, cluster, **skew()) == ["a", "b"]


@pytest.mark.parametrize(("policy", "expected"), [("Ignore", ["a", "b"]), ("Honor", ["a", "b", "a", "b"])])
def test_a_tainted_node_counts_in_the_skew_unless_the_rule_honours_taints(policy: str, expected: list[str]) -> None:
    assert places(4, [node("a"), node("b"), node("t", **BARRED)], **skew(nodeTaintsPolicy=policy)) == expected


def test_a_node_that_the_workload_does_not_choose_never_counts_in_the_skew() -> None:
    chosen: Json = {"labels": {"disk": "ssd"}}
    cluster = [node("a", **chosen), node("b", **chosen), node("c")]

    assert places(4, cluster, nodeSelector={"disk": "ssd"}, **skew()) == ["a", "b", "a", "b"]


def test_pods_go_where_their_volumes_are_reached_from() -> None:
    cluster = [node("a", labels={"zone": "x"}), node("b"), claim(), volume(zone="x")]

    assert places(2, cluster) == ["a", "b"]
    assert places(2, cluster, **mounting("data")) == ["a", "a"]


def test_pods_whose_volumes_no_node_reaches_together_have_no_place() -> None:
    cluster = [node("a", labels={"zone": "x"}), node("b", labels={"zone": "y"}), claim(), volume(zone="x")]
    apart = [*cluster, claim("logs", "ring"), volume("ring", zone="y")]

    assert places(1, apart, **mounting("data", "logs")) == []


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("ReadWriteMany", ["b", "a"]), ("ReadWriteOnce", ["a", "a"]), ("ReadWriteOncePod", [])],
)
def test_a_volume_that_is_taken_keeps_new_pods_beside_it_or_out(mode: str, expected: list[str]) -> None:
    cluster = [*nodes("a", "b"), pod("web-1-0", "a"), claim(mode=mode), volume()]

    assert places(2, cluster, **mounting("data")) == expected


@pytest.mark.parametrize(("mode", "expected"), [("ReadWriteOnce", ["a", "a"]), ("ReadWriteOncePod", ["a"])])
def test_the_first_pod_takes_the_volume_and_one_that_waits_has_not(mode: str, expected: list[str]) -> None:
    cluster = [*nodes("a", "b"), unscheduled("web-1-0", "no node"), claim(mode=mode), volume()]

    assert places(2, cluster, **mounting("data")) == expected


def test_a_node_that_does_not_reach_the_volume_counts_in_the_skew() -> None:
    cluster = [node("a", labels={"zone": "x"}), node("b"), claim(), volume(zone="x")]

    assert places(3, cluster, **mounting("data"), **skew()) == ["a"]
