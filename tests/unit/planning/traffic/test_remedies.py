"""Remedies of networks: steps, what takes them back, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from random import Random

import pytest

from forestall.api.base import Key
from forestall.planning.traffic.remedies import Remedy, drain, move_demand, re_home, set_metrics
from forestall.twin.analyses.changes import SINGLES, Change, what_if
from forestall.twin.analyses.edits import MoveDemand, PutIn, SetMetric, TakeOut, edited
from forestall.twin.analyses.routed import routed
from forestall.twin.analyses.scenarios import Kind
from forestall.twin.topology import NODE, Demand, Network, NetworkNode, Topology
from tests.unit.twin.analyses.networks import IP, cable, carried, demand, link, node, topology

HIGHEST = 1000


def ring(capacity: float = 10.0, amount: float = 6.0) -> Topology:
    """From east to west over north, which is the shorter way, or over south."""
    cables = [cable("east-north", 1, capacity), cable("north-west", 1, capacity)]
    cables += [cable("east-south", 2, capacity), cable("south-west", 2, capacity)]
    return topology(cables, [carried("east-west", amount)])


def judged(given: Topology, remedy: Remedy, kinds: Sequence[Kind] = ()) -> Change:
    return what_if(given, IP, remedy.steps, kinds=kinds)


def taken_back(given: Topology, remedy: Remedy) -> Topology:
    for step in (*remedy.steps, *remedy.inverse):
        given = edited(given, step)
    return given


def test_metrics_are_changed_one_after_the_other_and_back_in_reverse() -> None:
    given = ring(4.0)

    remedy = set_metrics(given, {link("east-north"): 3, link("south-west"): 2, link("north-west"): 4})

    assert remedy.steps == ((SetMetric(link("east-north"), 3),), (SetMetric(link("north-west"), 4),))
    assert remedy.inverse == ((SetMetric(link("north-west"), 1),), (SetMetric(link("east-north"), 1),))
    assert taken_back(given, remedy).id == given.id


def test_metrics_that_share_the_load_relieve_the_full_way() -> None:
    given = ring(4.0)

    change = judged(given, set_metrics(given, {link("east-north"): 3}))

    assert [over.utilisation for over in change.before.today.overloaded] == [1.5, 1.5]
    assert change.after.today.overloaded == ()
    assert change.verdict == "Holds"


def test_an_order_that_overloads_on_the_way_fails_though_it_ends_well() -> None:
    wide, thin = (
        [cable(ends, 1, 9.0) for ends in ("a-d", "a-b", "b-d")],
        [cable(ends, 1, 2.0) for ends in ("a-c", "c-d")],
    )
    given = topology([*wide, *thin], [carried("a-d", 6.0)])

    bad = judged(given, set_metrics(given, {link("a-d"): 9, link("a-c"): 9}))
    good = judged(given, set_metrics(given, {link("a-c"): 9, link("a-d"): 9}))

    assert (bad.verdict, bad.first_bad_step, bad.after.verdict) == ("Fails", 0, "Holds")
    assert good.verdict == "Holds"


def test_a_demand_is_served_from_elsewhere() -> None:
    given = ring(4.0)

    remedy = move_demand(given, demand("east-west"), target=node("north"))

    assert remedy.steps == ((MoveDemand(demand("east-west"), node("east"), node("north")),),)
    change = judged(given, remedy)
    assert [over.link for over in change.before.today.overloaded] == [link("east-north"), link("north-west")]
    assert [over.link for over in change.after.today.overloaded] == [link("east-north")]
    assert taken_back(given, remedy).id == given.id


def hub(*more: Demand) -> Topology:
    """East sends to west and gets from south; north is its other hub."""
    return ring().plus(Topology.of(demands=[carried("south-east", 1.0), *more]))


def test_all_that_is_homed_at_a_node_gets_another_home_at_once() -> None:
    given = hub(carried("south-west", 2.0))

    remedy = re_home(given, IP, node("east"), node("north"))

    assert remedy.steps == (
        (
            MoveDemand(demand("east-west"), node("north"), node("west")),
            MoveDemand(demand("south-east"), node("south"), node("north")),
        ),
    )
    assert remedy.inverse == (
        (
            MoveDemand(demand("east-west"), node("east"), node("west")),
            MoveDemand(demand("south-east"), node("south"), node("east")),
        ),
    )
    assert (remedy.staying, remedy.lasting) == ({}, True)


def test_demands_between_a_node_and_its_new_home_stay_as_they_are() -> None:
    between = [carried("east-north", 3.0), carried("north-east", 4.0), carried("east-east", 5.0)]

    remedy = re_home(hub(*between), IP, node("east"), node("north"))

    assert remedy.staying == {demand("east-north"): 3.0, demand("north-east"): 4.0, demand("east-east"): 5.0}
    assert len(remedy.steps[0]) == 2


def loads(given: Topology) -> Sequence[float]:
    found: Sequence[float] = routed(given, IP).route().now.load.tolist()
    return found


def at(end: Key, old: Key, new: Key) -> Key:
    return new if end == old else end


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_homed_at_a_node_loads_links_as_if_it_had_always_been_elsewhere(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - it chooses among networks, and keeps no secret
    names, old, new = "abcdefgh", node("a"), node("b")
    pairs = {*pairwise(names), *chance.sample([*combinations(names, 2)], 8)}
    cables = [cable("-".join(pair), chance.randint(1, 3)) for pair in sorted(pairs)]
    wanted = ["a-c", *("-".join(chance.sample(names, 2)) for _ in range(30))]
    flows = [carried(ends, chance.uniform(1, 9), name=f"d{number}") for number, ends in enumerate(wanted)]
    given = topology(cables, flows)

    remedy = re_home(given, IP, old, new)

    between = [one for one in flows if {one.source, one.target} == {old, new}]
    others = [
        replace(one, source=at(one.source, old, new), target=at(one.target, old, new))
        for one in flows
        if one not in between
    ]
    brute, there = topology(cables, [*others, *between]), edited(given, remedy.steps[0])
    assert (there.id, list(remedy.staying)) == (brute.id, sorted(one.key for one in between))
    assert loads(there) == loads(brute) != loads(given)
    assert taken_back(given, remedy).id == given.id


@pytest.mark.parametrize("ends", [("none", "north"), ("east", "none")])
def test_there_is_no_new_home_without_both_nodes(ends: tuple[str, str]) -> None:
    with pytest.raises(KeyError):
        re_home(ring(), IP, *map(node, ends))


def test_a_node_of_another_network_is_no_home() -> None:
    far = NetworkNode(key=node("north", "other"))
    given = ring().plus(Topology.of(networks=[Network(id="other", layer="ip")], nodes=[far]))
    with pytest.raises(KeyError):
        re_home(given, IP, node("east"), far.key)


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        (("east", "east"), "east cannot be a new home for what is homed there"),
        (("south", "north"), "nothing that is homed at south can be homed at north"),
        (("east", "west"), "nothing that is homed at east can be homed at west"),
    ],
)
def test_a_new_home_for_nothing_is_refused(ends: tuple[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        re_home(ring(), IP, *map(node, ends))


def test_between_metrics_a_network_passes_and_between_the_steps_of_a_drain_it_may_rest() -> None:
    given = ring()
    assert not set_metrics(given, {link("east-north"): 3}).lasting
    assert drain(given, IP, [link("east-north")], highest=HIGHEST).lasting


def test_traffic_leaves_a_link_before_it_is_taken_out() -> None:
    given = ring()

    found = drain(given, IP, [link("east-north")], highest=HIGHEST)

    raised = (SetMetric(link("east-north"), HIGHEST), SetMetric(link("north-east"), HIGHEST))
    assert found.steps == (raised, (TakeOut(link("east-north")),))
    assert found.inverse[0] == (PutIn(link("east-north")),)
    assert found.staying == {}
    assert judged(given, found).verdict == "Holds"
    assert taken_back(given, found).id == given.id


def test_a_node_is_drained_by_all_its_links() -> None:
    given = ring()

    found = drain(given, IP, [node("north")], highest=HIGHEST)

    assert {edit.link for edit in found.steps[0] if isinstance(edit, SetMetric)} == {
        link("east-north"),
        link("north-east"),
        link("north-west"),
        link("west-north"),
    }
    assert found.staying == {}
    assert judged(given, found).verdict == "Holds"


def test_what_rests_on_something_is_drained_before_that_is_taken_out() -> None:
    duct = NetworkNode(key=Key(NODE, "ducts", "river"))
    below = Topology.of(networks=[Network(id="ducts", layer="physical")], nodes=[duct])
    cables = [replace(one, supporting=(duct.key,)) for one in ring().links.values() if "north" in one.key.name]
    given = ring().with_links(cables).plus(below)

    found = drain(given, IP, [duct.key], highest=HIGHEST)

    assert {edit.link for edit in found.steps[0] if isinstance(edit, SetMetric)} == {one.key for one in cables}
    assert found.steps[1] == (TakeOut(duct.key),)
    assert judged(given, found).verdict == "Holds"
    assert taken_back(given, found).id == given.id


def test_traffic_that_has_no_other_way_stays() -> None:
    given = topology([cable("a-b", 1, 10.0), cable("b-c", 1, 10.0)], [carried("a-c", 6.0)])

    found = drain(given, IP, [link("a-b")], highest=HIGHEST)

    assert found.staying == {link("a-b"): 6.0}
    change = judged(given, found)
    assert [moment.verdict for moment in change.during] == ["Holds", "Fails"]
    assert change.after.more_lost == 6.0


def test_demands_that_end_at_a_node_do_not_leave_it() -> None:
    assert drain(ring(), IP, [node("west")], highest=HIGHEST).staying == {link("north-west"): 6.0}


def test_a_highest_metric_that_is_no_longer_way_than_the_others_drains_nothing() -> None:
    assert drain(ring(), IP, [link("east-north")], highest=2).staying == {link("east-north"): 6.0}


def test_a_drain_that_overloads_what_is_left_fails_before_anything_is_taken_out() -> None:
    thin = [cable("east-north", 1, 10.0), cable("north-west", 1, 10.0)]
    thin += [cable("east-south", 2, 4.0), cable("south-west", 2, 4.0)]
    given = topology(thin, [carried("east-west", 6.0)])

    found = drain(given, IP, [node("north")], highest=HIGHEST)

    assert found.staying == {}
    change = judged(given, found)
    assert [over.link for over in change.during[0].overloaded] == [link("east-south"), link("south-west")]
    assert change.first_bad_step == 0


def test_a_drain_after_which_one_more_failure_cuts_traffic_fails_with_that_failure() -> None:
    given = ring()

    change = judged(given, drain(given, IP, [node("north")], highest=HIGHEST), SINGLES)

    assert change.verdict == "Fails"
    assert (node("south"),) in [trap.scenario.elements for trap in change.after.traps]


def test_what_is_out_already_is_left_alone() -> None:
    given = edited(ring(), [TakeOut(link("east-north"))])

    assert drain(given, IP, [link("east-north")], highest=HIGHEST).steps == ((), ())


@pytest.mark.parametrize("key", [link("none"), node("none")])
def test_what_is_not_there_is_refused(key: Key) -> None:
    with pytest.raises(KeyError):
        drain(ring(), IP, [key], highest=HIGHEST)
