"""Which demands have no way today, and what stands between."""

from dataclasses import replace

from forestall.twin.analyses import reachability
from tests.unit.twin.analyses.networks import IP, cable, carried, demand, link, square, topology


def test_a_ring_with_one_cable_down_still_reaches_all() -> None:
    ring = square()
    found = reachability(ring.with_links([replace(ring.links[link("a-b")], up=False)]), IP)
    assert (found.verdict, found.cut_off) == ("Holds", ())


def test_what_is_cut_off_is_named_with_what_is_down_before_it() -> None:
    line = topology([cable("a-b"), cable("b-c")], [carried("a-c", 2.0), carried("a-b", 1.0)])
    broken = line.with_links([replace(line.links[link("c-b")], up=False)])
    found = reachability(broken, IP)
    assert (found.verdict, found.number, found.amount, found.topology) == ("Fails", 1, 2.0, broken.id)
    assert [(cut.demand, cut.barrier) for cut in found.cut_off] == [(demand("a-c"), (link("b-c"),))]


def test_a_link_without_a_way_back_is_followed_one_way() -> None:
    there = cable("a-b")[0]
    given = topology([[there], cable("b-c")], [carried("a-c", 1.0), carried("c-a", 2.0)])
    found = reachability(given, IP)
    assert [cut.demand for cut in found.cut_off] == [demand("c-a")]


def test_without_demands_nothing_is_known() -> None:
    assert reachability(topology([cable("a-b")]), IP).verdict == "Unknown"


def test_a_demand_that_is_left_out_is_no_pass() -> None:
    given = topology([cable("a-b")], [carried("a-b", 1.0), carried("a-nowhere", 1.0)])
    assert reachability(given, IP).verdict == "Unknown"
