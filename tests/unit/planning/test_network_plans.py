"""Plans for networks: proposed where they resolve a finding and leave nothing worse, and never more than proposed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy, Mode
from forestall.api.remediationplan import Candidate
from forestall.inspection.inspect import inspect
from forestall.planning import retuning
from forestall.planning.propose import Nothing, Proposal, propose
from forestall.planning.runbooks import reach
from forestall.planning.simulate import Option, Simulated, examine
from forestall.planning.targets import key_of
from forestall.ports import Json
from forestall.twin.topology import Topology
from forestall.twin.views import Snapshot
from tests.unit.inspection.networked import capacity, contingency, twin
from tests.unit.inspection.scenes import NOW
from tests.unit.planning.objects import runbook
from tests.unit.twin.networks import cable, fan

RETUNE = runbook("SetMetrics")
FAN = fan(12e9)


def watch(*goals: Json, mode: str = "Open") -> InspectionPolicy:
    response = {"name": "ways", "match": {"types": ["Contingency"]}, "mode": mode, "ladder": [{"runbook": "retune"}]}
    spec = {
        "twinRef": {"name": "cluster"},
        "goals": goals,
        "inspections": [contingency("Link")],
        "responses": [response],
    }
    return InspectionPolicy.model_validate({"metadata": {"name": "watch", "namespace": "shop"}, "spec": spec})


def finding(policy: InspectionPolicy, view: Snapshot) -> Finding:
    """The finding of the policy on that view, as it is raised."""
    [seen] = inspect(policy, view, {}, {}, NOW).observations
    return Finding.model_validate(
        {
            "metadata": {"name": seen.spec.object_name, "namespace": "shop"},
            "spec": seen.spec.to_json(),
            "status": {"class": "Problem", "detectedAt": NOW, "targets": [one.to_json() for one in seen.targets]},
        }
    )


def proposed(topology: Topology = FAN, *goals: Json, mode: str = "Open") -> Proposal | Nothing:
    policy, view = watch(*(goals or (capacity(),)), mode=mode), twin(topology)
    return propose(
        policy,
        finding(policy, view),
        [],
        proposer="forestall",
        runbooks={"retune": RETUNE},
        snapshot=view,
        measurements={},
        now=NOW + timedelta(seconds=1),
    )


def tried(topology: Topology = FAN) -> list[Simulated]:
    policy, view = watch(capacity()), twin(topology)
    found = finding(policy, view)
    option = Option(RETUNE, key_of(found.status.targets[0]))
    return list(examine(policy, view, {}, found, options=[option]))


def own(topology: Topology = FAN) -> Candidate:
    return tried(topology)[1].candidate


def test_a_change_of_metrics_that_resolves_the_finding_is_planned_for_the_twin() -> None:
    answer = proposed()
    assert isinstance(answer, Proposal)
    assert answer.runbook_ref.name == "retune"
    assert {item.name: item.value for item in answer.parameters} == {"changes": "4"}
    [chosen] = [one for one in answer.simulated if one.candidate.verdict == "Chosen"]
    assert chosen.candidate.resolves
    network = chosen.prediction.network
    assert network is not None
    assert [(one.link, one.after) for one in network.changes] == [("a-b", 2)]
    assert {goal.name: (goal.before, goal.after) for goal in chosen.prediction.goals} == {
        "room": ("NotFulfilled", "Fulfilled")
    }


def test_doing_nothing_has_no_figures_of_a_network() -> None:
    assert tried()[0].prediction.network is None


def test_where_no_metric_helps_nothing_is_planned_and_the_reason_is_told() -> None:
    answer = proposed(fan(12e9, ""))
    assert isinstance(answer, Nothing)
    assert "no change of 4 metrics carries more" in answer.reason


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """What the search for metrics finds: another one for the cable from a to b."""
    return lambda metric: monkeypatch.setattr(retuning, "_searched", lambda *_: {cable("a", "b"): metric})


def test_a_change_that_is_worse_after_some_loss_is_rejected_with_it(searched: Callable[[int], None]) -> None:
    searched(9)
    candidate = own(fan(12e9))
    assert candidate.verdict == "Rejected"
    assert candidate.counterexample == "link a-d carries 1.2000 of its capacity when link/backbone/a-c is lost"


@pytest.mark.parametrize(("mode", "expected"), [("Observe", "Observe"), ("Propose", "Propose"), ("Open", "Propose")])
def test_what_people_carry_out_is_no_more_than_proposed(mode: Mode, expected: Mode) -> None:
    assert reach(mode, RETUNE.spec) == expected
    assert reach(mode, runbook("SetReplicas").spec) == mode
