"""What scenarios do: what is lost, what is overloaded, who is to blame, and totals that add up."""

from dataclasses import replace

import pytest

from forestall.twin.analyses import Overload, Scenario, contingency, examine, merge, scenarios, scenarios_of
from forestall.twin.topology import Gate, Topology
from tests.unit.twin.analyses.networks import IP, at_risk, cable, carried, group, link, node, square, topology


def test_a_ring_with_room_survives_any_single_failure() -> None:
    found = contingency(square(6.0), scenarios(square(6.0), IP))
    assert (found.verdict, found.counts.holding, found.counts.failed) == ("Holds", 8, 0)


def test_a_ring_that_is_too_full_fails_and_names_links_and_causes() -> None:
    ring = square(4.0)
    found = contingency(ring, scenarios(ring, IP, ["link"]))
    assert (found.verdict, found.topology, found.counts.failed) == ("Fails", ring.id, 4)
    first = found.failures[0]
    assert first.scenario.elements == (link("a-b"), link("b-a"))
    assert (first.lost, first.overloads) == (0.0, 2)
    assert first.overloaded == (Overload(link("a-d"), 1.5), Overload(link("d-c"), 1.5))


def test_the_worst_case_of_a_link_names_the_failures_that_bring_it_about() -> None:
    ring = square(4.0)
    worst = {case.link: case for case in contingency(ring, scenarios(ring, IP, ["link"])).worst}
    case = worst[link("a-b")]
    assert (case.today, case.utilisation) == (0.75, 1.5)
    assert [culprit.elements for culprit in case.culprits] == [
        (link("a-d"), link("d-a")),
        (link("c-d"), link("d-c")),
    ]
    assert link("b-a") not in worst


def test_what_ends_at_a_failed_node_is_no_failure() -> None:
    line = topology([cable("a-b"), cable("b-c")], [carried("a-c", 2.0), carried("a-b", 1.0)])
    found = contingency(line, scenarios(line, IP, ["node"]))
    assert [(one.scenario.elements, one.lost, one.ended) for one in found.failures] == [((node("b"),), 2.0, 1.0)]


def test_losses_and_overloads_of_today_are_told_apart_from_those_of_failures() -> None:
    full = square(2.0)
    found = contingency(full, scenarios(full, IP, ["node"]))
    assert [over.link for over in found.today.overloaded] == [link("a-b"), link("a-d"), link("b-c"), link("d-c")]
    assert [outcome.scenario.elements for outcome in found.failures] == [(node("b"),), (node("d"),)]
    idle = contingency(full, scenarios_of(full, IP, [Scenario(kind="link", elements=(link("nowhere"),))]))
    assert idle.verdict == "Fails"


def test_a_risk_group_takes_both_ways_that_no_single_link_takes() -> None:
    shared = at_risk("trench", [link("a-b"), link("c-d")], probability=0.01)
    ring = topology(
        [cable(ends, 1, 10.0) for ends in ("a-b", "b-c", "c-d", "a-d")], [carried("a-c", 6.0)], groups=[shared]
    )
    assert contingency(ring, scenarios(ring, IP)).verdict == "Holds"
    found = contingency(ring, scenarios(ring, IP, ["conduit"]))
    assert [(outcome.scenario.elements, outcome.lost) for outcome in found.failures] == [((group("trench"),), 6.0)]
    assert found.expected_loss == pytest.approx(0.06)


def test_one_shared_limit_in_the_software_of_all_edge_routers_is_found_where_each_alone_is_harmless() -> None:
    edges = [f"pe{number}" for number in range(6)]
    cables = [cable(f"{edge}-{core}", 1, 100.0) for edge in edges for core in ("p0", "p1")]
    clients = [cable(f"{site}-{edge}", 1, 100.0) for site in ("s0", "s1") for edge in edges]
    limit = at_risk("prefix-limit", [node(edge) for edge in edges], cause="software", probability=0.02)
    country = topology([*cables, *clients], [carried("s0-p0", 5.0), carried("s1-p1", 5.0)], groups=[limit])
    assert contingency(country, scenarios(country, IP, order=2)).verdict == "Holds"
    found = contingency(country, scenarios(country, IP, ["software"]))
    assert (found.verdict, found.failures[0].lost) == ("Fails", 10.0)


def test_pairs_of_which_neither_fails_alone_come_first() -> None:
    ring = square(6.0)
    found = contingency(ring, scenarios(ring, IP, ["link"], order=2))
    assert (found.counts.failed, found.counts.joint) == (4, 4)
    assert all(outcome.joint and outcome.lost == 6.0 for outcome in found.failures)


def test_pairs_are_proved_harmless_without_being_routed() -> None:
    ring = square(12.0)
    found = contingency(ring, scenarios(ring, IP, ["link"], order=2))
    assert (found.counts.scanned, found.counts.pruned, found.counts.holding) == (10, 2, 6)


def two_rings(capacity: float) -> Topology:
    """Two squares side by side, 6 across each: what fails in one is nothing to the other."""
    sides = ("a-b", "b-c", "c-d", "a-d", "e-f", "f-g", "g-h", "e-h", "d-e")
    return topology([cable(ends, 1, capacity) for ends in sides], [carried("a-c", 6.0), carried("e-g", 6.0)])


def test_pairs_that_do_not_meet_are_known_from_what_each_does_alone() -> None:
    given = two_rings(6.0)
    found = contingency(given, scenarios(given, IP, ["link"], order=2))
    across = 4 * 4 + 8  # one side of each square, and the link between them with any
    assert (found.counts.failed, found.counts.joint) == (8, 8)
    assert found.counts.pruned >= across


