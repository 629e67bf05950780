"""What a whole network no longer carries after a loss, now and during maintenance."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.finding import Trigger
from forestall.inspection import sweeps
from forestall.inspection.report import Observation
from forestall.inspection.sweeps import swept
from forestall.twin.topology import GROUP, RiskGroup, Topology
from forestall.twin.views import Snapshot
from tests.unit.inspection.networked import RING, capacity, contingency, look, maintenance, twin, watch
from tests.unit.inspection.scenes import only
from tests.unit.twin.networks import A, cable, demand, platform, ring
from tests.unit.twin.objects import nodes, web

WORKS = RiskGroup(key=Key(GROUP, "", "works-1"), cause="maintenance", members=(cable("c", "d"), cable("d", "c")))
TIGHT = RING.with_demands([demand("a", "b", 7e9)])
"""A ring that does as it is. Without a-b, 11 of 10 Gbit/s go the other way round; without the others, over a-b."""


def down(*cables: str) -> dict[Key, bool]:
    return {cable(*ends): False for name in cables for ends in (name, name[::-1])}


def test_a_network_that_survives_every_loss_raises_nothing_and_passes_by_number() -> None:
    found = look(watch(inspections=[contingency()]), twin())
    [count] = found.counts
    assert (found.observations, count.scanned, count.failed, count.errors) == ((), 8, 0, 0)


def test_one_finding_tells_of_all_losses_that_matter_and_of_the_links_with_their_causes() -> None:
    seen = only(look(watch(capacity(), inspections=[contingency()]), twin(TIGHT)))
    assert (seen.spec.type, seen.spec.resource.kind, seen.spec.resource.name) == (
        "Contingency",
        "NetworkTwin",
        "cluster",
    )
    assert (seen.finding_class, seen.severity, seen.spec.qualifier) == ("Risk", "warning", "n-1/backbone")
    assert (seen.observed, seen.predicted) == ("Fulfilled", "NotFulfilled")
    assert seen.trigger == Trigger(kind="Failure", element="networkNode/backbone/d")
    assert seen.message.startswith("4 of 8 losses make network backbone lose demand or overload links; the worst is")
    assert seen.affected_goals == ("room",)
    told = {one.message: one.value for one in seen.evidence}
    assert told["without link/backbone/a-b: a-d, the fullest of those overloaded"] == Decimal("1.1")
    [link_d] = [
        message for message in told if message.startswith("link a-d at its worst, by the loss of link/backbone/a-b")
    ]
    assert told[link_d] == Decimal("1.1")
    assert seen.evidence[-1].message.startswith("8 losses examined. Routes are shortest paths")


def test_values_move_without_another_word() -> None:
    first = only(look(watch(inspections=[contingency()]), twin(TIGHT)))
    more = only(look(watch(inspections=[contingency()]), twin(TIGHT.with_demands([demand("a", "b", 7.1e9)]))))
    assert first.message == more.message
    assert [one.message for one in first.evidence] == [one.message for one in more.evidence]
    assert first.evidence != more.evidence


def test_how_full_a_link_may_be_and_how_much_may_be_lost_is_for_the_policy_to_say() -> None:
    for more, failed in ({"maximumUtilisation": 1.5}, 0), ({"maximumUtilisation": 0.95}, 4):
        [count] = look(watch(inspections=[contingency(**more)]), twin(TIGHT)).counts
        assert count.failed == failed
    line = RING.with_links([replace(RING.links[key], up=False) for key in down("cd")])
    for lost, failed in (0.0, 2), (5e9, 1), (20e9, 0):
        [count] = look(watch(inspections=[contingency("Link", lostDemand=lost)]), twin(line)).counts
        assert count.failed == failed


def test_pairs_are_tried_beside_what_they_are_made_of() -> None:
    [count] = look(watch(inspections=[contingency("Link", "Pairs")]), twin()).counts
    assert (count.scanned, count.failed) == (4 + 6, 5)
    [both] = look(watch(inspections=[contingency("Pairs")]), twin()).counts
    assert both.scanned == 8 + 28


def test_groups_and_sites_are_tried_as_a_whole() -> None:
    site = RiskGroup(key=Key(GROUP, "", "north"), cause="site", members=(*down("ab"), *down("da")))
    view = twin(RING.plus(Topology.of(groups=[WORKS, site])))
    for scope, scanned, failed in ("Site", 1, 1), ("RiskGroup", 2, 1):
        [count] = look(watch(inspections=[contingency(scope)]), view).counts
        assert (count.scanned, count.failed) == (scanned, failed)


def found(view: Snapshot, *scopes: str) -> dict[str, Observation]:
    """Observations by what follows the inspection's name."""
    seen = look(watch(capacity(), inspections=[contingency(*scopes)]), view).observations
    return {one.spec.qualifier.removeprefix("n-1/backbone").removeprefix("/"): one for one in seen}


