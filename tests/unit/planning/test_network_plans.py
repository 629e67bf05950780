"""Plans for networks: proposed where they resolve a finding and leave nothing worse, and never more than proposed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from forestall.api.base import Key
from forestall.api.inspectionpolicy import InspectionPolicy, Mode
from forestall.api.runbook import BY_PEOPLE
from forestall.planning import network_outcomes
from forestall.planning.networks import told
from forestall.planning.propose import Nothing, Proposal, propose
from forestall.planning.runbooks import reach
from forestall.planning.simulate import Simulated, examine
from forestall.twin.analyses.edits import SetMetric, TakeOut, edited
from forestall.twin.topology import GROUP, RiskGroup, Topology
from tests.unit.inspection.networked import reachable, twin
from tests.unit.inspection.scenes import NOW
from tests.unit.planning.networked import HUBS, about_works, branch, finding, option, tried, watch, works
from tests.unit.planning.objects import runbook
from tests.unit.twin.networks import A, B, C, D, cable, demand, fan, link, platform, ring
from tests.unit.twin.objects import nodes, web

FAN = fan(12e9)
OFFICE = branch(6e9)
RUNBOOKS = {one.metadata.name: one for one in map(runbook, BY_PEOPLE)}
NO_LOSSES = "the finding is from no inspection of contingencies or maintenance, and about no goal capacity"


def proposed(topology: Topology, policy: InspectionPolicy) -> Proposal | Nothing:
    view = twin(topology)
    return propose(
        policy,
        finding(policy, view),
        [],
        proposer="forestall",
        runbooks=RUNBOOKS,
        snapshot=view,
        measurements={},
        now=NOW + timedelta(seconds=1),
    )


def planned(topology: Topology, policy: InspectionPolicy) -> Simulated:
    """The candidate that is planned."""
    answer = proposed(topology, policy)
    assert isinstance(answer, Proposal), answer
    [chosen] = [one for one in answer.simulated if one.candidate.verdict == "Chosen"]
    return chosen


def changes(one: Simulated) -> list[str]:
    assert one.prediction.network is not None
    return told(one.prediction.network.changes).splitlines()


def against(topology: Topology, policy: InspectionPolicy, effect: str, **given: object) -> str:
    """What speaks against the effect's runbook, which must be rejected."""
    candidate = tried(policy, twin(topology), effect, **given).candidate
    assert candidate.verdict == "Rejected"
    return candidate.counterexample


# Other metrics.


def test_a_change_of_metrics_that_resolves_the_finding_is_planned_for_the_twin() -> None:
    chosen = planned(FAN, watch())
    assert (chosen.candidate.runbook, chosen.candidate.resolves) == ("retune", True)
    assert {item.name: item.value for item in chosen.candidate.parameters} == {"changes": "4"}
    assert changes(chosen) == ["1. link a-b: metric 1 -> 2"]
    assert {goal.name: (goal.before, goal.after) for goal in chosen.prediction.goals} == {
        "room": ("NotFulfilled", "Fulfilled")
    }


def test_doing_nothing_has_no_figures_of_a_network() -> None:
    view, policy = twin(FAN), watch()
    [nothing] = examine(policy, view, {}, finding(policy, view), options=[])
    assert nothing.prediction.network is None


def test_where_no_metric_helps_nothing_is_planned_and_the_reason_is_told() -> None:
    answer = proposed(fan(12e9, ""), watch())
    assert isinstance(answer, Nothing)
    assert "no change of 4 metrics carries more" in answer.reason


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """What the search for metrics finds: another one for the cable from a to b."""
    return lambda metric: monkeypatch.setattr(network_outcomes, "searched", lambda *_: {cable("a", "b"): metric})


def test_a_change_that_is_worse_after_some_loss_is_rejected_with_it(searched: Callable[[int], None]) -> None:
    searched(9)
    candidate = tried(watch(), twin(fan(12e9)), "SetMetrics", changes=4).candidate
    assert candidate.verdict == "Rejected"
    said, _, change = candidate.counterexample.partition(", with ")
    assert said == "link a-d carries 1.2000 of its capacity when link/backbone/a-c is lost"
    assert change == "link a-b: metric 1 -> 9"


