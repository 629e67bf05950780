"""What may be lost, under which name, and what goes with it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from forestall.api.base import Key
from forestall.inspection import losses
from forestall.inspection.losses import Loss, hosts, name_of, stakes
from forestall.ports import Json
from forestall.twin.topology import GROUP, NetworkNode, RiskGroup, Topology
from tests.unit.inspection.networked import HOSTS, RING, ZONE, single, twin
from tests.unit.inspection.scenes import IMAGES, SPOF, policy
from tests.unit.twin.networks import A, B, cable, router
from tests.unit.twin.objects import node, nodes, snapshot

DUCT = Key(GROUP, "", "duct-7")
SHARED = Topology.of(groups=[RiskGroup(key=DUCT, cause="conduit", members=(cable("a", "b"), cable("b", "a")))])


def ahead(scope: str, topology: Topology = RING, cluster: Sequence[Json] = ()) -> list[str]:
    view = twin(topology, cluster)
    return [loss.name for loss in stakes(policy(inspections=[single(scope)]), view).ahead]


def test_nodes_that_are_ready_are_taken_away_one_by_one() -> None:
    found = stakes(policy(inspections=[SPOF]), snapshot([*nodes("b", "a"), node("c", ready=False)]))
    assert [loss.name for loss in found.ahead] == ["node/a", "node/b"]
    assert [loss.name for loss in found.live] == ["node/c"]


def test_nothing_is_taken_away_unless_an_inspection_asks_for_it() -> None:
    assert stakes(policy(inspections=(IMAGES,)), snapshot(nodes())) == losses.Stakes()


def test_a_cable_goes_with_both_its_links() -> None:
    assert ahead("NetworkLink") == ["link/backbone/a-b", "link/backbone/a-d", "link/backbone/b-c", "link/backbone/c-d"]


def test_nodes_of_networks_go_one_by_one_and_those_of_platforms_with_their_kubernetes_nodes() -> None:
    assert ahead("NetworkNode", RING.plus(HOSTS)) == [f"networkNode/backbone/{name}" for name in "abcd"]


def test_zones_and_racks_are_groups_of_their_cause() -> None:
    cluster = [node(name, labels={ZONE: zone, "rack": rack}) for name, zone, rack in ("axr", "bxs", "cys")]
    assert ahead("Zone", cluster=cluster) == [f"riskGroup/{ZONE}=x", f"riskGroup/{ZONE}=y"]
    assert ahead("Rack", cluster=cluster) == ["riskGroup/rack=r", "riskGroup/rack=s"]
    assert len(ahead("RiskGroup", RING.plus(SHARED), cluster=cluster)) == 5


def test_what_is_down_as_a_whole_is_a_loss_that_is_there() -> None:
    down = {cable("a", "b"): False, cable("b", "a"): False}
    view = twin(RING.plus(SHARED), up=down)
    for scope, name in (("NetworkLink", "link/backbone/a-b"), ("RiskGroup", "riskGroup/duct-7")):
        found = stakes(policy(inspections=[single(scope)]), view)
        assert [loss.name for loss in found.live] == [name]
    half = twin(RING.plus(SHARED), up={cable("a", "b"): False})
    assert stakes(policy(inspections=[single("RiskGroup")]), half).live == ()


def test_more_losses_than_a_pass_takes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "MOST", 3)
    found = stakes(policy(inspections=[single("NetworkLink")]), twin())
    assert (len(found.ahead), found.beyond) == (3, 1)


def test_a_router_takes_the_kubernetes_nodes_along_that_rest_on_it() -> None:
    view = twin(RING.plus(HOSTS))
    taken = hosts(
        view.topology, (Loss("one", (A,)), Loss("other", (Key("Node", "", "b"),)), Loss("none", (router("d"),)))
    )
    assert taken == {"one": {"a"}, "other": {"b"}, "none": set()}


def test_a_kubernetes_node_that_two_routers_must_carry_goes_with_either() -> None:
    both = Topology.of(
        networks=HOSTS.networks.values(), nodes=[NetworkNode(key=router("a", "cluster"), supporting=(A, B))]
    )
    view = twin(RING.plus(both))
    assert hosts(view.topology, (Loss("one", (B,)),)) == {"one": {"a"}}


def test_a_loss_is_named_by_what_goes() -> None:
    names = {
        (Key("Node", "", "a"),): "node/a",
        (A,): "networkNode/backbone/a",
        (DUCT,): "riskGroup/duct-7",
        (cable("a", "b"), cable("b", "a")): "link/backbone/a-b",
        (cable("a", "b"), cable("b", "c")): "link/backbone/a-b and link/backbone/b-c",
    }
    assert {lost: name_of(RING, lost) for lost in names} == names
