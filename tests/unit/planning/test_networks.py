"""What a plan for a network tells, and what speaks against it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations, permutations
from random import Random

import pytest

from forestall.api.base import Key
from forestall.api.networkplan import NetworkChange
from forestall.inspection.sweeps import swept
from forestall.planning.networks import Judged, State, element_of, told
from forestall.planning.traffic.remedies import Remedy, drain, move_demand, set_metrics
from forestall.twin.analyses.changes import what_if
from forestall.twin.analyses.edits import (
    Edit,
    MoveDemand,
    PutIn,
    Resize,
    SetMetric,
    TakeOut,
    edited,
)
from forestall.twin.topology import DEMAND, LINK, Topology
from tests.unit.planning.networked import (
    CABLE,
    DEMANDED,
    FAN,
    WORKS,
    asked,
    branch,
    drained,
    found,
    metrics,
    moved,
    rehomed,
)
from tests.unit.twin.networks import BACKBONE, A, B, C, D, cable, demand, fan, link, router
from tests.unit.twin.networks import ring as circle

# Figures.


def test_figures_are_given_before_and_after() -> None:
    answer = metrics(a_b=2)
    before, after = answer.prediction.before, answer.prediction.after
    assert (before.link, before.utilisation, before.losses) == ("a-b", Decimal("1.2"), 5)
    assert (after.utilisation, after.failing) == (Decimal("0.4"), 0)
    assert answer.counterexample == ""
    assert answer.prediction.topology_id == FAN.id
    assert answer.prediction.caveat.startswith("Routes are shortest paths")


def test_what_is_said_of_the_end_is_what_the_network_then_does() -> None:
    answer = metrics(a_b=2)
    after = swept(edited(FAN, [SetMetric(CABLE, 2)]), "backbone", ("Link",), 1.0)
    assert not isinstance(after, str)
    assert (after.today.overloaded, after.counts.failed) == ((), answer.prediction.after.failing)
    [worst] = answer.prediction.after.worst
    assert worst.utilisation == Decimal(after.worst[0].utilisation).quantize(Decimal("0.0001"))


def test_the_worst_state_on_the_way_is_told_with_one_more_loss_in_it() -> None:
    # On the way only the cables by c are shorter ways.
    answer = metrics(a_b=5, a_c=2, a_d=2)
    assert answer.prediction.during.losses == answer.prediction.before.losses
    assert answer.prediction.during.utilisation >= answer.prediction.after.utilisation


# Steps, and what takes them back.


def test_metrics_are_steps_of_their_own() -> None:
    answer = metrics(a_b=2, a_c=3)
    assert told(answer.prediction.changes) == "1. link a-b: metric 1 -> 2\n2. link a-c: metric 1 -> 3"
    assert told(answer.prediction.inverse) == "1. link a-c: metric 3 -> 1\n2. link a-b: metric 2 -> 1"


def test_a_drain_is_two_steps() -> None:
    answer = drained(branch(6e9))
    assert told(answer.prediction.changes).splitlines() == [
        "1. link a-b: metric 1 -> 65535",
        "1. link b-a: metric 1 -> 65535",
        "2. link/backbone/a-b: Up -> Down",
    ]
    assert told(answer.prediction.inverse).splitlines() == [
        "1. link/backbone/a-b: Down -> Up",
        "2. link a-b: metric 65535 -> 1",
        "2. link b-a: metric 65535 -> 1",
    ]


def test_a_demand_that_moves_is_one_step() -> None:
    answer = moved(target=C)
    assert told(answer.prediction.changes) == "1. demand a>b: a to b -> a to c"
    assert told(answer.prediction.inverse) == "1. demand a>b: a to c -> a to b"


def homes(others: int) -> Topology:
    """A demand from a to b, more from a to c, one between a and d, and one that d has already."""
    more = [replace(demand("a", "c", 1e6), key=Key(DEMAND, "", f"more-{number}")) for number in range(others)]
    return branch(6e9).plus(Topology.of(demands=[*more, demand("d", "a", 1e6), demand("d", "c", 1e6)]))


def test_a_new_home_is_one_change_however_many_demands_move() -> None:
    answer = rehomed(homes(400))
    stays = "; staying between them: 1 demand"
    assert told(answer.prediction.changes) == f"1. 401 demands, 6.4 Gbit/s: homed at a -> d{stays}"
    assert told(answer.prediction.inverse) == f"1. 401 demands, 6.4 Gbit/s: homed at d -> a{stays}"
    assert told(rehomed(branch(6e9)).prediction.changes) == "1. 1 demand, 6 Gbit/s: homed at a -> d"


def test_figures_of_a_new_home_are_those_of_each_demand_moved() -> None:
    given = homes(3)
    ends = [MoveDemand(DEMANDED, D, B), *(MoveDemand(Key(DEMAND, "", f"more-{number}"), D, C) for number in range(3))]
    assert rehomed(given).prediction.after == State(edited(given, ends), asked()).figures()


def undone(topology: Topology, changes: tuple[NetworkChange, ...]) -> Topology:
    """The topology after changes, made by what they tell alone."""
    for change in changes:
        topology = edited(topology, [_edit(topology, change)])
    return topology


def _edit(topology: Topology, change: NetworkChange) -> Edit:
    if change.metric:
        return SetMetric(Key(LINK, BACKBONE, change.metric.link), change.metric.after)
    if change.demand:
        source, target = (router(one) for one in (change.demand.after.source, change.demand.after.target))
        return MoveDemand(Key(DEMAND, "", change.demand.demand), source, target)
    assert change.status is not None
    key = element_of(topology, change.status.element)
    assert key is not None
    return TakeOut(key) if change.status.after == "Down" else PutIn(key)


@pytest.mark.parametrize(
    "answer", [metrics(branch(6e9), a_b=2, a_c=3), drained(branch(6e9), CABLE, C), moved(branch(6e9), source=D)]
)
def test_who_does_as_told_and_takes_it_back_has_the_network_as_it_was(answer: Judged) -> None:
    given, said = branch(6e9), answer.prediction
    there = undone(given, said.changes)
    assert there.id != given.id
    assert undone(there, said.inverse).id == given.id


def test_more_changes_than_a_plan_can_tell_are_refused() -> None:
    wide = fan(1e9, "".join(chr(letter) for letter in range(0x4E00, 0x4E00 + 70)))
    with pytest.raises(ValueError, match="143 changes, and a plan tells 128"):
        drained(wide, A)


def test_an_edit_that_nobody_is_told_to_make_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing that a plan tells"):
        found(FAN, Remedy(steps=((Resize(CABLE, 2e10),),), inverse=()))


# What speaks against it.


def test_what_is_worse_after_some_loss_speaks_against_it() -> None:
    assert metrics(a_b=9).counterexample == "link a-d carries 1.2000 of its capacity when link/backbone/a-c is lost"


def test_what_costs_demand_speaks_against_it() -> None:
    assert drained(branch(6e9, "")).counterexample == "more demand has no way"


def test_a_link_that_is_overloaded_on_the_way_speaks_against_it() -> None:
    # First all 12 Gbit/s go by c, then a third each way: 4 of 10, where it was 4 at most.
    even = edited(FAN, [SetMetric(CABLE, 2)])
    answer = metrics(even, a_d=2, a_b=3, a_c=2)
    assert answer.counterexample.startswith("after step 2 of 3, link ")


def test_what_passes_need_not_bear_a_loss_and_what_lasts_must() -> None:
    even = edited(fan(9e9), [SetMetric(CABLE, 2)]).with_links([link("a", "d", capacity=6e9)])
    steps = set_metrics(even, {cable("a", "c"): 9, cable("a", "d"): 9})
    passing, lasting = (found(even, replace(steps, lasting=lasting)) for lasting in (False, True))
    worse = "after step 1 of 2, link a-d carries 1.5000 of its capacity when link/backbone/a-b is lost"
    assert (passing.counterexample, lasting.counterexample) == ("", worse)


def test_a_link_that_becomes_overloaded_speaks_against_what_lasts_though_another_one_is_fuller() -> None:
    full = edited(FAN.with_links([link("c", "b", capacity=1e9)]), [SetMetric(cable("a", "d"), 9)])
    more = full.plus(Topology.of(demands=[demand("d", "b", 1.5e9)]))
    moved_over = move_demand(more, Key(DEMAND, "", "d>b"), source=C)
    assert found(more, moved_over).counterexample == "link c-b carries 1.5000 of its capacity"
    assert moved_over.lasting


def meshed(chance: Random) -> Topology:
    """Eight routers in a circle with some chords, metrics and demands by chance."""
    names = "abcdefgh"
    wanted = chance.sample(sorted(permutations(names, 2)), 4)
    given = circle(names, *(demand(*ends, chance.uniform(1e9, 4e9)) for ends in wanted))
    chords = [pair for pair in combinations(names, 2) if cable(*pair) not in given.links and chance.random() < 0.3]
    cables = [link(*ends, metric=chance.randint(1, 9)) for pair in chords for ends in (pair, pair[::-1])]
    return given.plus(Topology.of(links=[one for one in cables if one.key not in given.links]))


@pytest.mark.parametrize("seed", range(25))
def test_whatever_fails_by_the_analysis_of_changes_speaks_against_a_drain(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - it chooses among networks, and keeps no secret
    given = meshed(chance)
    for key in chance.sample(sorted({*given.links, *given.nodes}), 4):
        remedy = drain(given, BACKBONE, [key], highest=65_535)
        verdict = what_if(given, BACKBONE, remedy.steps).verdict
        answer = found(given, remedy, "Node", "Link")
        assert answer.counterexample or verdict == "Holds", key


# Names.


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("link/backbone/a-b", CABLE),
        ("networkNode/backbone/b", B),
        ("riskGroup/works", WORKS),
        ("link/backbone/b", None),
        ("networkNode/backbone", None),
        ("a-b", None),
        ("", None),
    ],
)
def test_elements_are_found_by_the_names_that_losses_bear(name: str, key: Key | None) -> None:
    assert element_of(branch(6e9), name) == key
