"""The objects of a twin are listed as the operator follows them, with the rights of whoever asks."""

import pytest

from forestall.adapters.resources import TWIN_KINDS
from forestall.cli.twins.listing import WITHOUT
from forestall.ports import Json, KubeError
from forestall.twin.live import Live
from tests.unit.cli.cluster import Cluster
from tests.unit.cli.twins.asking import asked, config_map, document, network_twin, object_twin, twin
from tests.unit.twin.networks import demand, platform, ring
from tests.unit.twin.objects import node, nodes, service, volume, web

ELSEWHERE: Json = {"kind": "Service", "metadata": {"name": "db", "namespace": "lab"}, "spec": {"selector": {"a": "b"}}}


def counts(cluster: Cluster) -> dict[str, int | None]:
    return {one["kind"]: one["count"] for one in asked("show", "--twin", "main", cluster=cluster)["objects"]}


def refusing(*kinds: str, namespace: str = "", **source: list[str]) -> Cluster:
    cluster = Cluster([object_twin(**source), *nodes(), *web("a", "b")])
    cluster.unlisted = {(kind, namespace) for kind in kinds}
    return cluster


def test_the_snapshot_is_that_of_the_operators_live_view() -> None:
    objects = [*nodes(), *web("a", "b"), volume()]
    live = Live()
    for item in objects:
        live.apply(item["kind"], item)
    found = asked("show", "--twin", "main", cluster=Cluster([object_twin(), *objects]))
    assert found["snapshot"] == live.snapshot().id


def test_without_namespaces_those_of_the_whole_cluster_are_read() -> None:
    assert counts(Cluster([object_twin(), *nodes(), *web("a"), ELSEWHERE]))["Service"] == 2


def test_objects_of_other_namespaces_are_left_out_and_nodes_are_not() -> None:
    found = counts(Cluster([object_twin(namespaces=["shop"]), *nodes(), *web("a"), ELSEWHERE]))
    assert (found["Node"], found["Pod"], found["Service"]) == (3, 1, 1)


def test_with_namespaces_it_takes_rights_in_these_alone() -> None:
    cluster = refusing("Pod", "Service", "Deployment", "ReplicaSet", namespaces=["shop"])
    assert counts(cluster)["Service"] == 1
    assert (
        twin("show", "--twin", "main", cluster=refusing("Service", namespace="shop", namespaces=["shop"])).exit_code
        == 0
    )


@pytest.mark.parametrize("kind", ["Node", "Pod"])
def test_without_the_right_to_nodes_and_pods_there_is_no_answer(kind: str) -> None:
    result = twin("show", "--twin", "main", cluster=refusing(kind))
    assert (result.exit_code, result.stdout) == (4, "")
    assert f'cannot list resource "{kind.lower()}s"' in result.stderr
    assert "the right to list nodes and pods" in result.stderr


def test_what_one_can_do_without_is_said_to_be_missing() -> None:
    others = [kind for kind in TWIN_KINDS if kind.kind not in {"Node", "Pod"}]
    found = asked("show", "--twin", "main", cluster=refusing(*(kind.kind for kind in others)))
    assert found["remarks"] == [f"You may not list {kind.plural}: {WITHOUT[kind]}." for kind in others]
    assert {one["kind"]: one["count"] for one in found["objects"] if one["count"] is not None} == {"Node": 3, "Pod": 2}


def test_a_kind_that_may_not_be_listed_in_one_of_the_namespaces_is_left_out() -> None:
    found = asked("show", "--twin", "main", cluster=refusing("Service", namespace="lab", namespaces=["shop", "lab"]))
    assert [one["count"] for one in found["objects"] if one["kind"] == "Service"] == [None]


def test_without_replica_sets_no_workload_is_said_to_lack_pods() -> None:
    cluster = refusing("ReplicaSet")
    (found,) = [
        one for one in asked("show", "--twin", "main", cluster=cluster)["objects"] if one["kind"] == "Deployment"
    ]
    assert (found["count"], found["notInOrder"]) == (None, [])


def test_any_other_error_ends_the_command() -> None:
    class Down(Cluster):
        async def list(self, *args: object, **more: object) -> list[Json]:
            raise KubeError(503, "ServiceUnavailable", "etcd has no leader")

    result = twin("show", "--twin", "main", cluster=Down([object_twin()]))
    assert (result.exit_code, "etcd has no leader" in result.stderr) == (1, True)


def test_objects_that_cannot_be_read_are_defects() -> None:
    broken = {**service("odd"), "spec": {"selector": "app"}}
    found = asked("show", "--twin", "main", cluster=Cluster([object_twin(), *nodes(), *web("a"), broken]))
    assert [(one["path"], one["fatal"]) for one in found["defects"]] == [("Service/shop/odd", True)]


def test_networks_and_objects_meet_at_the_nodes_and_their_labels() -> None:
    sick = node("w1", ready=False, labels={"topology.kubernetes.io/zone": "x"})
    networks = document(ring("abcd", demand("a", "b", 4e9)).plus(platform({"w1": "a", "w2": "b"})))
    cluster = Cluster([object_twin({"namespaces": ["networks"]}), config_map("one", {"a": networks}), sick, node("w2")])
    found = asked("show", "--twin", "main", cluster=cluster)
    assert {one["network"]: one["down"] for one in found["networks"]} == {"backbone": 0, "cluster": 1}
    assert (found["riskGroups"], found["state"]["network"]) == (1, "backbone")


def test_documents_that_are_not_there_yet_are_a_remark_beside_objects() -> None:
    cluster = Cluster([object_twin({"namespaces": ["networks"]}), *nodes(), *web("a")])
    found = asked("show", "--twin", "main", cluster=cluster)
    assert ("select no document" in found["remarks"][0], found["networks"]) == (True, [])


def test_a_twin_of_networks_alone_lists_no_objects() -> None:
    cluster = Cluster([network_twin({"namespaces": ["networks"]}), config_map("one", {"a": document(ring())})])
    cluster.unlisted = {(kind.kind, "") for kind in TWIN_KINDS}
    assert asked("show", "--twin", "main", cluster=cluster)["objects"] == []
