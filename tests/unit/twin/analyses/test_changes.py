"""Changes: before, after each step with every further failure, and after; maintenance and its traps."""

import pytest

from forestall.twin.analyses import ScaleDemands, SetMetric, TakeOut, maintenance, what_if
from forestall.twin.analyses.edits import PutIn
from forestall.twin.topology import Topology
from tests.unit.twin.analyses.networks import IP, cable, carried, link, node, square, topology


def ring() -> Topology:
    """East coast and west coast on one ring, with room for all traffic on either side."""
    sides = ("east-north", "north-west", "east-south", "south-west")
    return topology([cable(ends, 1, 10.0) for ends in sides], [carried("east-west", 6.0)])


def test_a_ring_survives_any_failure_but_not_with_one_side_in_maintenance() -> None:
    given = ring()
    found = maintenance(given, IP, [node("north")])
    assert (found.verdict, found.topology, found.window.verdict) == ("Fails", given.id, "Fails")
    assert (found.window.more_lost, found.window.overloaded) == (0.0, ())
    assert [(trap.scenario.elements, trap.lost) for trap in found.window.traps] == [
        ((node("south"),), 6.0),
        ((link("east-south"), link("south-east")), 6.0),
        ((link("south-west"), link("west-south")), 6.0),
    ]


def test_a_window_on_a_link_that_nothing_needs_has_no_traps() -> None:
    given = topology([cable(ends, 1, 9.0) for ends in ("a-b", "b-c", "a-d", "c-d", "a-c")], [carried("a-c", 6.0)])
    assert maintenance(given, IP, [link("a-b")]).verdict == "Holds"


def test_maintenance_of_a_duct_takes_out_all_that_it_carries() -> None:
    duct = link("x-y", "fibre")
    given = topology(
        [cable("a-b", 1, 9.0, on=[duct]), cable("b-c", 1, 9.0), cable("a-d", 1, 9.0, on=[duct]), cable("c-d", 1, 9.0)],
        [carried("a-c", 6.0)],
        below=[cable("x-y", network="fibre")],
    )
    assert maintenance(given, IP, [duct]).window.more_lost == 6.0


def test_a_step_that_overloads_is_found_though_the_change_ends_well() -> None:
    given = square(4.0)
    found = what_if(given, IP, [[TakeOut(link("a-b"))], [PutIn(link("a-b"))]])
    assert (found.verdict, found.first_bad_step) == ("Fails", 0)
    assert [over.link for over in found.during[0].overloaded] == [link("a-d"), link("d-c")]
    assert (found.after.verdict, found.after.topology) == ("Holds", given.id)


def test_the_order_of_steps_decides() -> None:
    """Drain a-d onto b by metrics before it is taken out, and bring load down first."""
    given, half = square(4.0), ScaleDemands(0.5)
    out = TakeOut(link("a-d"))
    assert what_if(given, IP, [[half], [out]], kinds=["group"]).verdict == "Holds"
    assert what_if(given, IP, [[out], [half]], kinds=["group"]).first_bad_step == 0


def test_a_metric_moves_traffic() -> None:
    given = square(4.0)
    found = what_if(given, IP, [[SetMetric(link("a-b"), 9)]], kinds=["group"])
    assert found.after.overloaded == ((link("a-d"), 1.5), (link("d-c"), 1.5))


def test_what_was_bad_before_is_not_held_against_the_change() -> None:
    given = square(2.0)
    found = what_if(given, IP, [[SetMetric(link("b-a"), 9)]])
    assert (found.before.today.overloaded != (), found.verdict) == (True, "Holds")


def test_every_moment_names_its_topology() -> None:
    found = what_if(square(), IP, [[TakeOut(link("a-b"))], [TakeOut(link("b-c"))]])
    assert len({found.topology, *(moment.topology for moment in found.during)}) == 3
    assert found.before.topology == found.topology


def test_a_change_of_what_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        what_if(square(), IP, [[TakeOut(node("nowhere"))]])
    with pytest.raises(KeyError):
        what_if(square(), "nowhere", [])
