"""Single points of failure: what each element alone cuts off, and what no longer counts as one."""

from dataclasses import replace

import pytest

from forestall.twin.analyses import single_points, single_points_from
from tests.unit.twin.analyses.networks import IP, cable, carried, link, node, square, topology


def test_a_ring_has_none() -> None:
    found = single_points(square(), IP)
    assert (found.verdict, found.impacts, found.total) == ("Holds", {}, 6.0)


def test_a_line_is_full_of_them_and_the_worst_comes_first() -> None:
    found = single_points(topology([cable("a-b"), cable("b-c")], [carried("a-c", 2.0), carried("a-b", 1.0)]), IP)
    assert found.verdict == "Fails"
    assert found.impacts == {link("a-b"): 3.0, link("b-a"): 3.0, link("b-c"): 2.0, link("c-b"): 2.0, node("b"): 2.0}
    assert found.worst[0] == link("a-b")


def test_parallel_links_are_no_bridge() -> None:
    doubled = topology([cable("a-b", tag="#1"), cable("a-b", tag="#2"), cable("b-c")], [carried("a-c", 2.0)])
    assert set(single_points(doubled, IP).impacts) == {link("b-c"), link("c-b"), node("b")}


def test_demands_of_the_failed_node_itself_are_left_out() -> None:
    assert single_points(topology([cable("a-b")], [carried("a-b", 1.0)]), IP).impacts.keys() == {
        link("a-b"),
        link("b-a"),
    }


def test_a_duct_that_carries_both_ways_is_a_single_point_though_no_link_is() -> None:
    duct = link("x-y", "fibre")
    ring = topology(
        [cable("a-b", on=[duct]), cable("b-c"), cable("c-d", on=[duct]), cable("a-d")],
        [carried("a-c", 6.0)],
        below=[cable("x-y", network="fibre")],
    )
    found = single_points(ring, IP)
    assert found.impacts == {duct: 6.0, node("x", "fibre"): 6.0, node("y", "fibre"): 6.0}


def test_what_is_cut_off_today_is_not_counted_again() -> None:
    line = topology([cable("a-b"), cable("b-c")], [carried("a-c", 2.0), carried("a-b", 1.0)])
    found = single_points(line.with_links([replace(line.links[link("b-c")], up=False)]), IP)
    assert (found.today, found.impacts) == (2.0, {link("a-b"): 1.0, link("b-a"): 1.0})


def test_subscribers_need_any_one_of_the_anchors() -> None:
    given = topology([cable("g-a"), cable("a-b"), cable("b-h"), cable("b-c")])
    weights = {node("a"): 10.0, node("b"): 20.0, node("c"): 5.0}
    one = single_points_from(given, IP, weights, [node("g")])
    both = single_points_from(given, IP, weights, [node("g"), node("h")])
    assert one.impacts[link("g-a")] == 35.0
    assert both.impacts == {link("b-c"): 5.0, link("c-b"): 5.0, node("b"): 5.0}


def test_one_way_links_are_routed_one_way() -> None:
    there, _ = cable("a-b")
    back, _ = cable("b-a", tag="~")
    given = topology([[there], [replace(back, head="c")], cable("c-a")], [carried("a-b", 1.0), carried("b-a", 2.0)])
    assert single_points(given, IP).impacts == {
        link("a-c"): 2.0,
        link("b-a~"): 2.0,
        link("c-a"): 2.0,
        node("c"): 2.0,
        link("a-b"): 1.0,
    }


def test_an_anchor_that_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        single_points_from(square(), IP, {node("a"): 1.0}, [node("nowhere")])


def test_the_same_topology_gives_the_same_answer() -> None:
    assert single_points(square(), IP) == single_points(square(), IP)
