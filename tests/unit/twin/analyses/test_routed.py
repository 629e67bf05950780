"""Networks as numbers: which links are one cable, what is up, and what edits leave as it is."""

from dataclasses import replace

import pytest

from forestall.twin.analyses.routed import only_network, routed
from forestall.twin.topology import Network, NetworkLink, NetworkNode, Topology
from tests.unit.twin.analyses.networks import IP, cable, carried, link, node, square, topology


def test_a_link_and_the_one_that_leads_back_are_a_cable() -> None:
    given = routed(square(), IP)
    assert [given.links(number) for number in range(given.cables)] == [
        (link("a-b"), link("b-a")),
        (link("a-d"), link("d-a")),
        (link("b-c"), link("c-b")),
        (link("c-d"), link("d-c")),
    ]
    assert given.one_way == []


def test_termination_points_tell_parallel_links_apart() -> None:
    one, other = cable("a-b", tag="#1"), cable("a-b", tag="#2")
    crossed = [one[0], replace(other[0], key=link("z")), other[1], replace(one[1], key=link("zz"))]
    given = routed(topology([crossed]), IP)
    assert [given.links(number) for number in range(given.cables)] == [
        (link("a-b#1"), link("zz")),
        (link("b-a#2"), link("z")),
    ]


def test_parallel_links_without_termination_points_are_paired_in_order() -> None:
    links = [NetworkLink(key=link(name), tail=name[0], head=name[1]) for name in ("ab1", "ab2", "ba1", "ba2")]
    given = routed(topology([links]), IP)
    assert [given.links(number) for number in range(2)] == [(link("ab1"), link("ba1")), (link("ab2"), link("ba2"))]


def test_a_link_without_a_partner_stays_one_way() -> None:
    given = routed(topology([[cable("a-b")[0]]]), IP)
    assert (given.links(0), given.one_way) == ((link("a-b"),), [0])
    assert given.is_open.tolist() == [True, False]


def test_half_a_cable_carries_nothing() -> None:
    whole = square()
    half = whole.with_links([replace(whole.links[link("b-a")], up=False)])
    assert routed(half, IP).up.tolist() == [False, True, True, True]


def test_a_cable_is_down_with_what_it_rests_on_at_any_depth() -> None:
    duct, fibre = link("x-y", "fibre"), link("f-g", "fibre")
    given = topology(
        [cable("a-b", on=[fibre]), cable("b-c")],
        below=[cable("x-y", network="fibre"), cable("f-g", network="fibre", on=[duct])],
    )
    cut = given.with_links([replace(given.links[duct], up=False)])
    assert routed(given, IP).up.tolist() == [True, True]
    assert routed(cut, IP).up.tolist() == [False, True]


def test_what_is_missing_is_said() -> None:
    stray = [NetworkLink(key=link("stray"), tail="a", head="nowhere")]
    given = Topology.of(
        networks=[Network(id=IP, layer="ip")],
        nodes=[NetworkNode(key=node(name)) for name in "ab"],
        links=cable("a-b") + stray,
        demands=[carried("a-b", 1.0), carried("a-nowhere", 1.0), carried("b-a", float("nan"))],
    )
    found = routed(given, IP)
    assert found.missing == (
        "1 cables have no known capacity and are taken to be never full.",
        "1 links are left out: an end is not in the network, or both ends are one node.",
        "2 demands are left out: an end is not in the network, or the amount is unsound.",
    )
    assert not found.is_known


@pytest.mark.parametrize("metric", [0, -1, 2**70])
def test_a_metric_that_is_none_is_refused_by_name(metric: int) -> None:
    whole = square()
    with pytest.raises(ValueError, match="NetworkLink/ip/b-a: its metric is not fit"):
        routed(whole.with_links([replace(whole.links[link("b-a")], metric=metric)]), IP).route()


def test_metrics_with_a_common_factor_may_be_large() -> None:
    links = [cable("a-b", 150_000_000), cable("b-c", 300_000_000)]
    assert routed(topology(links, [carried("a-c", 1.0)]), IP).route().now.load.tolist() == [1, 0, 1, 0]


def test_an_edit_of_values_keeps_the_numbers_and_says_the_same_as_a_new_look() -> None:
    whole = square()
    edited = whole.with_links([replace(whole.links[link("a-b")], metric=7, up=False)])
    kept, anew = routed(whole, IP).after(edited), routed(edited, IP)
    assert kept.cabling.node is routed(whole, IP).cabling.node
    assert kept.demands is routed(whole, IP).demands
    assert (kept.metric.tolist(), kept.up.tolist()) == (anew.metric.tolist(), anew.up.tolist())


def test_an_edit_of_the_shape_is_a_new_look() -> None:
    whole = square()
    turned = whole.with_links([replace(whole.links[link("a-b")], head="c")])
    assert routed(whole, IP).after(turned) is routed(turned, IP)


def test_the_network_that_has_demands_is_the_one_that_is_meant() -> None:
    given = square()
    assert only_network(given.plus(Topology.of(networks=[Network(id="other", layer="ip")]))) == IP
    with pytest.raises(ValueError, match="which network"):
        only_network(Topology.of(networks=[Network(id=name, layer="ip") for name in "xy"]))


def test_a_network_that_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        routed(square(), "nowhere")


def test_nodes_are_numbered_by_key() -> None:
    assert routed(square(), IP).cabling.nodes == [node(name) for name in "abcd"]