def test_metrics_for_a_window_are_those_that_suit_the_network_inside_it() -> None:
    # A third goes over a-b, c and d; while d is out, c must not be lost unless e helps.
    metrics = [SetMetric(cable("a", "b"), 2), SetMetric(cable("a", "e"), 9)]
    chosen = planned(edited(fan(12e9, "cde").plus(works(D)), metrics), about_works(Maintenance="retune"))
    assert chosen.candidate.resolves
    assert changes(chosen) == ["1. link a-e: metric 9 -> 1"]


# Elements taken out once their traffic has left.


def test_a_window_that_adds_no_risk_of_its_own_is_drained_and_begun() -> None:
    chosen = planned(OFFICE, about_works(reachable("b")))
    assert (chosen.candidate.runbook, chosen.candidate.resolves) == ("drain-traffic", True)
    assert changes(chosen) == [
        "1. link a-b: metric 1 -> 65535",
        "1. link b-a: metric 1 -> 65535",
        "2. link/backbone/a-b: Up -> Down",
        "2. link/backbone/b-a: Up -> Down",
    ]
    network = chosen.prediction.network
    assert network is not None
    figures = (network.before, network.during, network.after)
    assert [(one.failing, str(one.utilisation)) for one in figures] == [(2, "0.7000"), (2, "0.3500"), (2, "0.3500")]
    assert {goal.name: goal.after for goal in chosen.prediction.goals} == {"reach": "Fulfilled"}


def test_a_window_inside_which_one_more_loss_costs_demand_is_not_drained() -> None:
    lost = "demand has no way when networkNode/backbone/c is lost"
    assert against(branch(6e9, "c"), about_works(reachable("b")), "DrainTraffic") == lost


def test_a_window_inside_which_one_more_loss_overloads_a_link_is_not_drained() -> None:
    full = "after step 1 of 2, link a-d carries 1.0500 of its capacity when networkNode/backbone/c is lost"
    assert against(branch(9.5e9), about_works(reachable("b")), "DrainTraffic") == full


def test_traffic_that_does_not_leave_speaks_against_a_drain_first() -> None:
    stays = "1 Gbit/s of traffic stay on link e-a: "
    assert against(OFFICE, about_works(), "DrainTraffic", element="link/backbone/a-e").startswith(stays)
    shared = "2.33 Gbit/s of traffic stay on link a-b: "
    assert against(OFFICE, about_works(), "DrainTraffic", metric=2).startswith(shared)


def test_any_element_can_be_named_in_place_of_the_window() -> None:
    for name, line in [
        ("networkNode/backbone/c", "2. networkNode/backbone/c: Up -> Down"),
        ("link/backbone/b-d", "2. link/backbone/b-d: Up -> Down"),
    ]:
        one = tried(about_works(), twin(OFFICE), "DrainTraffic", element=name)
        assert (one.candidate.verdict, one.candidate.resolves) == ("Accepted", False), "the window is still ahead"
        assert line in changes(one)
    whole = tried(about_works(), twin(OFFICE), "DrainTraffic", element="riskGroup/works")
    assert (whole.candidate.verdict, whole.candidate.resolves) == ("Chosen", True)


def test_a_finding_about_losses_has_no_window_and_the_element_must_be_named() -> None:
    policy = watch(inspection=None, Contingency="drain-traffic")
    assert "name an element as findings do" in against(FAN, policy, "DrainTraffic")
    assert "the twin has no link/backbone/x" in against(FAN, policy, "DrainTraffic", element="link/backbone/x")


def test_a_group_of_what_no_network_has_cannot_be_drained() -> None:
    hosts = RiskGroup(key=Key(GROUP, "", "hosts"), cause="zone", members=(Key("Node", "", "worker-1"),))
    given = OFFICE.plus(Topology.of(groups=[hosts]))
    why = "riskGroup/hosts has no node or link of a network"
    assert against(given, about_works(), "DrainTraffic", element="riskGroup/hosts") == why


