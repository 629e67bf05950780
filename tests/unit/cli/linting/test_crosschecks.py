"""What no schema can say: queries, names, and answers that never come."""

from pathlib import Path
from typing import Any

import pytest

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networktwin import NetworkTwin
from forestall.api.runbook import Runbook
from forestall.cli.linting.crosschecks import problems
from forestall.cli.linting.documents import text_of
from forestall.planning.changes import ACTIONS, PROPOSALS
from forestall.ports import Json

CATALOGUE = Path(__file__).parents[4] / "charts/forestall/templates/catalogue"
METRIC: Json = {
    "query": "up",
    "operator": "LessThan",
    "threshold": 1,
    "target": {"kind": "Service", "name": "web"},
}


def policy(*responses: Json, **spec: Any) -> InspectionPolicy:
    inspections = [{"name": "state", "workload": {"checks": ["ImagePull"]}}]
    whole = {"twinRef": {"name": "main"}, "inspections": inspections, "responses": responses, **spec}
    return InspectionPolicy.model_validate({"metadata": {"name": "p", "namespace": "shop"}, "spec": whole})


def response(name: str = "r", runbook: str = "rollout-undo", **more: Any) -> Json:
    ladder = [{"runbook": runbook, "parameters": more.pop("parameters", [])}]
    return {"name": name, "mode": "Open", "match": {"types": ["ImagePull"]}, "ladder": ladder, **more}


def runbook(**spec: Any) -> Runbook:
    action = {"name": "a", "argv": ["scale"], "serviceAccountName": "forestall-action-scale"}
    whole = {
        "version": "1.0.0",
        "summary": "s",
        "whenToUse": "w",
        "targetKinds": ["Deployment"],
        "parameters": [{"name": "replicas", "description": "d", "type": "Integer", "maximum": 9}],
        "actions": [action],
        "reads": ["spec.replicas"],
        "writes": ["spec.replicas"],
        "effect": "SetReplicas",
        **spec,
    }
    return Runbook.model_validate({"metadata": {"name": "grow"}, "spec": whole})


def twin(**spec: Any) -> NetworkTwin:
    sources = [{"name": "k", "kubernetes": {}}, {"name": "p", "prometheus": {"url": "http://prometheus"}}]
    return NetworkTwin.model_validate({"metadata": {"name": "t"}, "spec": {"sources": sources, **spec}})


def found(resource: InspectionPolicy | NetworkTwin | Runbook, **runbooks: Runbook) -> list[tuple[str, str]]:
    known = {name: one.spec for name, one in runbooks.items()}
    return [(text_of(one.path), one.message) for one in problems(resource, known)]


def test_sound_objects_are_left_alone() -> None:
    own = response(runbook="grow", parameters=[{"name": "replicas", "value": "3"}])
    assert found(policy(response())) + found(policy(own), grow=runbook()) + found(runbook()) + found(twin()) == []


def test_a_query_must_be_promql_that_can_be_kept_to_a_namespace() -> None:
    broken = [{"name": "m", "metric": {**METRIC, "query": "sum("}}]
    assert [field for field, _ in found(policy(inspections=broken))] == ["spec.inspections[0].metric.query"]
    wide = [{"name": "g", "metric": {"query": 'up{a="1" or b="2"}', "operator": "LessThan", "target": 1}}]
    assert [field for field, _ in found(policy(goals=wide))] == ["spec.goals[0].metric.query"]


def test_a_loss_needs_a_goal_that_it_could_break() -> None:
    single = [{"name": "s", "singlePointOfFailure": {}}]
    assert [field for field, _ in found(policy(inspections=single))] == ["spec.inspections[0].singlePointOfFailure"]
    goal = {"name": "g", "available": {"service": "web", "minReady": 1}}
    assert found(policy(inspections=single, goals=[goal])) == []


def test_a_response_to_what_nothing_raises_never_answers() -> None:
    matched = {"types": ["ImagePull", "CrashLoop"]}
    assert found(policy(response(match=matched))) == [
        ("spec.responses[0].match.types[1]", "no inspection of this policy raises CrashLoop")
    ]


def test_a_response_behind_one_that_takes_all_never_answers() -> None:
    ((field, message),) = found(policy(response("first"), response("second")))
    assert field == "spec.responses[1].match.types[0]"
    assert "response first answers it" in message


def test_alerts_raise_the_type_that_they_are_taken_for() -> None:
    target, matchers = {"kind": "Service", "name": "web"}, [{"label": "alertname", "values": ["Slow"]}]
    for given, raised, other in (({}, "Alert", "CrashLoop"), ({"type": "CrashLoop"}, "CrashLoop", "Alert")):
        inspections = [{"name": "slow", "alert": {"matchers": matchers, "target": target, **given}}]
        assert found(policy(response(match={"types": [raised]}), inspections=inspections)) == []
        ((_, message),) = found(policy(response(match={"types": [other]}), inspections=inspections))
        assert message == f"no inspection of this policy raises {other}"


@pytest.mark.parametrize(("mode", "count"), [("Observe", 0), ("Propose", 1), ("Open", 1)])
def test_who_shall_plan_needs_a_runbook(mode: str, count: int) -> None:
    assert len(found(policy(response(mode=mode, ladder=[])))) == count


def test_a_runbook_is_shipped_or_given() -> None:
    ((field, message),) = found(policy(response(runbook="rollback")))
    assert field == "spec.responses[0].ladder[0].runbook"
    assert message == "rollback is neither shipped nor among the given files"


REACH: Json = {"name": "reach", "reachable": {"network": "backbone", "sources": ["a"], "targets": ["b"]}}