def test_pairs_that_do_not_meet_add_up_where_one_fails_alone() -> None:
    given = two_rings(4.0)
    pair = scenarios(given, IP, ["link"], order=2)
    found = {outcome.scenario.elements: outcome for outcome in contingency(given, pair).failures}
    both = found[tuple(sorted([link("a-b"), link("b-a"), link("e-f"), link("f-e")]))]
    assert (both.lost, both.overloads, both.joint) == (0.0, 4, False)
    assert {over.link for over in both.overloaded} == {link("a-d"), link("d-c"), link("e-h"), link("h-g")}


def test_pairs_meet_in_a_gate_that_neither_breaks_alone() -> None:
    power = Gate(owner=node("b"), needs=1, members=(node("x", "fibre"), node("y", "fibre")))
    line = topology(
        [cable("a-b"), cable("b-c")], [carried("a-c", 1.0)], below=[cable("x-y", network="fibre")], gates=[power]
    )
    feeds = [Scenario(kind="node", elements=(node(name, "fibre"),)) for name in "xy"]
    found = contingency(line, replace(scenarios_of(line, IP, feeds), pairs=True))
    assert [(outcome.scenario.kind, outcome.joint) for outcome in found.failures] == [("node+node", True)]


def test_what_cannot_be_judged_is_counted_and_is_no_pass() -> None:
    ring = square()
    found = contingency(ring, scenarios_of(ring, IP, [Scenario(kind="node", elements=(node("nowhere"),))]))
    assert (found.verdict, found.counts.errors, found.counts.scanned) == ("Unknown", 1, 1)
    assert found.errors == ((0, "NetworkNode/ip/nowhere: there is no such element"),)


def test_ranges_examined_anywhere_add_up_to_the_whole() -> None:
    ring = square(4.0)
    given = scenarios(ring, IP, order=2)
    parts = [examine(ring, given, range(first, min(first + 7, len(given)))) for first in range(0, len(given), 7)]
    assert merge(reversed(parts)) == contingency(ring, given)


def test_a_range_that_is_lost_is_named_and_is_no_pass() -> None:
    ring = square(12.0)
    given = scenarios(ring, IP)
    found = merge([examine(ring, given, range(3)), examine(ring, given, range(5, 8))])
    assert (found.verdict, found.missing, found.counts.scanned) == ("Unknown", ((3, 5),), 6)


def test_a_range_that_was_examined_twice_is_refused() -> None:
    ring = square()
    given = scenarios(ring, IP)
    with pytest.raises(ValueError, match="scenario 2 was examined twice"):
        merge([examine(ring, given, range(3)), examine(ring, given, range(2, 8))])


def test_ranges_of_different_questions_are_not_added() -> None:
    ring, other = square(), square(5.0)
    with pytest.raises(ValueError, match="of one topology and the same scenarios"):
        merge([examine(ring, scenarios(ring, IP), range(3)), examine(other, scenarios(other, IP), range(3, 8))])
    with pytest.raises(ValueError, match="another topology"):
        examine(other, scenarios(ring, IP))


@pytest.mark.parametrize("part", [range(9), range(0, 8, 2), range(-1, 3)])
def test_a_range_that_is_no_part_is_refused(part: range) -> None:
    ring = square()
    with pytest.raises(ValueError, match="no range of 8"):
        examine(ring, scenarios(ring, IP), part)


def test_a_limit_below_full_is_a_reserve() -> None:
    ring = square(10.0)
    assert contingency(ring, scenarios(ring, IP), limit=0.5).verdict == "Fails"
    assert contingency(ring, scenarios(ring, IP), limit=0.6).verdict == "Holds"


def test_a_failure_may_relieve_what_is_full_today() -> None:
    """So nothing may be left out on the ground that less has failed already."""
    sides = [cable("a-b", 1, 2.0), cable("b-c", 1, 2.0), cable("a-d", 1, 9.0), cable("d-c", 1, 9.0)]
    given = topology(sides, [carried("a-c", 6.0)])
    found = contingency(given, scenarios_of(given, IP, [Scenario(kind="link", elements=(link("a-b"),))]))
    assert (found.today.overloaded[0].utilisation, found.counts.holding) == (1.5, 1)


@pytest.mark.parametrize("probability", [float("nan"), -1.0, 2.0])
def test_a_probability_that_is_none_is_not_reckoned_with(probability: float) -> None:
    shared = at_risk("trench", [link("a-b"), link("c-d")], probability=probability)
    ring = topology([cable(ends) for ends in ("a-b", "b-c", "c-d", "a-d")], [carried("a-c", 6.0)], groups=[shared])
    found = contingency(ring, scenarios(ring, IP, ["group", "weighted"]))
    assert (found.counts.failed, found.expected_loss) == (1, 0.0)
    with pytest.raises(ValueError, match="a probability from 0 to 1"):
        scenarios_of(ring, IP, [Scenario(kind="mine", elements=(), probability=probability)])


@pytest.mark.parametrize("capacity", [0.0, -1.0, float("nan"), 5e-324])
def test_a_capacity_that_is_none_spoils_nothing(capacity: float) -> None:
    given = topology([cable("a-b", 1, capacity), cable("b-c", 1, 9.0)], [carried("b-c", 6.0)])
    found = contingency(given, scenarios(given, IP, ["node"]))
    assert (found.verdict, found.today.overloaded) == ("Holds", ())


def test_without_demands_nothing_is_known() -> None:
    bare = topology([cable("a-b")])
    assert contingency(bare, scenarios(bare, IP)).verdict == "Unknown"


def test_the_answer_says_what_the_model_leaves_out() -> None:
    bare = topology([cable("a-b")], [carried("a-b", 1.0)])
    caveats = " ".join(contingency(bare, scenarios(bare, IP)).caveats)
    assert all(word in caveats for word in ("equal split", "micro-loops", "parallel links", "no known capacity"))