def test_a_window_is_found_whatever_the_network_and_the_window_are_called() -> None:
    for name in ("works/1", "w" * 253):
        group = RiskGroup(key=Key(GROUP, "", name), cause="maintenance", members=(C,))
        given = replace(OFFICE, groups={group.key: group})
        assert "2. networkNode/backbone/c: Up -> Down" in changes(planned(given, about_works(reachable("b"))))


def test_what_is_out_of_service_needs_no_drain() -> None:
    out = edited(OFFICE, [TakeOut(cable("a", "b")), TakeOut(cable("b", "a"))])
    assert against(out, about_works(), "DrainTraffic") == "all of riskGroup/works is out of service already"


def test_what_of_a_window_is_out_already_is_left_alone() -> None:
    given = edited(replace(fan(6e9), groups=works(C, D).groups), [TakeOut(C)])
    one = tried(about_works(), twin(given), "DrainTraffic")
    assert [line for line in changes(one) if line.startswith("2.")] == ["2. networkNode/backbone/d: Up -> Down"]
    assert not any("-c:" in line for line in changes(one))


def test_pods_go_with_the_routers_that_they_rest_on() -> None:
    hosts = platform({"worker-1": "c"})
    given = OFFICE.plus(hosts)
    objects = [*nodes("worker-1"), *web("worker-1")]
    policy = about_works({"name": "web", "available": {"service": "web", "minReady": 1}})
    view = twin(given, objects)
    one = tried(policy, view, "DrainTraffic", element="networkNode/backbone/c")
    assert one.candidate.counterexample == "goal web becomes NotFulfilled"


# Demands served from elsewhere.

TIGHT = ring("abcd", demand("a", "b", 7e9), demand("a", "c", 4e9))
"""Without a-b, 11 of 10 Gbit/s go the other way round; served from b, those for c go against them."""
CROWDED = fan(9.5e9).plus(Topology.of(demands=[demand("a", "d", 1e9)])).plus(works(cable("a", "b"), cable("b", "a")))
"""While a-b is out, 10.5 of 10 Gbit/s leave a for d if c is lost; served from b, those for d go against them."""


def test_a_demand_that_is_served_from_elsewhere_resolves_what_its_traffic_brings_about() -> None:
    one = tried(watch(), twin(TIGHT), "MoveDemand", demand="a>c", source="b")
    assert (one.candidate.verdict, one.candidate.resolves) == ("Chosen", True)
    assert changes(one) == ["1. demand a>c: a to c -> b to c"]
    assert {goal.name: (goal.before, goal.after) for goal in one.prediction.goals} == {
        "room": ("Fulfilled", "Fulfilled")
    }


def test_a_demand_that_is_moved_before_a_window_resolves_what_would_come_inside_it() -> None:
    one = tried(about_works(), twin(CROWDED), "MoveDemand", demand="a>d", source="b")
    assert (one.candidate.verdict, one.candidate.resolves) == ("Chosen", True)


def test_a_demand_that_would_fill_a_link_is_not_moved() -> None:
    worse = "link a-b carries 1.1000 of its capacity"
    assert against(TIGHT, watch(), "MoveDemand", demand="a>c", target="b") == worse


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"demand": "a>x", "target": "b"}, "network backbone has no demand a>x"),
        ({"demand": "a>c", "target": "x"}, "network backbone has no node x"),
        ({"demand": "a>c"}, "demand a>c begins and ends there already: name another node"),
        ({"demand": "a>c", "target": "c"}, "demand a>c begins and ends there already: name another node"),
        ({"demand": "a>c", "target": "a"}, "demand a>c would begin and end at one node"),
        ({"demand": "a>c\u202e", "target": "b"}, "holds control or invisible characters"),
    ],
)
def test_what_cannot_be_moved_is_told(given: dict[str, str], why: str) -> None:
    assert why in against(TIGHT, watch(), "MoveDemand", **given)


# Another home for all that is homed at a node.

SINGLE = {"name": "spof", "singlePointOfFailure": {"scope": "NetworkLink"}}