def networked(name: str, *types: str, **more: Any) -> InspectionPolicy:
    """A policy that answers findings about a network, and of a workload, with one runbook."""
    network = {"network": "backbone"}
    inspections = [
        {"name": "n-1", "contingency": network},
        {"name": "works", "maintenance": network},
        {"name": "spof", "singlePointOfFailure": {"scope": "NetworkLink"}},
        {"name": "state", "workload": {"checks": ["ImagePull"]}},
    ]
    answer = response(runbook=name, match={"types": types}, **more)
    goals = [{"name": "room", "capacity": {**network, "maxUtilisation": 1}}, REACH]
    return policy(answer, inspections=inspections, goals=goals)


@pytest.mark.parametrize("kind", ["Contingency", "Maintenance", "SinglePointOfFailure"])
@pytest.mark.parametrize("name", sorted({*PROPOSALS} - {"drain-traffic"}))
def test_a_runbook_for_networks_answers_findings_about_networks(name: str, kind: str) -> None:
    assert found(networked(name, kind)) == []


@pytest.mark.parametrize("name", PROPOSALS)
def test_a_runbook_for_networks_answers_no_other_findings_alone(name: str) -> None:
    ((field, message),) = found(networked(name, "ImagePull"))
    assert field == "spec.responses[0].ladder[0].runbook"
    types = "Contingency, Maintenance, and SinglePointOfFailure about a goal capacity"
    assert message == f"{name} answers findings about networks alone: {types}"
    assert found(networked(name, "ImagePull", "Maintenance")) == []


def test_a_single_point_of_failure_of_no_capacity_is_nothing_for_a_runbook_for_networks() -> None:
    given = networked("re-home", "SinglePointOfFailure")
    asked = given.model_copy(update={"spec": given.spec.model_copy(update={"goals": given.spec.goals[1:]})})
    ((field, message),) = found(asked)
    assert field == "spec.responses[0].ladder[0].runbook"
    assert message.startswith("re-home answers findings about networks alone")


def test_a_drain_has_a_window_or_a_named_element() -> None:
    ((field, message),) = found(networked("drain-traffic", "Contingency"))
    assert field == "spec.responses[0].ladder[0].parameters"
    assert message.startswith("drain-traffic has no window to take out")
    element = [{"name": "element", "value": "link/backbone/a-b"}]
    assert found(networked("drain-traffic", "Contingency", parameters=element)) == []


def test_the_shipped_runbooks_are_called_as_their_actions() -> None:
    shipped = {path.stem for path in CATALOGUE.glob("*.yaml")}
    assert shipped
    assert shipped <= {*ACTIONS, *PROPOSALS}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ([{"name": "replica", "value": "3"}], "grow has no parameter replica"),
        ([{"name": "replicas", "value": "10"}], "10 is above the maximum"),
        ([], "parameters[replicas]: missing"),
    ],
)
def test_arguments_are_held_against_a_runbook_that_is_given(parameters: list[Json], words: str) -> None:
    ((field, message),) = found(policy(response(runbook="grow", parameters=parameters)), grow=runbook())
    assert field.startswith("spec.responses[0].ladder[0].parameters")
    assert words in message


def test_what_the_twin_gives_counts_as_given() -> None:
    given = [{"name": "replicas", "from": "CurrentReplicasPlusOne"}]
    assert found(policy(response(runbook="grow", parameters=given)), grow=runbook()) == []
    two = runbook(parameters=[{"name": name, "description": "d", "type": "Integer"} for name in ("replicas", "other")])
    ((_, message),) = found(policy(response(runbook="grow", parameters=given)), grow=two)
    assert message == "grow needs the parameter other"


def test_a_runbook_does_what_its_effect_says_and_has_patterns_that_can_be_read() -> None:
    assert [field for field, _ in found(runbook(effect="RestartPods"))] == ["spec.actions[0].argv"]
    parameter = {"name": "replicas", "description": "d", "type": "String", "pattern": "("}
    assert [field for field, _ in found(runbook(parameters=[parameter]))] == ["spec.parameters[0].pattern"]


def test_a_twin_reads_one_source_of_a_kind_and_needs_prometheus_for_its_metrics() -> None:
    binding = {"name": "m", "attribute": "load", "kind": "Service", "query": "up", "nameLabel": "service"}
    kubernetes: list[Json] = [{"name": name, "kubernetes": {}} for name in ("a", "b")]
    fields = [field for field, _ in found(twin(sources=kubernetes, metrics=[binding]))]
    assert fields == ["spec.metrics", "spec.sources[1]"]
    assert [field for field, _ in found(twin(metrics=[{**binding, "query": "sum("}]))] == ["spec.metrics[0].query"]


def test_a_binding_to_a_network_needs_a_source_of_networks() -> None:
    binding = {"name": "m", "attribute": "up", "kind": "NetworkLink", "query": "up", "nameLabel": "id", "network": "n"}
    sources: list[Json] = [{"name": "metrics", "prometheus": {"url": "http://p:9090"}}]
    assert [field for field, _ in found(twin(sources=sources, metrics=[binding]))] == ["spec.metrics[0].network"]
    networks: Json = {"name": "nets", "topology": {}}
    assert found(twin(sources=[*sources, networks], metrics=[binding])) == []


def test_findings_of_networks_are_raised_by_inspections_of_networks() -> None:
    answer = response("networks", match={"types": ["Contingency", "Maintenance"]})
    asked: list[Json] = [{"name": name, name: {"network": "backbone"}} for name in ("contingency", "maintenance")]
    fields = [field for field, _ in found(policy(answer)) if "types" in field]
    assert fields == ["spec.responses[0].match.types[0]", "spec.responses[0].match.types[1]"]
    assert [one for one, _ in found(policy(answer, inspections=asked)) if "types" in one] == []