def test_a_loss_that_is_there_is_a_problem_and_a_minor_one_while_the_network_does_without() -> None:
    seen = found(twin(up=down("bc")))
    absorbed = seen["link/backbone/b-c"]
    assert (absorbed.finding_class, absorbed.severity, absorbed.observed) == ("Problem", "minor", "Fulfilled")
    assert absorbed.message == "link/backbone/b-c is lost, and network backbone carries all its demands"
    assert absorbed.trigger == Trigger(kind="Failure", element="link/backbone/b-c")
    assert seen[""].finding_class == "Risk", "what comes next is ahead"


def test_a_loss_that_overloads_a_link_is_major_and_one_that_costs_demand_critical() -> None:
    full = found(twin(TIGHT, up=down("ab")))["link/backbone/a-b"]
    assert (full.severity, full.observed, full.affected_goals) == ("major", "NotFulfilled", ("room",))
    assert ("a-d is overloaded now", Decimal("1.1")) in {(one.message, one.value) for one in full.evidence}
    cut = found(twin(TIGHT, up=down("ab", "ad")))["link/backbone/a-d"]
    assert cut.severity == "critical"
    told = {one.message: one.value for one in cut.evidence}
    assert told["demand that has no way now, in bit/s"] == Decimal(11_000_000_000)


def test_a_node_that_is_down_explains_its_cables_and_a_group_its_members() -> None:
    assert set(found(twin(up={A: False}))) >= {"networkNode/backbone/a"}
    assert not {one for one in found(twin(up={A: False})) if one.startswith("link/")}
    duct = RiskGroup(key=Key(GROUP, "", "duct"), cause="conduit", members=(*sorted(down("bc")),))
    view = twin(RING.plus(Topology.of(groups=[duct])), up=down("bc"))
    assert set(found(view, "Link", "RiskGroup")) - {""} == {"riskGroup/duct"}
    assert set(found(view, "Link")) - {""} == {"link/backbone/b-c"}


def test_a_network_that_is_too_small_as_it_is_is_a_problem_without_any_loss() -> None:
    seen = found(twin(RING.with_demands([demand("a", "b", 9e9)])))
    assert set(seen) == {""}
    assert (seen[""].finding_class, seen[""].severity, seen[""].observed) == ("Problem", "major", "NotFulfilled")


def test_the_services_on_what_goes_are_affected() -> None:
    below = platform({"c": "d"})
    seen = only(
        look(
            watch(inspections=[contingency("Node", maximumUtilisation=0.85)]),
            twin(RING.plus(below), cluster=[*nodes("a", "b", "c"), *web("c")]),
        )
    )
    assert seen.affected_services == ("web",)


def test_what_is_not_known_is_an_error_and_never_a_pass() -> None:
    for view in twin(ring()), twin(Topology()):
        found = look(watch(inspections=[contingency()]), view)
        [count] = found.counts
        assert count.errors >= 1
        assert count.message
        assert found.observations == ()
        assert not found.clears(only(look(watch(inspections=[contingency()]), twin(TIGHT))).spec, view)


def test_what_was_not_examined_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "MOST_SCENARIOS", 5)
    [count] = look(watch(inspections=[contingency()]), twin()).counts
    assert (count.scanned, count.errors) == (8, 3)
    assert count.message == "3 losses were not judged: narrow the scopes"


def test_a_window_is_a_risk_if_one_more_loss_inside_it_is_too_much() -> None:
    view = twin(RING.plus(Topology.of(groups=[WORKS])))
    seen = only(look(watch(inspections=[maintenance()]), view))
    assert (seen.spec.type, seen.finding_class, seen.spec.qualifier) == (
        "Maintenance",
        "Risk",
        "works/backbone/works-1",
    )
    assert seen.trigger == Trigger(kind="Change", element="riskGroup/works-1")
    assert "while works-1 is out of service" in seen.message
    assert look(watch(inspections=[contingency()]), view).observations == (), "without it the network does"


def test_only_windows_that_are_named_are_tried_and_one_that_there_is_not_is_an_error() -> None:
    view = twin(RING.plus(Topology.of(groups=[WORKS])))
    other = look(watch(inspections=[maintenance("works-2")]), view)
    assert [(one.failed, one.errors) for one in other.counts] == [(0, 1)]
    assert "RiskGroup/works-2 is not in the twin" in other.counts[0].message
    [none] = look(watch(inspections=[maintenance()]), twin()).counts
    assert (none.scanned, none.failed, none.errors) == (0, 0, 0)


def test_the_same_topology_is_swept_once() -> None:
    topology = twin(TIGHT).topology
    first = swept(topology, "backbone", ("Link",), 1.0)
    assert swept(topology, "backbone", ("Link",), 1.0) is first
    assert swept(topology, "backbone", ("Node",), 1.0) is not first


def test_evidence_is_bounded() -> None:
    wide = ring("abcdefghijklmnopqrstuvwxyz", demand("a", "n", 9e9))
    seen = only(look(watch(inspections=[contingency(maximumUtilisation=0.5)]), twin(wide)))
    assert len(seen.evidence) == 12 + 12 + 1
