"""The demonstration takes nothing for shown that is not said in so many words."""

from typing import Any

import pytest

from forestall.api.finding import Finding
from forestall.api.networkplan import MetricChange
from forestall.api.remediationplan import RemediationPlan
from forestall.twin.formats import load
from tests.unit.tools.demo import bodies
from tools.demo.twin.readings import Objection, fact, objection, proved, with_metrics
from tools.demo.twin.stage import NETWORK, TOPOLOGY
from tools.demo.waiting import Stuck

WHY = (
    "link west-north carries 1.0500 of its capacity when link/city/east-market is lost, "
    "with link east-north: metric 10 -> 40, link west-east: metric 10 -> 7"
)


def plan(**status: Any) -> RemediationPlan:
    return RemediationPlan.model_validate(bodies.plan("Proposed", **status))


def candidate(verdict: str, why: str = "") -> dict[str, Any]:
    return {
        "runbook": "retune",
        "verdict": verdict,
        "resolves": False,
        "broken": 1,
        "affectedServices": 0,
        "counterexample": why,
    }


def found(*evidence: dict[str, Any]) -> Finding:
    body = bodies.finding()
    body["status"]["evidence"] = [{"source": "works/twin", **one} for one in evidence]
    return Finding.model_validate(body)


def test_what_speaks_against_a_change_is_read_with_the_change() -> None:
    read = objection(plan(candidates=[candidate("Chosen"), candidate("Rejected", WHY)]))
    assert read == Objection("west-north", 1.05, "east-market", (("east-north", 40), ("west-east", 7)))


@pytest.mark.parametrize(
    "candidates",
    [
        [candidate("Chosen")],
        [candidate("Accepted", WHY)],
        [candidate("Rejected", "goal clinic becomes NotFulfilled when link/city/east-market is lost")],
        [candidate("Rejected", WHY.partition(", with")[0])],
    ],
)
def test_no_other_candidate_counts_as_one_that_would_overload_a_link(candidates: list[dict[str, Any]]) -> None:
    with pytest.raises(Stuck, match="no candidate was rejected because it would overload a link"):
        objection(plan(candidates=candidates))


def test_a_fact_is_evidence_with_a_value() -> None:
    told = found({"message": "without a"}, {"message": "without b: demand", "value": "3000000000"})
    assert fact(told, "without b") == "without b: demand: 3,000,000,000.00"
    with pytest.raises(Stuck, match="does not say 'without a'"):
        fact(told, "without a")


def test_a_document_has_other_metrics_afterwards_and_is_else_as_it_was() -> None:
    text = (TOPOLOGY / NETWORK).read_text()
    changed = with_metrics(text, [MetricChange(link="east-north", before=10, after=40)])
    before, after = (load(each, source=NETWORK).topology for each in (text, changed))
    assert {key.name: one.metric for key, one in after.links.items() if one != before.links[key]} == {"east-north": 40}
    assert (after.demands, after.groups) == (before.demands, before.groups)
    with pytest.raises(KeyError, match="nowhere"):
        with_metrics(text, [MetricChange(link="nowhere", before=1, after=2)])


def test_a_prediction_that_came_true_is_proved() -> None:
    proved(plan(score={"matched": 3, "total": 3}))


@pytest.mark.parametrize("score", [None, {"matched": 0, "total": 0}, {"matched": 2, "total": 3, "message": "too full"}])
def test_no_other_one_is(score: dict[str, Any] | None) -> None:
    with pytest.raises(Stuck, match="did not come true"):
        proved(plan(**({"score": score} if score else {})))
