"""A loss is told of the Services that it alone leaves without a ready pod, through nodes and through volumes."""

from collections.abc import Mapping, Sequence

from forestall.api.base import Key
from forestall.ports import Json
from forestall.twin.analyses.sole_carriers import sole_carriers
from tests.unit.twin.objects import claim, mounted, node, nodes, pod, service, snapshot, volume, web

ZONE = "topology.kubernetes.io/zone"


def taken(objects: Sequence[Json], losses: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """Names of the Services that each loss takes, which is that of the nodes with these letters."""
    given = {Key("RiskGroup", "", name): frozenset(letters) for name, letters in losses.items()}
    found = sole_carriers(snapshot(objects), given)
    return {loss.name: [service.name for service in services] for loss, services in found.items()}


def test_a_loss_takes_a_service_whose_pods_all_go_with_it() -> None:
    objects = [*nodes(), *web("a", "b")]
    assert taken(objects, {"one": "a", "other": "c", "both": "ab"}) == {"both": ["web"]}


def test_pods_that_do_not_serve_stand_in_for_nothing() -> None:
    objects = [*nodes(), *web("a"), pod("idle", "b", ready=False), pod("lost", "c"), node("c", ready=False)]
    assert taken(objects, {"a": "a"}) == {"a": ["web"]}


def test_what_serves_no_more_today_is_not_taken() -> None:
    assert taken([*nodes(), service(), pod("web", "a", ready=False)], {"a": "a", "all": "abc"}) == {}


def test_the_loss_of_the_most_services_comes_first() -> None:
    objects = [*nodes(), *web("a"), service("api"), pod("api", "b", owner="api-1"), service("web-too", app="web")]
    assert list(taken(objects, {"b": "b", "all": "abc", "a": "a"}).items()) == [
        ("all", ["api", "web", "web-too"]),
        ("a", ["web", "web-too"]),
        ("b", ["api"]),
    ]


def test_a_pod_goes_with_the_nodes_that_its_volume_is_reached_from() -> None:
    zoned = [node(name, labels={ZONE: zone}) for name, zone in (("a", "x"), ("b", "y"), ("c", "y"))]
    claims = [claim(), volume("disk", **{ZONE: "y"})]
    objects = [*zoned, *claims, service(), mounted(pod("web", "a"), "data")]
    assert taken(objects, {"x": "a", "y": "bc", "part": "b"}) == {"x": ["web"], "y": ["web"]}
