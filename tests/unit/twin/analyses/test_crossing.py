"""Which demands cross a link, as it is and after failures."""

import pytest

from forestall.twin.analyses import crossings
from tests.unit.twin.analyses.networks import IP, cable, carried, demand, link, node, square, topology


def test_each_way_of_equal_length_gets_its_part() -> None:
    found = crossings(square(), IP, link("a-b"))
    assert [(each.demand, each.amount) for each in found.demands] == [(demand("a-c"), 3.0)]
    assert (found.verdict, found.load, found.utilisation) == ("Holds", 3.0, 0.3)


def test_after_a_failure_all_of_it_crosses_and_is_too_much() -> None:
    ring = square(4.0)
    found = crossings(ring, IP, link("a-b"), [node("d")])
    assert (found.verdict, found.load, found.utilisation, found.topology) == ("Fails", 6.0, 1.5, ring.id)


def test_the_way_back_is_a_link_of_its_own() -> None:
    assert crossings(square(), IP, link("b-a")).demands == ()


def test_parts_are_split_again_at_every_hop() -> None:
    """a has three next hops; one of them, d, has two of its own."""
    short, long = ("a-b", "a-c", "a-d", "d-e", "d-f", "e-z", "f-z"), ("b-z", "c-z")
    cables = [cable(ends) for ends in short] + [cable(ends, 2) for ends in long]
    found = crossings(topology(cables, [carried("a-z", 6.0), carried("d-z", 1.0)]), IP, link("e-z"))
    assert [(each.demand, each.amount) for each in found.demands] == [(demand("a-z"), 1.0), (demand("d-z"), 0.5)]


def test_a_link_that_there_is_not_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        crossings(square(), IP, link("nowhere"))
