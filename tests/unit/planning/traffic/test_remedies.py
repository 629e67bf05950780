"""Remedies of networks: steps, what takes them back, and figures before, during and after."""

from __future__ import annotations

import pytest

from forestall.api.base import Key
from forestall.planning.traffic.remedies import Remedy, drain, move_demand, set_metrics
from forestall.twin.analyses.edits import MoveDemand, PutIn, SetMetric, TakeOut, edited
from forestall.twin.topology import Topology
from tests.unit.twin.analyses.networks import IP, cable, carried, demand, link, node, topology

HIGHEST = 1000


def ring(capacity: float = 10.0, amount: float = 6.0) -> Topology:
    """From east to west over north, which is the shorter way, or over south."""
    cables = [cable("east-north", 1, capacity), cable("north-west", 1, capacity)]
    cables += [cable("east-south", 2, capacity), cable("south-west", 2, capacity)]
    return topology(cables, [carried("east-west", amount)])


def taken_back(given: Topology, remedy: Remedy) -> Topology:
    for step in (*remedy.steps, *remedy.inverse):
        given = edited(given, step)
    return given


def test_metrics_are_changed_one_after_the_other_and_back_in_reverse() -> None:
    given = ring(4.0)

    remedy = set_metrics(given, IP, {link("east-north"): 3, link("south-west"): 2, link("north-west"): 4})

    assert remedy.steps == ((SetMetric(link("east-north"), 3),), (SetMetric(link("north-west"), 4),))
    assert remedy.inverse == ((SetMetric(link("north-west"), 1),), (SetMetric(link("east-north"), 1),))
    assert taken_back(given, remedy).id == given.id


def test_metrics_that_share_the_load_relieve_the_full_way() -> None:
    remedy = set_metrics(ring(4.0), IP, {link("east-north"): 3}, kinds=())

    assert [over.utilisation for over in remedy.change.before.today.overloaded] == [1.5, 1.5]
    assert remedy.change.after.today.overloaded == ()
    assert remedy.verdict == "Holds"


def test_an_order_that_overloads_on_the_way_fails_though_it_ends_well() -> None:
    wide, thin = (
        [cable(ends, 1, 9.0) for ends in ("a-d", "a-b", "b-d")],
        [cable(ends, 1, 2.0) for ends in ("a-c", "c-d")],
    )
    given = topology([*wide, *thin], [carried("a-d", 6.0)])

    bad = set_metrics(given, IP, {link("a-d"): 9, link("a-c"): 9}, kinds=())
    good = set_metrics(given, IP, {link("a-c"): 9, link("a-d"): 9}, kinds=())

    assert (bad.verdict, bad.change.first_bad_step, bad.change.after.verdict) == ("Fails", 0, "Holds")
    assert good.verdict == "Holds"


def test_a_demand_is_served_from_elsewhere() -> None:
    given = ring(4.0)

    remedy = move_demand(given, IP, demand("east-west"), target=node("north"), kinds=())

    assert remedy.steps == ((MoveDemand(demand("east-west"), node("east"), node("north")),),)
    assert [over.link for over in remedy.change.before.today.overloaded] == [link("east-north"), link("north-west")]
    assert [over.link for over in remedy.change.after.today.overloaded] == [link("east-north")]
    assert taken_back(given, remedy).id == given.id


def test_traffic_leaves_a_link_before_it_is_taken_out() -> None:
    given = ring()

    found = drain(given, IP, [link("east-north")], highest=HIGHEST, kinds=())

    raised = (SetMetric(link("east-north"), HIGHEST), SetMetric(link("north-east"), HIGHEST))
    assert found.steps == (raised, (TakeOut(link("east-north")),))
    assert found.inverse[0] == (PutIn(link("east-north")),)
    assert found.staying == {}
    assert found.verdict == "Holds"
    assert found.change.after.more_lost == 0
    assert taken_back(given, found).id == given.id


def test_a_node_is_drained_by_all_its_links() -> None:
    found = drain(ring(), IP, [node("north")], highest=HIGHEST, kinds=())

    assert {edit.link for edit in found.steps[0] if isinstance(edit, SetMetric)} == {
        link("east-north"),
        link("north-east"),
        link("north-west"),
        link("west-north"),
    }
    assert found.verdict == "Holds"


def test_traffic_that_has_no_other_way_stays() -> None:
    given = topology([cable("a-b", 1, 10.0), cable("b-c", 1, 10.0)], [carried("a-c", 6.0)])

    found = drain(given, IP, [link("a-b")], highest=HIGHEST, kinds=())

    assert found.staying == {link("a-b"): 6.0}
    assert found.verdict == "Fails"
    assert found.drained.verdict == "Holds"
    assert found.change.after.more_lost == 6.0


def test_demands_that_end_at_a_node_do_not_leave_it() -> None:
    found = drain(ring(), IP, [node("west")], highest=HIGHEST, kinds=())

    assert found.staying == {link("north-west"): 6.0}
    assert found.verdict == "Fails"


def test_a_highest_metric_that_is_no_longer_way_than_the_others_drains_nothing() -> None:
    found = drain(ring(), IP, [link("east-north")], highest=2, kinds=())

    assert found.staying == {link("east-north"): 6.0}
    assert found.verdict == "Fails"


def test_a_drain_that_overloads_what_is_left_fails_before_anything_is_taken_out() -> None:
    thin = [cable("east-north", 1, 10.0), cable("north-west", 1, 10.0)]
    thin += [cable("east-south", 2, 4.0), cable("south-west", 2, 4.0)]

    found = drain(topology(thin, [carried("east-west", 6.0)]), IP, [node("north")], highest=HIGHEST, kinds=())

    assert found.staying == {}
    assert [over.link for over in found.drained.overloaded] == [link("east-south"), link("south-west")]
    assert found.change.first_bad_step == 0


def test_a_drain_after_which_one_more_failure_cuts_traffic_fails_with_that_failure() -> None:
    found = drain(ring(), IP, [node("north")], highest=HIGHEST)

    assert found.verdict == "Fails"
    assert (node("south"),) in [trap.scenario.elements for trap in found.change.after.traps]


def test_what_is_out_already_is_left_alone() -> None:
    given = edited(ring(), [TakeOut(link("east-north"))])

    found = drain(given, IP, [link("east-north")], highest=HIGHEST, kinds=())

    assert found.steps == ((), ())


@pytest.mark.parametrize("key", [link("none"), node("none")])
def test_what_is_not_there_is_refused(key: Key) -> None:
    with pytest.raises(KeyError):
        drain(ring(), IP, [key], highest=HIGHEST)
