"""Whether people took the steps of a plan for a network, and what came of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.prediction import Prediction
from forestall.planning.networks import Judged
from forestall.planning.standings import outdated, realised
from forestall.twin.analyses.edits import MoveDemand, RemoveLink, SetMetric, TakeOut, edited
from forestall.twin.topology import DEMAND, LINK, Demand, Topology
from forestall.twin.views import Snapshot
from tests.unit.planning.networked import CABLE, DEMANDED, FAN, asked, branch, drained, metrics, moved, rehomed
from tests.unit.twin.networks import A, C, D, cable, demand, platform
from tests.unit.twin.objects import live


def predicted(answer: Judged) -> Prediction:
    return Prediction(snapshot_id="", ready_pods=0, nodes=0, caveat="", network=answer.prediction)


def snapshot(topology: Topology, **loads: str) -> Snapshot:
    twin = live([])
    twin.declare(topology)
    twin.set_loads({Key(LINK, "backbone", name.replace("_", "-")): Decimal(value) for name, value in loads.items()})
    return twin.snapshot()


PREDICTION = predicted(metrics(a_b=2))
DONE = edited(FAN, [SetMetric(CABLE, 2)])
OFFICE = branch(6e9)
RAISED = edited(OFFICE, [SetMetric(CABLE, 65_535), SetMetric(cable("b", "a"), 65_535)])
OUT = edited(RAISED, [TakeOut(CABLE)])
DRAIN = predicted(drained(OFFICE))
MOVE = predicted(moved(OFFICE, target=C))
MOVED = edited(OFFICE, [MoveDemand(DEMANDED, A, C)])


@pytest.mark.parametrize(("prediction", "now"), [(PREDICTION, FAN), (DRAIN, OFFICE), (DRAIN, RAISED), (MOVE, OFFICE)])
def test_a_change_that_nobody_has_carried_out_whole_is_not_scored(prediction: Prediction, now: Topology) -> None:
    assert realised(prediction, asked("Node", "Link"), snapshot(now)) is None
    assert not outdated(prediction, snapshot(now))


def test_what_is_no_plan_for_a_network_or_of_no_inspection_of_one_is_not_scored() -> None:
    assert realised(None, asked(), snapshot(DONE)) is None
    assert realised(PREDICTION.model_copy(update={"network": None}), asked(), snapshot(DONE)) is None
    assert realised(PREDICTION, None, snapshot(DONE)) is None


@pytest.mark.parametrize(
    ("prediction", "scopes", "now"),
    [
        (PREDICTION, ["Link"], DONE),
        (DRAIN, ["Node", "Link"], OUT),
        (DRAIN, ["Node", "Link"], edited(RAISED, [TakeOut(cable("b", "a"))])),
        (MOVE, ["Link"], MOVED),
    ],
)
def test_a_change_that_people_have_carried_out_is_held_against_the_network(
    prediction: Prediction, scopes: list[str], now: Topology
) -> None:
    score = realised(prediction, asked(*scopes), snapshot(now))
    assert score is not None
    assert (score.matched, score.total, score.error, score.message) == (3, 3, Decimal(0), "")


def test_a_demand_that_is_measured_has_moved_once_it_is_measured_elsewhere() -> None:
    renamed = replace(MOVED.demands[DEMANDED], key=Key(DEMAND, "", "measured/backbone/a/c"))
    rest = {key: one for key, one in MOVED.demands.items() if key != DEMANDED}
    now = replace(MOVED, demands={**rest, renamed.key: renamed})
    assert realised(MOVE, asked(), snapshot(now)) is not None
    assert outdated(MOVE, snapshot(replace(MOVED, demands=rest)))


def homing(left: int, arrived: int, *more: Demand) -> Topology:
    """Three demands that were homed at a, from b, some of them left there, and others arrived at d."""
    flows = [demand("b", end, 1e9) for end in "a" * left + "d" * arrived]
    named = [replace(one, key=Key(DEMAND, "", f"flow-{number}")) for number, one in enumerate(flows)]
    return replace(OFFICE, demands={one.key: one for one in (*named, *more)})


HOMING = predicted(rehomed(homing(3, 0, demand("a", "d", 1e9))))


@pytest.mark.parametrize(
    ("now", "ended", "stale"),
    [
        (homing(3, 0), False, False),
        (homing(1, 2), False, False),
        (homing(0, 3), True, False),
        (homing(0, 3, demand("a", "d", 1e9)), True, False),
        (homing(0, 1), True, False),
        (homing(4, 0), False, True),
        (homing(0, 0), False, True),
        (homing(0, 0, demand("a", "d", 1e9)), False, True),
    ],
    ids=["as it was", "under way", "moved", "moved but for some between", "come together", "more", "gone", "between"],
)
def test_what_is_homed_at_a_node_has_moved_once_none_is_left_there_and_the_new_home_has_some(
    now: Topology, ended: bool, stale: bool
) -> None:
    assert (realised(HOMING, asked(), snapshot(now)) is not None) is ended
    assert outdated(HOMING, snapshot(now)) is stale


def test_who_moves_all_to_the_new_home_and_removes_the_old_one_has_done_it() -> None:
    now = homing(0, 3)
    kept = {key: one for key, one in now.nodes.items() if key != A}
    links = {key: one for key, one in now.links.items() if "a" not in (one.tail, one.head)}
    assert realised(HOMING, asked(), snapshot(replace(now, nodes=kept, links=links))) is not None


@pytest.mark.parametrize(("load", "matched", "error"), [("0.42", 3, "0.02"), ("0.9", 2, "0.5")])
def test_what_is_measured_counts_before_what_is_computed(load: str, matched: int, error: str) -> None:
    fullest = metrics(a_b=2).prediction.after.link.replace("-", "_")
    score = realised(PREDICTION, asked(), snapshot(DONE, **{fullest: load}))
    assert score is not None
    assert (score.matched, score.error) == (matched, Decimal(error))
    assert bool(score.message) == (matched < 3)


def test_more_traffic_than_foreseen_shows_in_the_score() -> None:
    more = DONE.with_demands([demand("a", "b", 33e9)])
    score = realised(PREDICTION, asked(), snapshot(more))
    assert score is not None
    assert score.matched == 1
    assert "losses that fail it: predicted 0, is" in score.message


@pytest.mark.parametrize(("metric", "expected"), [(1, False), (2, False), (7, True), (None, True)])
def test_a_plan_is_outdated_once_a_link_has_another_metric_or_is_gone(metric: int | None, expected: bool) -> None:
    now = edited(FAN, [RemoveLink(CABLE) if metric is None else SetMetric(CABLE, metric)])
    assert outdated(PREDICTION, snapshot(now)) is expected
    assert not outdated(None, snapshot(now))


def test_a_plan_is_outdated_once_something_is_out_of_service_that_was_to_be_drained() -> None:
    assert outdated(DRAIN, snapshot(edited(OFFICE, [TakeOut(CABLE)])))
    assert outdated(DRAIN, snapshot(edited(OFFICE, [SetMetric(CABLE, 65_535), TakeOut(CABLE)])))
    assert not outdated(DRAIN, snapshot(OUT))


def test_a_plan_is_outdated_once_a_demand_goes_elsewhere_than_before_and_after() -> None:
    assert outdated(MOVE, snapshot(edited(OFFICE, [MoveDemand(DEMANDED, A, D)])))


def test_a_plan_for_a_network_that_is_gone_is_outdated() -> None:
    for prediction in (PREDICTION, DRAIN, MOVE, HOMING):
        assert outdated(prediction, snapshot(platform({"host": "a"})))
