"""Backup paths: that one exists, how many, what they carry, whether routers take them, and what they share."""

from dataclasses import replace

import pytest

from forestall.twin.analyses import backup, shared_risks
from forestall.twin.topology import Topology
from tests.unit.twin.analyses.networks import IP, at_risk, cable, carried, group, link, node, square, topology

A, C = node("a"), node("c")


def ducts(*, shared: bool, capacity: float = 10.0) -> Topology:
    """The square, each side in a fibre of its own; or b's side and d's side in one trench at c."""
    east, west = link("e-f", "fibre"), link("g-h", "fibre")
    return topology(
        [
            cable("a-b", 1, capacity, on=[east]),
            cable("b-c", 1, capacity, on=[east]),
            cable("a-d", 2, capacity, on=[east if shared else west]),
            cable("c-d", 2, capacity, on=[west]),
        ],
        [carried("a-c", 6.0)],
        below=[cable("e-f", network="fibre"), cable("g-h", network="fibre")],
    )


def test_a_ring_over_two_ducts_is_a_working_backup() -> None:
    found = backup(ducts(shared=False), IP, A, C)
    assert (found.verdict, found.primary, found.backup) == (
        "Holds",
        (link("a-b"), link("b-c")),
        (link("a-d"), link("d-c")),
    )
    assert (found.link_disjoint, found.node_disjoint, found.capacity) == (2, 2, 10.0)


def test_two_fibres_in_one_duct_are_no_backup_though_all_else_holds() -> None:
    found = backup(ducts(shared=True), IP, A, C)
    assert (found.exists, found.apart, found.carries, found.uses) == ("Holds",) * 4
    assert (found.verdict, found.separate) == ("Fails", "Fails")
    assert [(risk.element, risk.layer) for risk in found.risks] == [
        (link("e-f", "fibre"), "physical"),
        (node("e", "fibre"), "physical"),
        (node("f", "fibre"), "physical"),
    ]


def test_a_backup_that_would_be_overloaded_is_none_though_it_exists() -> None:
    found = backup(ducts(shared=False, capacity=5.0), IP, A, C)
    assert (found.exists, found.apart, found.carries, found.uses) == ("Holds", "Holds", "Fails", "Fails")
    assert (found.capacity, found.weakest) == (5.0, link("a-b"))
    assert [(bad.elements, bad.is_lost) for bad in found.bad_reroutes] == [
        ((link("a-b"), link("b-a")), False),
        ((link("b-c"), link("c-b")), False),
        ((node("b"),), False),
    ]


def test_capacity_that_routers_do_not_use_is_no_backup() -> None:
    """Two ways of 4 are left for 6, but only the shorter is taken."""
    ways = [cable(f"a-{hop}", metric, 6.0) for hop, metric in (("b", 1), ("d", 2), ("e", 3))]
    ends = [cable(f"{hop}-c", metric, 6.0 if hop == "b" else 4.0) for hop, metric in (("b", 1), ("d", 2), ("e", 3))]
    found = backup(topology([*ways, *ends], [carried("a-c", 6.0)]), IP, A, C)
    assert (found.carries, found.uses, found.node_disjoint) == ("Holds", "Fails", 3)


def test_a_line_has_no_backup() -> None:
    found = backup(topology([cable("a-b", 1, 9.0), cable("b-c", 1, 9.0)], [carried("a-c", 6.0)]), IP, A, C)
    assert (found.verdict, found.exists, found.link_disjoint, found.backup) == ("Fails", "Fails", 1, ())
    assert all(bad.is_lost for bad in found.bad_reroutes)


def test_ways_that_meet_in_a_node_are_apart_by_link_only() -> None:
    bow = [cable(ends, 1, 9.0) for ends in ("a-b", "a-d", "b-m", "d-m", "m-e", "m-f", "e-c", "f-c")]
    found = backup(topology(bow, [carried("a-c", 1.0)]), IP, A, C)
    assert (found.link_disjoint, found.node_disjoint, found.exists, found.apart) == (2, 1, "Holds", "Fails")


def test_parallel_links_are_ways_of_their_own() -> None:
    pair = topology([cable("a-c", 1, 9.0, tag="#1"), cable("a-c", 1, 9.0, tag="#2")], [carried("a-c", 1.0)])
    found = backup(pair, IP, A, C)
    assert (found.node_disjoint, found.uses, found.carries) == (2, "Holds", "Holds")


def test_a_way_whose_capacity_is_not_known_is_never_full() -> None:
    ring = topology([cable(ends) for ends in ("a-b", "b-c", "a-d", "d-c")], [carried("a-c", 6.0)])
    found = backup(ring, IP, A, C)
    assert (found.carries, found.capacity, found.weakest) == ("Holds", float("inf"), None)


def test_the_amount_may_be_asked_for_instead_of_taken_from_the_demands() -> None:
    assert backup(ducts(shared=False), IP, A, C, amount=11.0).carries == "Fails"
    assert backup(ducts(shared=False), IP, C, A).carries == "Unknown"


def test_one_way_links_are_followed_one_way() -> None:
    there, back = ([cable(ends, 1, 9.0)[place] for ends in ("a-b", "b-c")] for place in (0, 1))
    other = [cable("a-d", 1, 9.0), cable("d-c", 1, 9.0)]
    demands = [carried("a-c", 1.0), carried("c-a", 1.0)]
    one = topology([there, *other], demands)
    assert (backup(one, IP, A, C).link_disjoint, backup(one, IP, C, A).link_disjoint) == (2, 1)
    two = topology([there, back, *other], demands)
    assert backup(two, IP, C, A).node_disjoint == 2


def test_a_cable_that_is_down_is_no_way() -> None:
    ring = square()
    broken = ring.with_links([replace(ring.links[link("a-b")], up=False)])
    assert backup(broken, IP, A, C).link_disjoint == 1


def test_a_backup_needs_two_nodes() -> None:
    with pytest.raises(ValueError, match="two different nodes"):
        backup(square(), IP, A, A)
    with pytest.raises(KeyError):
        backup(square(), IP, A, node("nowhere"))


def test_paths_share_a_risk_group_on_any_layer() -> None:
    given = ducts(shared=False)
    flood = at_risk("river", [link("e-f", "fibre"), link("d-c")])
    wet = Topology.of(
        networks=given.networks.values(),
        nodes=given.nodes.values(),
        links=given.links.values(),
        groups=[flood, at_risk("dry", [link("a-b"), link("b-c")])],
    )
    found = shared_risks(wet, [link("a-b"), link("b-c")], [link("a-d"), link("d-c")])
    assert [(risk.element, risk.cause) for risk in found.risks] == [(group("river"), "conduit")]


def test_what_both_ends_rest_on_is_not_counted_against_the_paths() -> None:
    given = topology(
        [cable("a-b"), cable("b-c"), cable("a-d"), cable("d-c")],
        below=[cable("x-y", network="fibre")],
        on={"a": node("x", "fibre"), "b": node("x", "fibre"), "d": node("x", "fibre")},
        groups=[at_risk("one", [link("a-b")]), at_risk("two", [link("a-d")])],
    )
    assert shared_risks(given, [link("a-b"), link("b-c")], [link("a-d"), link("d-c")]).verdict == "Holds"


def test_paths_of_which_nothing_is_known_are_not_called_separate() -> None:
    found = shared_risks(square(), [link("a-b"), link("b-c")], [link("a-d"), link("d-c")])
    assert (found.verdict, len(found.caveats)) == ("Unknown", 1)
