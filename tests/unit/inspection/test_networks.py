"""Goals on networks, now and after losses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.goals import Goal
from forestall.inspection.goals import GoalResult
from forestall.inspection.losses import NOTHING, Loss
from forestall.inspection.networks import rate, results
from forestall.ports import Json
from forestall.twin.topology import UNLIMITED, NetworkNode, Topology
from tests.unit.inspection.networked import RING, capacity, reachable
from tests.unit.twin.networks import A, B, C, D, cable, demand, link, ring, router

AB = Loss("a-b", (cable("a", "b"), cable("b", "a")))
AD = Loss("a-d", (cable("a", "d"), cable("d", "a")))
BOTH = Loss("both", (*AB.elements, *AD.elements))


def judged(goal: Json, *losses: Loss, topology: Topology = RING) -> list[GoalResult]:
    """Now, and after each loss."""
    given = Goal.model_validate(goal)
    found = results(topology, (given,), losses)
    return [found[given.name, name] for name in (NOTHING, *(loss.name for loss in losses))]


def states(goal: Json, *losses: Loss, topology: Topology = RING) -> list[str]:
    return [result.state for result in judged(goal, *losses, topology=topology)]


def test_a_network_has_room_while_its_fullest_link_has() -> None:
    now, after = judged(capacity(1.0), AB)
    assert (now.state, now.value) == ("Fulfilled", Decimal("0.8"))
    assert (after.state, after.value) == ("Fulfilled", Decimal("1.0"))
    assert states(capacity(0.9), AB) == ["Fulfilled", "NotFulfilled"]
    assert "link a-d would carry more than it may" in judged(capacity(0.9), AB)[1].message


def test_demand_that_has_no_way_breaks_a_capacity_however_empty_the_links_are() -> None:
    after = judged(capacity(1.0), BOTH)[1]
    assert (after.state, after.value) == ("NotFulfilled", Decimal(0))
    assert after.message == "network backbone: 10 Gbit/s of demand have no way"


def test_what_begins_or_ends_at_something_lost_is_not_lost() -> None:
    assert states(capacity(1.0), Loss("a", (A,))) == ["Fulfilled", "Fulfilled"]


def test_without_demands_or_capacities_nobody_can_say_that_there_is_room() -> None:
    vague = RING.with_links([replace(link("b", "c"), capacity=UNLIMITED)])
    assert states(capacity(1.0), topology=vague) == ["Unknown"]
    assert "no known capacity" in judged(capacity(1.0), topology=vague)[0].message
    assert states(capacity(0.5), topology=vague) == ["NotFulfilled"], "that much is known"
    assert states(capacity(1.0), topology=ring()) == ["Unknown"]


def test_a_network_that_is_not_there_or_cannot_be_routed_is_unknown() -> None:
    unknown = judged(capacity(network="elsewhere"), AB)
    assert [result.state for result in unknown] == ["Unknown", "Unknown"]
    assert "network elsewhere is not in the twin" in unknown[0].message
    odd = RING.with_links([replace(link("a", "b"), metric=0)])
    assert "cannot be routed" in judged(capacity(), topology=odd)[0].message


def test_nodes_reach_each_other_while_there_is_a_way() -> None:
    assert states(reachable("b", "c"), AB, AD, BOTH) == ["Fulfilled", "Fulfilled", "Fulfilled", "NotFulfilled"]
    cut = judged(reachable("b", "c"), BOTH)[1]
    assert cut.message == "network backbone: a reaches 0 targets, 2 needed; not b, c"


def test_some_of_the_targets_may_be_enough() -> None:
    line = ring("abcd").with_links([replace(RING.links[key], up=False) for key in AD.elements])
    bc = Loss("b-c", (cable("b", "c"), cable("c", "b")))
    assert states(reachable("b", "d"), bc, topology=line) == ["Fulfilled", "NotFulfilled"]
    assert states(reachable("b", "d", minTargets=1), bc, topology=line) == ["Fulfilled", "Fulfilled"]
    assert states(reachable("b", "d", minTargets=2), Loss("d", (D,)), topology=line) == ["Fulfilled", "NotFulfilled"]


def test_a_source_or_target_that_is_lost_itself_is_not_judged() -> None:
    goal = reachable("b", "c", sources=["a", "d"])
    assert states(goal, Loss("a", (A,)), Loss("b", (B,))) == ["Fulfilled", "Fulfilled", "Fulfilled"]
    alone = reachable("c")
    assert states(alone, Loss("a", (A,))) == ["Fulfilled", "Fulfilled"]


def test_a_target_that_is_down_is_not_reached() -> None:
    down = RING.with_nodes([NetworkNode(key=C, up=False)])
    assert states(reachable("b", "c"), topology=down) == ["NotFulfilled"]
    assert states(reachable("b", "c", minTargets=1), topology=down) == ["Fulfilled"]
    assert states(reachable("b", sources=["c"]), topology=down) == ["NotFulfilled"]


def test_a_node_that_there_is_not_makes_a_goal_unknown() -> None:
    assert states(reachable("x")) == ["Unknown"]
    assert "has no node x" in judged(reachable("x"))[0].message


def test_a_loss_of_what_nobody_knows_changes_nothing() -> None:
    now, after = judged(reachable("b"), Loss("x", (router("x"), Key("Node", "", "y"))))
    assert now is after


def test_the_same_topology_is_judged_once() -> None:
    goals, losses = (Goal.model_validate(capacity()),), (AB,)
    assert results(RING, goals, losses) is results(RING, goals, losses)
    assert results(ring("abcd", demand("a", "b", 1.0)), goals, losses) is not results(RING, goals, losses)


@pytest.mark.parametrize(
    ("bits", "text"), [(0.0, "0 bit/s"), (1500.0, "1.5 kbit/s"), (2.5e9, "2.5 Gbit/s"), (4e13, "40 Tbit/s")]
)
def test_rates_are_told_in_three_digits(bits: float, text: str) -> None:
    assert rate(bits) == text
