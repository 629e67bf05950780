"""What can be asked of a view, whether it is or is supposed."""

from __future__ import annotations

import pytest

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.view import View
from tests.unit.twin.objects import (
    SHOP,
    WEB,
    WEB_SERVICE,
    autoscaler,
    claim,
    deployment,
    job,
    node,
    nodes,
    pod,
    service,
    snapshot,
    volume,
    web,
)


def names(view: View) -> list[str]:
    return [found.key.name for found in view.ready_pods(WEB_SERVICE)]


def test_a_pod_serves_if_it_is_ready_and_its_node_is() -> None:
    view = snapshot([node("a"), node("b", ready=False), *web("a", "b", "gone"), pod("web-1-9", "a", ready=False)])

    assert names(view) == ["web-1-0"]
    assert [found.key.name for found in view.ready_pods_of_workload(WEB)] == ["web-1-0"]
    assert len(view.pods_of_service(WEB_SERVICE)) == len(view.pods_of_workload(WEB)) == 4
    assert view.ready_by_node(WEB_SERVICE) == view.ready_by_node(WEB) == {"a": 1}


def test_a_pod_that_no_port_of_the_service_leads_to_does_not_serve_it() -> None:
    declaring = pod("web-1-1", "a", ports=[{"containerPort": 8080}])
    view = snapshot([*nodes(), *web("a"), declaring, service("web", {"port": 80, "targetPort": 8081})])

    assert names(view) == ["web-1-0"]
    assert view.ready_by_node(WEB_SERVICE) == {"a": 1}
    assert len(view.pods_of_service(WEB_SERVICE)) == 2


def test_workloads_and_services_find_each_other_by_their_pods_and_by_the_template() -> None:
    view = snapshot([deployment(replicas=0), service(), service("old", revision="1"), deployment("api")])

    assert view.services_of_workload(WEB) == (WEB_SERVICE,)
    assert view.workloads_of_service(WEB_SERVICE) == (WEB,)
    assert view.workloads_of_service(Key("Service", SHOP, "old")) == ()


def test_a_service_that_selects_pods_of_the_last_template_only_still_finds_their_workload() -> None:
    view = snapshot([*nodes(), *web("a"), service("canary", **{"pod-template-hash": "web-1"})])

    assert view.workloads_of_service(Key("Service", SHOP, "canary")) == (WEB,)
    assert view.services_of_workload(WEB) == (Key("Service", SHOP, "canary"), WEB_SERVICE)


def test_pods_without_a_deployment_carry_a_service_and_have_no_workload() -> None:
    bare = pod("web-1-0", "a")
    del bare["metadata"]["ownerReferences"]
    view = snapshot([*nodes(), bare, service()])

    assert names(view) == ["web-1-0"]
    assert view.workloads_of_service(WEB_SERVICE) == ()


def test_services_on_a_node_are_those_with_a_pod_there_ready_or_not() -> None:
    api = [service("api"), pod("api-1-0", "a", owner="api-1", ready=False)]
    view = snapshot([*nodes(), *web("a", "b"), *api])

    assert view.services_on_node("a") == (Key("Service", SHOP, "api"), WEB_SERVICE)
    assert view.services_on_node("b") == (WEB_SERVICE,)
    assert view.services_on_node("c") == view.services_on_node("unknown") == ()


def test_a_workload_is_there_by_itself_or_by_its_pods() -> None:
    stateful = pod("db-0", "a")
    stateful["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "name": "db", "controller": True}]
    view = snapshot([*nodes(), deployment(), stateful])

    assert view.has_workload(WEB)
    assert view.has_workload(Key("StatefulSet", SHOP, "db"))
    assert not view.has_workload(Key("StatefulSet", SHOP, "web"))
    gone = snapshot([item for item in [*nodes(), *web("a")] if item["kind"] != "Deployment"])
    assert not gone.has_workload(WEB)


@pytest.mark.parametrize(
    ("scaler", "expected"),
    [
        (autoscaler(1, 4), 2),
        (autoscaler(1, 2), 0),
        (autoscaler(3, 1), 0),
        (autoscaler(1, 4, acts=False), 0),
        (autoscaler(1, 4, target="api"), 0),
        (autoscaler(1, 200), 10),
    ],
)
def test_an_autoscaler_may_add_pods_up_to_its_bound_as_far_as_there_is_room(scaler: Json, expected: int) -> None:
    assert snapshot([*nodes(), *web("a", "b"), scaler]).spare(WEB) == expected


def test_an_autoscaler_adds_nothing_on_nodes_that_are_lost_nor_pods_that_would_not_run() -> None:
    well = snapshot([*nodes(), *web("a", "b"), autoscaler(1, 200)])
    assert well.potential().lose_node("c").spare(WEB) == 6

    ailing = snapshot([*nodes(), *web(), pod("web-1-0", "a", waiting="ErrImagePull"), autoscaler(1, 4)])
    assert ailing.spare(WEB) == 0


def test_of_two_autoscalers_of_a_workload_the_first_by_name_counts() -> None:
    other = autoscaler(1, 9)
    other["metadata"]["name"] = "another"

    found = snapshot([*nodes(), *web("a"), autoscaler(1, 4), other]).autoscaler_of(WEB)

    assert found is not None
    assert found.key.name == "another"


def test_objects_are_all_elements_but_those_of_networks() -> None:
    view = snapshot([*nodes(), *web("a"), claim(), volume(zone="x"), autoscaler(), job("nightly")])
    assert {key.kind for key in view.objects} == {
        "Node",
        "Deployment",
        "Pod",
        "Service",
        "Job",
        "PersistentVolumeClaim",
        "HorizontalPodAutoscaler",
    }
