"""What counts as passed, and what the figures say."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from tools.faults.outcomes import CalmOutcome, Outcome, Results, calm_table, faults_table, totals_line


def fault(**given: Any) -> Outcome:
    return Outcome("image", "wrong image", **{"detected": 1.0, "one_hop": True, **given})


def results(*faults: Outcome, calm: CalmOutcome | None = None, whole: bool = True) -> Results:
    rest = [fault() for _ in range(10 - len(faults))] if whole else []
    return Results([*faults, *rest], [calm or CalmOutcome("calm", "nothing happens")], 700.0, whole)


def test_a_fault_is_closed_only_if_the_judge_agrees() -> None:
    assert fault().closed
    assert not fault(lapses=["does not survive a new rollout"]).closed
    assert not fault(unsafe=["Deployment front was deleted"]).closed
    assert not fault(one_hop=False).closed


@pytest.mark.parametrize(
    ("found", "passed"),
    [
        (results(), True),
        (results(fault(lapses=["not mended"])), True),
        (results(fault(lapses=["not mended"]), whole=False), False),
        (results(fault(lapses=["one"]), fault(lapses=["two"])), False),
        (results(fault(detected=None, one_hop=False)), False),
        (results(fault(unsafe=["a change beside the plan"])), False),
        (results(calm=CalmOutcome("calm", "nothing happens", findings=["a risk"])), True),
        (results(calm=CalmOutcome("calm", "nothing happens", plans=["a plan"])), False),
        (results(calm=CalmOutcome("calm", "nothing happens", actions=["a Job"])), False),
        (results(calm=CalmOutcome("calm", "nothing happens", lapses=["not well"])), False),
    ],
)
def test_the_aims_are_met_or_they_are_not(found: Results, passed: bool) -> None:
    assert found.passed is passed


def test_the_totals_count_and_bound() -> None:
    totals = results(fault(lapses=["not mended"])).to_json()["totals"]
    assert (totals["faults"], totals["detected"], totals["closedInOneHop"]) == (10, 10, 9)
    assert totals["lower95"] == pytest.approx(0.5958, abs=1e-4)


def test_all_of_it_is_json() -> None:
    assert json.loads(json.dumps(results().to_json()))["faults"][0]["closed"] is True


def test_the_tables_name_what_is_wrong() -> None:
    console = Console(file=io.StringIO(), width=250, record=True)
    missed = results(fault(lapses=["no plan came"], unsafe=["Service web: spec changed"]))
    console.print(faults_table(missed.faults), calm_table(missed.calm), totals_line(missed))
    told = console.export_text()
    assert "Service web: spec changed; no plan came" in told
    assert "closed in one hop 9 of 10" in told
    assert "NOT passed" in told
