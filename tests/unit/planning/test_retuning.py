"""Metrics of links as a remedy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.networkpolicy import ContingencyInspection
from forestall.api.prediction import Prediction
from forestall.inspection.sweeps import swept
from forestall.planning.retuning import Retuned, outdated, realised, retuned, told
from forestall.twin.analyses.edits import RemoveLink, edited
from forestall.twin.topology import LINK, Topology
from forestall.twin.views import Snapshot
from tests.unit.twin.networks import cable, demand, fan, link
from tests.unit.twin.objects import live

FAN = fan(12e9)
"""12 of 10 Gbit/s over the cable from a to b, which with a metric of 2 would share with two other ways."""


def asked(*scopes: str, limit: float = 1.0) -> ContingencyInspection:
    given = {"network": "backbone", "scopes": scopes or ("Link",), "maximumUtilisation": limit}
    return ContingencyInspection.model_validate(given)


def found(topology: Topology, *scopes: str, most: int = 4, limit: float = 1.0) -> Retuned:
    answer = retuned(topology, asked(*scopes, limit=limit), most)
    assert isinstance(answer, Retuned), answer
    return answer


def applied(topology: Topology, metrics: dict[Key, int]) -> Topology:
    return topology.with_links(replace(topology.links[key], metric=metric) for key, metric in metrics.items())


def test_a_full_link_is_relieved_by_as_few_metrics_as_do() -> None:
    answer = found(FAN)
    assert answer.metrics == {cable("a", "b"): 2}
    assert answer.counterexample == ""
    [change] = answer.prediction.changes
    assert (change.link, change.before, change.after) == ("a-b", 1, 2)
    before, after = answer.prediction.before, answer.prediction.after
    assert (before.link, before.utilisation, before.losses) == ("a-b", Decimal("1.2"), 5)
    assert (after.utilisation, after.failing) == (Decimal("0.4"), 0)
    assert answer.prediction.topology_id == FAN.id
    assert answer.prediction.caveat.startswith("Routes are shortest paths")


def test_what_it_says_of_the_end_is_what_the_network_then_does() -> None:
    answer = found(FAN)
    after = swept(applied(FAN, dict(answer.metrics)), "backbone", ("Link",), 1.0)
    assert not isinstance(after, str)
    assert (after.today.overloaded, after.counts.failed) == ((), answer.prediction.after.failing)
    assert answer.prediction.after.worst[0].utilisation == Decimal(after.worst[0].utilisation).quantize(
        Decimal("0.0001")
    )


def test_the_worst_state_on_the_way_is_told_with_one_more_loss_in_it() -> None:
    # Both ways round are needed: the metrics of two cables, one after the other.
    answer = found(fan(28e9, "cde").with_links([link("a", "c", metric=5)]), most=8)
    assert len(answer.prediction.changes) > 1
    assert answer.prediction.during.losses == answer.prediction.before.losses
    assert answer.prediction.during.utilisation >= answer.prediction.after.utilisation


def test_metrics_that_have_something_in_common_keep_it() -> None:
    tens = FAN.with_links(replace(one, metric=10 * one.metric) for one in FAN.links.values())
    assert found(tens).metrics == {cable("a", "b"): 20}


def test_where_no_metric_helps_that_is_said() -> None:
    assert retuned(fan(12e9, ""), asked(), 4) == "no change of 4 metrics carries more"
    elsewhere = asked().model_copy(update={"network": "x"})
    assert (
        retuned(FAN, elsewhere, 4)
        == "network x cannot be retuned: x is not in the twin: give it a document or mend the inspection"
    )


def test_a_way_that_leads_in_one_direction_only_stays_so() -> None:
    one_way = edited(FAN, [RemoveLink(cable("b", "c"))])
    answer = found(one_way)
    assert set(answer.metrics) <= set(one_way.links)
    after = swept(applied(one_way, dict(answer.metrics)), "backbone", ("Link",), 1.0)
    assert not isinstance(after, str)
    assert after.today.overloaded == ()


def test_the_same_question_has_the_same_answer_and_is_asked_once() -> None:
    first = found(FAN)
    assert found(FAN) is first
    assert found(fan(12e9)).metrics == first.metrics


def test_changes_are_told_line_by_line() -> None:
    prediction = Prediction(snapshot_id="", ready_pods=0, nodes=0, caveat="", network=found(FAN).prediction)
    assert told(prediction) == "link a-b: metric 1 -> 2"
    assert told(prediction.model_copy(update={"network": None})) == ""


def snapshot(topology: Topology, **loads: str) -> Snapshot:
    twin = live([])
    twin.declare(topology)
    twin.set_loads({Key(LINK, "backbone", name.replace("_", "-")): Decimal(value) for name, value in loads.items()})
    return twin.snapshot()


PREDICTION = Prediction(snapshot_id="", ready_pods=0, nodes=0, caveat="", network=found(FAN).prediction)
DONE = applied(FAN, {cable("a", "b"): 2})


def test_a_change_that_nobody_has_carried_out_is_not_scored() -> None:
    assert realised(PREDICTION, asked(), snapshot(FAN)) is None
    assert realised(None, asked(), snapshot(DONE)) is None
    assert realised(PREDICTION, None, snapshot(DONE)) is None


def test_a_change_that_people_have_carried_out_is_held_against_the_network() -> None:
    score = realised(PREDICTION, asked(), snapshot(DONE))
    assert score is not None
    assert (score.matched, score.total, score.error, score.message) == (3, 3, Decimal(0), "")


@pytest.mark.parametrize(("load", "matched", "error"), [("0.42", 3, "0.02"), ("0.9", 2, "0.5")])
def test_what_is_measured_counts_before_what_is_computed(load: str, matched: int, error: str) -> None:
    fullest = found(FAN).prediction.after.link.replace("-", "_")
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
    key = cable("a", "b")
    now = edited(FAN, [RemoveLink(key)]) if metric is None else applied(FAN, {key: metric})
    assert outdated(PREDICTION, snapshot(now)) is expected
    assert not outdated(None, snapshot(now))
