from __future__ import annotations

from dataclasses import replace

import pytest

from forestall.api.base import Key
from forestall.twin.defects import Completeness, completeness, defects
from forestall.twin.topology import (
    DEMAND,
    GROUP,
    LINK,
    NODE,
    UNLIMITED,
    Demand,
    Gate,
    Network,
    NetworkLink,
    NetworkNode,
    RiskGroup,
    TerminationPoint,
    Topology,
)

A, B, GONE = (Key(NODE, "n", name) for name in ("a", "b", "gone"))
AB = NetworkLink(key=Key(LINK, "n", "ab"), tail="a", head="b", tail_point="1", head_point="1", capacity=1e9)
BA = NetworkLink(key=Key(LINK, "n", "ba"), tail="b", head="a", tail_point="1", head_point="1", capacity=1e9)
SOUND = Topology.of(
    networks=[Network(id="n", layer="ip")],
    nodes=[NetworkNode(key=key, points=(TerminationPoint(name="1"),)) for key in (A, B)],
    links=[AB, BA],
)


def fields(topology: Topology) -> list[tuple[str, str]]:
    """Of what, and the field that the message names first."""
    return [(defect.path, defect.message.partition(":")[0]) for defect in defects(topology)]


def test_a_sound_topology_has_no_defect_and_is_complete() -> None:
    assert not defects(SOUND)
    assert completeness(SOUND) == Completeness(coverage=1, attributes=1)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (replace(AB, head="gone"), "source and destination"),
        (replace(AB, tail_point="9"), "termination point"),
        (replace(AB, metric=0), "metric"),
        (replace(AB, metric=2**32), "metric"),
        (replace(AB, supporting=(Key(LINK, "o", "f"),)), "supporting"),
        (replace(AB, head="a"), "destination"),
    ],
)
def test_what_is_wrong_with_a_link_is_told_by_its_field(changed: NetworkLink, field: str) -> None:
    assert ("NetworkLink/n/ab", field) in fields(SOUND.with_links([changed]))


def test_a_link_without_one_back_leads_one_way() -> None:
    alone = replace(SOUND, links={AB.key: AB})

    assert fields(alone) == [("NetworkLink/n/ab", "destination")]
    assert completeness(alone).attributes == 3 / 4


def test_parallel_links_are_no_defect_and_two_of_the_same_points_are() -> None:
    parallel = replace(AB, key=Key(LINK, "n", "other"), tail_point="", head_point="")
    same = replace(AB, key=Key(LINK, "n", "same"))

    assert not fields(SOUND.plus(Topology.of(links=[parallel])))
    assert fields(SOUND.plus(Topology.of(links=[same]))) == [("NetworkLink/n/same", "source-tp")]


def test_missing_capacities_are_told_once_for_a_network() -> None:
    bare = SOUND.with_links(replace(link, capacity=UNLIMITED) for link in (AB, BA))

    assert fields(bare) == [("n", "capacity")]
    assert defects(bare)[0].message.startswith("capacity: 2 of 2 links have none, ab among them")
    assert completeness(bare).attributes == 3 / 4


def test_references_to_nothing_are_told_wherever_they_are() -> None:
    owner = Key("Pod", "shop", "web-1")
    more = Topology.of(
        networks=[Network(id="m", layer="ip", supporting=("lost",))],
        nodes=[NetworkNode(key=Key(NODE, "m", "c"), supporting=(GONE,))],
        groups=[RiskGroup(key=Key(GROUP, "", "g"), cause="site", members=(GONE, owner))],
        gates=[Gate(owner=owner, needs=1, members=(GONE,))],
        demands=[Demand(key=Key(DEMAND, "", "d"), source=A, target=GONE, amount=1)],
    )

    assert fields(SOUND.plus(more)) == [
        ("m", "supporting-network"),
        ("NetworkNode/m/c", "supporting-node"),
        ("RiskGroup/g", "member"),
        ("Pod/shop/web-1", "member"),
        ("Demand/d", "source and target"),
    ]
    assert completeness(SOUND.plus(more)).coverage == 3 / 4


@pytest.mark.parametrize(
    ("beside", "field"),
    [
        (Topology.of(gates=[Gate(owner=A, needs=2, members=(B,))]), "needs"),
        (Topology.of(groups=[RiskGroup(key=Key(GROUP, "", "g"), cause="site", members=())]), "member"),
        (Topology.of(demands=[Demand(key=Key(DEMAND, "", "d"), source=A, target=A, amount=1)]), "target"),
        (Topology.of(nodes=[NetworkNode(key=Key(NODE, "lost", "a"))]), "network"),
    ],
)
def test_what_cannot_be_is_told(beside: Topology, field: str) -> None:
    assert [name for _, name in fields(SOUND.plus(beside))] == [field]


def test_of_nothing_nothing_is_known() -> None:
    assert completeness(Topology()) == Completeness(coverage=0, attributes=0)
