"""Changes are of one element or of all demands; names may hold any of the signs that changes are written with."""

import pytest

from forestall.api.base import Key
from forestall.cli.failures import Failure
from forestall.cli.twins.changes import parsed_change, switched
from forestall.cli.twins.naming import Names
from forestall.twin.analyses.layers import down
from forestall.twin.topology import DEMAND, GROUP, LINK, RiskGroup, Topology
from tests.unit.twin.networks import BACKBONE, A, B, cable, demand, ring, router

RING = ring("abcd", demand("a", "b", 4e9), demand("b", "c", 1e9))


def changed(text: str, topology: Topology = RING) -> Topology:
    return parsed_change(text, Names(topology))(topology)


def amount(topology: Topology, name: str) -> float:
    return topology.demands[Key(DEMAND, "", name)].amount


def test_a_link_gets_a_metric_and_a_capacity() -> None:
    assert changed("a-b:metric=20").links[cable("a", "b")].metric == 20
    assert changed("a-b:capacity=2.5G").links[cable("a", "b")].capacity == 2.5e9
    assert changed("a-b:metric=20").links[cable("b", "a")].metric == 1


def test_what_is_down_can_be_brought_up_again() -> None:
    fallen = changed("a:down")
    assert A in down(fallen)
    assert changed("a:up", fallen).id == RING.id


def test_demands_grow_together_or_alone() -> None:
    assert amount(changed("demands*1.5"), "b>c") == 1.5e9
    assert [amount(changed("a>b*2"), name) for name in ("a>b", "b>c")] == [8e9, 1e9]
    assert amount(changed("a>b:amount=500M"), "a>b") == 5e8


def test_a_demand_moves_to_another_node() -> None:
    moved = changed("a>b:to=c").demands[Key(DEMAND, "", "a>b")]
    assert (moved.source, moved.target) == (A, router("c"))
    assert changed("a>b:from=d").demands[Key(DEMAND, "", "a>b")].source == router("d")


def test_names_with_colons_stars_and_signs_of_equality_are_found() -> None:
    topology = ring(["x:down", "y*2", "z=:to"])
    assert not changed("x:down:down", topology).nodes[router("x:down")].up
    assert changed("y*2-z=:to:metric=3", topology).links[Key(LINK, BACKBONE, "y*2-z=:to")].metric == 3


def test_a_group_fails_as_its_members_and_what_only_gates_know_falls_and_rises() -> None:
    service, group = Key("Service", "shop", "web"), Key(GROUP, "", "site")
    topology = RING.plus(Topology.of(groups=[RiskGroup(key=group, cause="site", members=(A, B, service))]))
    fallen = switched(topology, [group], up=False)
    assert {A, B, service} <= set(down(fallen))
    assert switched(fallen, [group], up=True).id == topology.id


def test_a_name_that_means_several_is_asked_back() -> None:
    topology = RING.plus(Topology.of(groups=[RiskGroup(key=Key(GROUP, "", "a"), cause="site", members=())]))
    with pytest.raises(Failure, match="may be any of NetworkNode/backbone/a, RiskGroup/a"):
        changed("a:down", topology)
    assert not changed("NetworkNode/backbone/a:down", topology).nodes[A].up
    assert not changed("backbone/a:down", topology).nodes[A].up


def test_a_name_that_is_almost_right_is_put_right() -> None:
    with pytest.raises(Failure) as failure:
        Names(ring(["frankfurt", "munich", "berlin"])).find("frankfrut", option="--fail")
    assert "frankfurt" in failure.value.remedy
