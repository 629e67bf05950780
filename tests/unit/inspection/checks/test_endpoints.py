"""Services that lead to no pod that serves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forestall.api.base import Key
from forestall.ports import Json
from tests.unit.inspection.checks.signs import ailing, crashing, found, kept, one, running
from tests.unit.twin.objects import SHOP, WEB, WEB_SERVICE, deployment, node, pod, replica_set, service, web

HTTP: Json = {"name": "http", "containerPort": 8080}


def declaring(*ports: Json) -> list[Json]:
    return [deployment(replicas=1), replica_set(), pod("web-1-0", "a", ports=list(ports))]


def test_a_selector_that_matches_no_pod_and_no_template_is_a_symptom_of_the_service() -> None:
    symptom = one("NoReadyEndpoints", [*web("a"), service("web", app="wbe")])

    assert symptom.resource == WEB_SERVICE
    assert symptom.message == "the selector of Service web matches no pod"
    assert symptom.facts == ("selector app=wbe matches no pod, and no template of a Deployment",)
    assert (symptom.targets, symptom.services) == ((WEB_SERVICE,), (WEB_SERVICE,))
    assert symptom.patience == timedelta(seconds=10)


@pytest.mark.parametrize(
    ("port", "fact"),
    [
        ({"port": 80, "targetPort": 8081}, "port 80 leads to 8081/TCP; containers declare http=8080/TCP"),
        ({"port": 80, "targetPort": "web"}, "port 80 leads to web/TCP; containers declare http=8080/TCP"),
        ({"port": 80, "targetPort": "http", "protocol": "UDP"}, "port 80 leads to http/UDP"),
    ],
)
def test_a_port_that_no_container_has_is_a_symptom_of_service_and_workload(port: Json, fact: str) -> None:
    symptom = one("NoReadyEndpoints", [*declaring(HTTP), service("web", port)])

    assert fact in symptom.facts[0]
    assert (symptom.targets, symptom.follows_from) == ((WEB_SERVICE, WEB), ())


def test_a_named_port_must_be_given_its_name_even_if_others_lead_on() -> None:
    ports = [{"name": "a", "port": 80, "targetPort": 8080}, {"name": "b", "port": 81, "targetPort": "metrics"}]

    assert len(one("NoReadyEndpoints", [*declaring(HTTP), service("web", *ports)]).facts) == 1


@pytest.mark.parametrize(
    "cluster",
    [
        web("a"),
        [*declaring(HTTP), service("web", {"port": 80, "targetPort": 8080})],
        [*declaring(HTTP), service("web", {"port": 8080})],
        [*declaring(), service("web", {"port": 80, "targetPort": 8081})],
        [*declaring(HTTP), service("web", {"port": 80, "targetPort": "http"}, {"port": 90, "targetPort": 9090})],
        [deployment(replicas=0), replica_set(), service()],
        [{"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {}}],
    ],
)
def test_a_service_that_leads_on_or_is_meant_to_rest_is_no_symptom(cluster: list[Json]) -> None:
    assert found("NoReadyEndpoints", cluster) == ()


def test_pods_of_which_none_serves_are_a_symptom_that_their_workload_may_explain() -> None:
    cluster = [*web(), ailing(state=running(600), spec={"readinessProbe": {"exec": {}}})]

    symptom = one("NoReadyEndpoints", cluster)

    assert symptom.facts == ("none of the pods that it selects serves: 1",)
    assert (symptom.targets, symptom.follows_from) == ((WEB,), (WEB,))
    assert found("NoReadyEndpoints", cluster, "ProbeFailing") == ()


def test_pods_on_a_lost_node_do_not_serve() -> None:
    cluster = [node("a", ready=False), *web("a")]

    assert one("NoReadyEndpoints", cluster).message == "Service web has no pod that is ready"
    assert found("NoReadyEndpoints", cluster, "NodeNotReady") == ()


def test_pods_that_have_not_come_are_a_symptom() -> None:
    assert one("NoReadyEndpoints", [deployment(replicas=2), service()]).message == "Service web has no pods"


def test_pods_that_are_not_due_yet_are_waited_for() -> None:
    cluster = [*web(), ailing(state=running(5), spec={"readinessProbe": {"exec": {}}})]

    assert found("NoReadyEndpoints", cluster) == ()


def test_a_service_that_leads_to_pods_before_they_are_ready_has_endpoints() -> None:
    eager = service()
    eager["spec"]["publishNotReadyAddresses"] = True

    assert found("NoReadyEndpoints", [*web(), eager, ailing(state=running(600))]) == ()


def test_pods_of_a_stateful_set_may_explain_it_too() -> None:
    cluster = [service(), kept(crashing(), "StatefulSet")]

    symptom = one("NoReadyEndpoints", cluster)

    assert (symptom.targets, symptom.follows_from) == ((WEB_SERVICE,), (Key("StatefulSet", SHOP, "web"),))
    assert found("NoReadyEndpoints", cluster, "CrashLoop") == ()


def test_a_service_of_pods_that_no_deployment_keeps_is_its_own_target() -> None:
    stray = ailing(state=running(600))
    stray["metadata"]["ownerReferences"] = []

    assert one("NoReadyEndpoints", [service(), stray]).targets == (WEB_SERVICE,)
