"""`twin spof` on a live twin: nodes and risk groups whose loss alone leaves Services without a ready pod."""

from typing import Any

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.topology import GROUP, RiskGroup, Topology
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.twins.asking import BACKBONE, asked, config_map, document, object_twin, rows, twin
from tests.unit.twin.networks import A, demand, platform, ring
from tests.unit.twin.objects import node, pod, service, web

ZONE = "topology.kubernetes.io/zone"
NODES = [node(name, labels={ZONE: zone}) for name, zone in (("a", "x"), ("b", "x"), ("c", "y"))]
WEB = web("a", "b")
API = [service("api"), pod("api", "a", owner="api-1")]


def cluster(*objects: Json, networks: str = "") -> Cluster:
    documents = [config_map("one", {"a": networks})] if networks else []
    sources = [{"namespaces": ["networks"]}] if networks else []
    return Cluster([object_twin(*sources), *documents, *NODES, *objects])


def single(given: Cluster) -> list[tuple[str, list[str]]]:
    found: Any = asked("spof", "--twin", "main", cluster=given)["objects"]["singlePoints"]
    return [(one["element"], one["services"]) for one in found]


def test_losses_are_ranked_by_the_services_that_they_take() -> None:
    assert single(cluster(*WEB, *API)) == [
        (f"RiskGroup/{ZONE}=x", ["shop/api", "shop/web"]),
        ("Node/a", ["shop/api"]),
    ]


def test_the_table_and_the_exit_code_tell_it() -> None:
    result = twin("spof", "--twin", "main", cluster=cluster(*WEB, *API))
    assert result.exit_code == 1
    assert rows(result, "LOSS") == [
        [f"riskGroup/{ZONE}=x", "2", "shop/api,", "shop/web"],
        ["node/a", "1", "shop/api"],
    ]
    said = "of 2 Services with ready pods, 2 hang on a single element"
    assert said in result.stdout
    assert "Nothing is re-scheduled yet" in result.stdout
    assert "and 1 more: raise --top" in twin("spof", "--twin", "main", "--top", "1", cluster=cluster(*WEB, *API)).stdout


def test_what_stands_apart_in_every_way_holds() -> None:
    result = twin("spof", "--twin", "main", cluster=cluster(*web("a", "c")))
    assert (result.exit_code, "Verdict on Services: Holds" in result.stdout) == (0, True)


def test_without_the_rights_that_decide_it_holding_is_not_known() -> None:
    for kind in ("Service", "PersistentVolumeClaim", "PersistentVolume"):
        given = cluster(*web("a", "c"))
        given.unlisted = {(kind, "")}
        result = twin("spof", "--twin", "main", cluster=given)
        assert (result.exit_code, "get the rights that twin show says you lack" in result.stderr) == (3, True)
        assert "You may not list" in result.stdout


def test_what_is_found_is_found_whatever_else_is_not_known() -> None:
    given = cluster(*WEB)
    given.unlisted = {("PersistentVolume", "")}
    assert twin("spof", "--twin", "main", cluster=given).exit_code == 1


def test_a_risk_group_takes_the_nodes_that_rest_on_its_members() -> None:
    duct = RiskGroup(key=Key(GROUP, "", "duct"), cause="conduit", members=(A,))
    networks = ring("abc", demand("a", "b", 1e9)).plus(platform({"a": "a", "c": "a"}))
    text = document(networks.plus(Topology.of(groups=[duct])))
    assert single(cluster(*web("a", "c"), networks=text)) == [("RiskGroup/duct", ["shop/web"])]


def test_networks_and_objects_have_one_verdict() -> None:
    text = document(ring("abcd", demand("a", "b", 4e9)))
    found = asked("spof", "--twin", "main", cluster=cluster(*WEB, networks=text))
    assert (found["verdict"], found["singlePoints"], found["objects"]["verdict"]) == ("Fails", [], "Fails")
    whole = asked("spof", "--twin", "main", cluster=cluster(*web("a", "c"), networks=text))
    assert (whole["verdict"], whole["total"]) == ("Holds", 4e9)


def test_a_file_has_no_objects() -> None:
    assert asked("spof", BACKBONE)["objects"] is None
    assert "Kubernetes objects" not in twin("spof", BACKBONE).stdout


def test_anchors_need_a_network() -> None:
    result = twin("spof", "--twin", "main", "--anchors", "a", cluster=cluster(*WEB))
    assert (result.exit_code, "there is no network" in result.stderr) == (2, True)
