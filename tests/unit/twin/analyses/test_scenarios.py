"""What may fail: classes of elements, pairs, and sets that are likely enough."""

import pytest

from forestall.twin.analyses import Scenario, scenarios
from forestall.twin.analyses.scenarios import MOST_WEIGHTED, Kind
from tests.unit.twin.analyses.networks import IP, at_risk, cable, group, link, node, square, topology

DUCT = link("x-y", "fibre")
GIVEN = topology(
    [cable("a-b", on=[DUCT], tag="#1"), cable("a-b", tag="#2"), cable("b-c")],
    below=[cable("x-y", network="fibre")],
    groups=[
        at_risk("trench", [link("a-b#1"), link("b-c")], probability=0.1),
        at_risk("hall", [node("a")], cause="site", probability=0.01),
        at_risk("release", [node("b"), node("c")], cause="software"),
    ],
)


@pytest.mark.parametrize(
    ("kind", "elements"),
    [
        ("node", [(node("a"),), (node("b"),), (node("c"),)]),
        (
            "link",
            [(link("a-b#1"), link("b-a#1")), (link("a-b#2"), link("b-a#2")), (link("b-c"), link("c-b"))],
        ),
        ("bundle", [(link("a-b#1"), link("a-b#2"), link("b-a#1"), link("b-a#2"))]),
        ("foundation", [(DUCT,), (node("x", "fibre"),), (node("y", "fibre"),)]),
        ("group", [(group("hall"),), (group("release"),), (group("trench"),)]),
        ("site", [(group("hall"),)]),
        ("weighted", [(group("trench"),), (group("hall"),), (group("hall"), group("trench"))]),
    ],
)
def test_each_class_of_elements(kind: Kind, elements: list[tuple[object, ...]]) -> None:
    assert [scenario.elements for scenario in scenarios(GIVEN, IP, [kind])] == elements


def test_sets_of_risk_groups_have_the_product_of_their_probabilities() -> None:
    assert scenarios(GIVEN, IP, ["weighted"])[2].probability == pytest.approx(0.001)


def test_sets_that_are_too_unlikely_are_left_out() -> None:
    rare = topology([cable("a-b")], groups=[at_risk(name, [node("a")], probability=1e-4) for name in "xy"])
    assert len(scenarios(rare, IP, ["weighted"])) == 2


def test_more_sets_than_anybody_can_try_are_refused() -> None:
    sure = topology([cable("a-b")], groups=[at_risk(f"{name}", [node("a")], probability=1.0) for name in range(20)])
    with pytest.raises(ValueError, match=f"more than {MOST_WEIGHTED}"):
        scenarios(sure, IP, ["weighted"])


def test_pairs_follow_in_a_fixed_order() -> None:
    found = scenarios(square(), IP, ["node"], order=2)
    assert [scenario.elements for scenario in found[4:]] == [
        (node(one), node(other)) for one, other in ("ab", "ac", "ad", "bc", "bd", "cd")
    ]
    assert len(found) == 10
    assert found[-1] == Scenario(kind="node+node", elements=(node("c"), node("d")))


def test_a_scenario_that_two_classes_name_is_there_once() -> None:
    found = scenarios(GIVEN, IP, ["group", "weighted"])
    assert len(found) == 4


def test_another_order_is_refused() -> None:
    with pytest.raises(ValueError, match="order 3"):
        scenarios(square(), IP, order=3)


def test_the_id_tells_what_fails_apart() -> None:
    assert scenarios(GIVEN, IP, ["node"]).id == scenarios(GIVEN, IP, ["node"]).id
    assert scenarios(GIVEN, IP, ["node"]).id != scenarios(GIVEN, IP, ["node"], order=2).id


def test_the_id_is_the_same_in_every_topology_where_the_same_fails() -> None:
    assert square().id != square(5.0).id
    assert scenarios(square(), IP, order=2).id == scenarios(square(5.0), IP, order=2).id
