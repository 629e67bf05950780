"""Cascades: what overload sets off, round by round, until nothing more trips."""

import pytest

from forestall.twin.analyses import cascade
from forestall.twin.topology import Topology
from tests.unit.twin.analyses.networks import IP, cable, carried, link, node, square, topology


def registers(load: float) -> Topology:
    """A country registers at a database that four servers make up, 25 each."""
    servers = [f"vm{number}" for number in range(4)]
    access = [cable(f"country-{server}", 1, 100.0) for server in servers]
    pool = [cable(f"{server}-database", 1, 25.0) for server in servers]
    return topology([*access, *pool], [carried("country-database", load)])


def test_where_survivors_have_room_nothing_trips() -> None:
    found = cascade(registers(60.0), IP, [node("vm0")])
    assert (found.verdict, found.rounds, found.lost) == ("Holds", (), 0.0)


def test_a_storm_of_registrations_takes_the_rest_of_the_pool_down() -> None:
    given = registers(70.0)
    found = cascade(given, IP, [node("vm0")], surge=0.25)
    assert (found.verdict, found.topology, len(found.rounds)) == ("Fails", given.id, 1)
    assert [over.link for over in found.rounds[0].tripped] == [link(f"vm{number}-database") for number in (1, 2, 3)]
    assert found.rounds[0].tripped[0].utilisation == pytest.approx(70 * 1.25 / 3 / 25)
    assert (found.lost_at_first, found.lost) == (0.0, 70.0)


def test_what_trips_moves_on_and_trips_the_next() -> None:
    first = [cable("a-b", 1, 10.0), cable("a-c", 2, 8.0), cable("a-d", 3, 6.0)]
    given = topology([*first, *(cable(f"{name}-z", 1, 20.0) for name in "bcd")], [carried("a-z", 9.0)])
    found = cascade(given, IP, [link("a-b")])
    assert [[over.link for over in each.tripped] for each in found.rounds] == [[link("a-c")], [link("a-d")]]
    assert {link("a-b"), link("b-a"), link("c-a"), link("d-a")} < {*found.fallen}


def test_a_threshold_above_full_lets_links_hold_longer() -> None:
    assert cascade(square(4.0), IP, [link("a-b")]).verdict == "Fails"
    assert cascade(square(4.0), IP, [link("a-b")], threshold=1.5).verdict == "Holds"


def test_without_capacities_it_is_not_known_whether_anything_trips() -> None:
    given = topology([cable("a-b"), cable("b-c"), cable("a-c")], [carried("a-c", 1.0)])
    assert cascade(given, IP, [link("a-c")]).verdict == "Unknown"


@pytest.mark.parametrize(("threshold", "surge"), [(0.0, 0.0), (1.0, -0.5), (float("nan"), 0.0), (1.0, float("inf"))])
def test_unsound_questions_are_refused(threshold: float, surge: float) -> None:
    with pytest.raises(ValueError, match="a threshold above 0"):
        cascade(square(), IP, [link("a-b")], threshold=threshold, surge=surge)