@pytest.mark.parametrize("policy", [watch(), watch(inspection=SINGLE)])
def test_a_new_home_for_what_is_homed_at_a_node_resolves_what_its_traffic_brings_about(
    policy: InspectionPolicy,
) -> None:
    one = tried(policy, twin(HUBS), "ReHome", node="d", home="b")
    assert (one.candidate.verdict, one.candidate.resolves) == ("Chosen", True)
    assert changes(one) == ["1. 2 demands, 5 Gbit/s: homed at d -> b"]
    assert {key.name: (ends.source, ends.target) for key, ends in one.potential.topology.demands.items()} == {
        "a>b": (A, B),
        "d>c": (B, C),
        "c>d": (C, B),
    }


def test_a_new_home_that_the_ladder_names_is_planned_for_the_twin() -> None:
    policy = watch(inspection=SINGLE, SinglePointOfFailure="re-home").to_json()
    [rung] = policy["spec"]["responses"][0]["ladder"]
    rung["parameters"] = [{"name": "node", "value": "d"}, {"name": "home", "value": "b"}]
    chosen = planned(HUBS, InspectionPolicy.model_validate(policy))
    assert (chosen.candidate.runbook, chosen.candidate.resolves) == ("re-home", True)


def test_a_new_home_before_a_window_resolves_what_would_come_inside_it() -> None:
    one = tried(about_works(), twin(CROWDED), "ReHome", node="a", home="b")
    assert (one.candidate.verdict, one.candidate.resolves) == ("Chosen", True)
    assert changes(one) == ["1. 1 demand, 1 Gbit/s: homed at a -> b; staying between them: 1 demand"]


def test_a_single_point_of_failure_of_a_network_is_planned_for_as_other_losses_are() -> None:
    thin = fan(9e9).with_links([link("a", "c", capacity=4e9)])
    chosen = planned(thin, watch(inspection=SINGLE, SinglePointOfFailure="retune"))
    assert (chosen.candidate.runbook, chosen.candidate.resolves) == ("retune", True)
    assert changes(chosen) == ["1. link a-c: metric 1 -> 2"]


def test_a_single_point_of_failure_that_traffic_does_not_decide_is_not_answered() -> None:
    policy = watch(reachable("b"), inspection=SINGLE)
    assert against(fan(1e9, ""), policy, "ReHome", node="a", home="b") == NO_LOSSES


def test_a_home_that_has_no_room_is_rejected_with_the_link() -> None:
    full = "link a-b carries 1.1000 of its capacity"
    assert against(TIGHT, watch(), "ReHome", node="c", home="b") == full


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"node": "x", "home": "b"}, "network backbone has no node x"),
        ({"node": "a", "home": "x"}, "network backbone has no node x"),
        ({"node": "a", "home": ""}, "'' does not match .+"),
        ({"node": "a"}, "missing, and it has no default"),
        ({"node": "a", "home": "a"}, "a cannot be a new home for what is homed there: name another node"),
        ({"node": "d", "home": "b"}, "nothing that is homed at d can be homed at b"),
        ({"node": "a", "home": "b\u202e"}, "holds control or invisible characters"),
    ],
)
def test_what_cannot_get_another_home_is_told(given: dict[str, str], why: str) -> None:
    assert why in against(TIGHT, watch(), "ReHome", **given)


# All of them.


@pytest.mark.parametrize(("effect", "given"), [("DrainTraffic", {}), ("SetMetrics", {"changes": 4})])
def test_a_finding_that_is_about_no_losses_of_a_network_is_not_answered(effect: str, given: dict[str, object]) -> None:
    policy, view = about_works(), twin(OFFICE)
    of = finding(policy, view)
    other = watch(inspection={"name": "works", "singlePointOfFailure": {"scope": "NetworkNode"}})
    candidate = examine(other, view, {}, of, options=[option(of, effect, **given)])[1].candidate
    assert candidate.counterexample == NO_LOSSES


@pytest.mark.parametrize("effect", BY_PEOPLE)
@pytest.mark.parametrize(("mode", "expected"), [("Observe", "Observe"), ("Propose", "Propose"), ("Open", "Propose")])
def test_what_people_carry_out_is_no_more_than_proposed(mode: Mode, expected: Mode, effect: str) -> None:
    assert reach(mode, runbook(effect).spec) == expected
    assert reach(mode, runbook("SetReplicas").spec) == mode
