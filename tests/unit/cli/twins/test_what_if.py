"""`twin what-if` on a live twin: which Services and workloads keep how many ready pods, step by step."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import Result

from forestall.ports import Json
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.twins.asking import BACKBONE, asked, config_map, document, network_twin, object_twin, rows, twin
from tests.unit.twin.networks import demand, platform, ring
from tests.unit.twin.objects import autoscaler, node, pod, service, web

ZONE = "topology.kubernetes.io/zone"
NODES = [node(name, labels={ZONE: zone}) for name, zone in (("a", "x"), ("b", "x"), ("c", "y"))]
SHOP = [*NODES, *web("a", "b", "c"), service("api"), pod("api", "a", owner="api-1")]
"""Deployment web in both zones, and a pod that nothing keeps, each behind a Service."""
NETWORKS = ring("abcd", demand("c", "d", 4e9)).plus(platform({"a": "a", "b": "b", "c": "b"}))


def shop(*more: Json) -> Cluster:
    return Cluster([object_twin(), *SHOP, *more])


def joined() -> Cluster:
    """The shop, whose nodes rest on routers of the same names."""
    return Cluster([object_twin({"namespaces": ["networks"]}), config_map("one", {"a": document(NETWORKS)}), *SHOP])


def what_if(*args: str, cluster: Cluster | None = None) -> Result:
    return twin("what-if", "--twin", "main", *args, cluster=cluster or shop())


def answer(*args: str, cluster: Cluster | None = None) -> Any:
    return asked("what-if", "--twin", "main", *args, cluster=cluster or shop())


def ready(found: Json, step: int = 0) -> dict[str, tuple[int, int]]:
    """Ready pods before and after, of all whose number changes in any step."""
    given = found["objects"]["steps"][step]
    return {one["element"]: (one["readyBefore"], one["readyAfter"]) for one in given["services"] + given["workloads"]}


@pytest.mark.parametrize("name", ["node/a", "Node/a", "a"])
def test_a_node_takes_the_pods_that_stand_on_it(name: str) -> None:
    found = answer("--fail", name)
    assert ready(found) == {"Service/shop/api": (1, 0), "Service/shop/web": (3, 2), "Deployment/shop/web": (3, 2)}
    assert found["objects"]["steps"][0]["nodesLost"] == ["a"]


def test_a_question_of_objects_alone_needs_no_network() -> None:
    found = answer("--fail", "node/a")
    assert (found["network"], found["steps"], found["blastRadius"]) == (None, [], {})


@pytest.mark.parametrize("name", [f"{ZONE}=x", f"riskGroup/{ZONE}=x"])
def test_a_zone_takes_all_its_nodes(name: str) -> None:
    assert ready(answer("--fail", name))["Service/shop/web"] == (3, 1)


def test_a_service_that_loses_all_its_pods_is_a_broken_limit() -> None:
    result = what_if("--fail", "node/a")
    assert result.exit_code == 1
    assert "it does not hold: node/a fails: no ready pod is left to 1 Service, shop/api among them" in result.stderr
    assert (what_if("--fail", "node/b").exit_code, answer("--fail", "node/b")["holds"]) == (0, True)


def test_what_changes_stands_in_tables_the_services_that_are_out_first() -> None:
    result = what_if("--fail", "node/a")
    assert rows(result, "SERVICE") == [["shop/api", "1", "0"], ["shop/web", "3", "2"]]
    assert rows(result, "WORKLOAD") == [["shop/web", "3", "2"]]
    assert ["nodes", "lost", "-", "a"] in rows(result, "MEASURE")
    assert "Nothing is re-scheduled yet" in result.stdout


def test_a_drained_node_gives_its_pods_to_others() -> None:
    found = answer("--change", "node/b:drain")
    assert (ready(found), found["objects"]["steps"][0]["nodesLost"]) == ({}, [])
    assert "no Service and no workload has another number of ready pods" in what_if("--change", "node/b:drain").stdout
    assert any("Drained pods are made anew" in caveat for caveat in found["objects"]["caveats"])


def test_what_nothing_keeps_is_gone_with_a_drain() -> None:
    assert ready(answer("--change", "node/a:drain")) == {"Service/shop/api": (1, 0)}


def test_nothing_new_is_placed_on_a_cordoned_node() -> None:
    every = [word for name in "abc" for word in ("--change", f"node/{name}:cordon")]
    assert ready(answer(*every, "--change", "Deployment/shop/web:replicas=9")) == {}
    assert ready(answer("--change", "Deployment/shop/web:replicas=5"))["Service/shop/web"] == (3, 5)


def test_a_workload_without_replicas_leaves_its_service_out() -> None:
    result = what_if("--change", "Deployment/shop/web:replicas=0")
    assert (result.exit_code, rows(result, "WORKLOAD")) == (1, [["shop/web", "3", "0"]])


def test_an_autoscaler_that_would_undo_it_is_named() -> None:
    found = answer("--change", "Deployment/shop/web:replicas=5", cluster=shop(autoscaler()))
    assert (
        "HorizontalPodAutoscaler/shop/web would take 5 replicas of Deployment/shop/web back."
        in (found["objects"]["caveats"])
    )


def test_steps_follow_each_other_and_a_node_comes_back_as_it_was() -> None:
    found = answer("--change", "node/a:down", "--then", "node/a:up", "--then", "node/b:down; node/c:down")
    each = [ready(found, step)["Service/shop/web"] for step in range(3)]
    assert each == [(3, 2), (3, 3), (3, 1)]
    assert found["broken"] == ["node/a:down: no ready pod is left to 1 Service, shop/api among them"]


def test_what_was_drained_before_is_elsewhere_when_another_node_fails() -> None:
    found = answer("--change", "node/a:drain", "--then", "node/b:down")
    assert ready(found, 1)["Deployment/shop/web"] == (3, 1)


def test_a_router_takes_the_nodes_that_rest_on_it() -> None:
    found = answer("--fail", "backbone/b", cluster=joined())
    assert found["objects"]["steps"][0]["nodesLost"] == ["b", "c"]
    assert ready(found)["Service/shop/web"] == (3, 1)
    assert (found["network"], found["blastRadius"]["platform nodes"]) == (
        "backbone",
        ["NetworkNode/cluster/b", "NetworkNode/cluster/c"],
    )


def test_a_node_of_both_is_down_in_both() -> None:
    found = answer("--fail", "node/a", cluster=joined())
    assert found["blastRadius"] == {"platform nodes": ["NetworkNode/cluster/a"]}
    assert ready(found)["Service/shop/api"] == (1, 0)
    again = answer("--change", "node/a:down", "--then", "node/a:up", cluster=joined())
    assert (ready(again, 1)["Service/shop/api"], again["steps"][2]["down"]) == ((1, 1), [])


def test_a_picture_is_of_a_network_and_needs_one(tmp_path: Path) -> None:
    file = tmp_path / "after.svg"
    assert what_if("--fail", "node/c", "--picture", str(file), cluster=joined()).exit_code == 0
    assert ET.XML(file.read_text()).tag.endswith("svg")
    result = what_if("--fail", "node/c", "--picture", str(file))
    assert (result.exit_code, "there is no network" in result.stderr) == (2, True)


def test_both_are_shown_together() -> None:
    result = what_if("--fail", "backbone/a", "--lost", "0", cluster=joined())
    headings = [line for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    order = ["Before and after", "Blast radius", "Kubernetes objects", "Limits", "What limits this answer"]
    assert [line for line in headings if line in order] == order


def test_what_touches_no_object_breaks_nothing_though_rights_are_missing() -> None:
    cluster = joined()
    cluster.unlisted = {("Service", "")}
    assert what_if("--fail", "d", cluster=cluster).exit_code == 0
    result = what_if("--fail", "node/b", cluster=cluster)
    assert (result.exit_code, "not known: rights are missing" in result.stdout) == (3, True)
    assert "You may not list services" in result.stdout
    assert not [row for row in rows(result, "MEASURE") if row[0] == "Services"]


def test_of_what_may_not_be_listed_nothing_is_denied() -> None:
    cluster = shop(node("idle"))
    cluster.unlisted = {("Service", "")}
    assert "  no workload has another number of ready pods" in what_if("--fail", "node/idle", cluster=cluster).stdout
    cluster.unlisted |= {("Deployment", "")}
    assert "has another number" not in what_if("--fail", "node/idle", cluster=cluster).stdout


def test_where_workloads_are_not_known_nothing_is_drained() -> None:
    cluster = shop()
    cluster.unlisted = {("ReplicaSet", "")}
    result = what_if("--change", "node/b:drain", cluster=cluster)
    assert (result.exit_code, "you may not list ReplicaSets" in result.stderr) == (3, True)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--fail", "node/x"), "there is no element 'node/x'"),
        (("--change", "node/x:drain"), "there is no Kubernetes node or node 'node/x'"),
        (("--change", "Deployment/shop/wob:replicas=2"), "there is no workload 'Deployment/shop/wob'"),
        (("--change", "Deployment/shop/web:replicas=many"), "'many' is no number of replicas"),
        (("--change", "Deployment/shop/web:replicas=999999"), "'999999' is no number of replicas"),
        (("--change", "node/sick:up"), "Node/sick is not ready, and what would be ready on it is not known"),
        (("--fail", "node/a", "--lost", "0"), "there is no network"),
        (("--fail", "node/a", "--network", "lan"), "there is no network 'lan'"),
    ],
)
def test_what_cannot_be_understood_is_named_with_a_remedy(args: tuple[str, ...], said: str) -> None:
    result = what_if(*args, cluster=shop(node("sick", ready=False)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "remedy: " in result.stderr


def test_a_router_is_not_drained() -> None:
    result = what_if("--change", "d:drain", cluster=joined())
    assert (result.exit_code, "NetworkNode/backbone/d is no Kubernetes node" in result.stderr) == (2, True)


@pytest.mark.parametrize("change", ["munich:drain", "node/worker-1:cordon", "Deployment/shop/web:replicas=2"])
def test_a_file_has_no_objects_to_change(change: str) -> None:
    result = twin("what-if", BACKBONE, "--change", change)
    assert (result.exit_code, "is about a Kubernetes object" in result.stderr) == (2, True)
    cluster = Cluster([network_twin({"namespaces": ["networks"]}), config_map("one", {"a": document(NETWORKS)})])
    assert "twin main has none" in what_if("--change", change, cluster=cluster).stderr
