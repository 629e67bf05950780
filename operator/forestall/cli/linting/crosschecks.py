"""What a schema cannot say: names that lead nowhere, queries that nobody can answer, answers that never come."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, get_args

import promql_parser as promql

from forestall.adapters.promql import InvalidQueryError, within
from forestall.api.base import Parameter, Resource
from forestall.api.inspectionpolicy import Check, FindingType, InspectionPolicy, Response, Rung
from forestall.api.networktwin import NetworkTwin
from forestall.api.runbook import BY_PEOPLE, Runbook, RunbookSpec
from forestall.cli.linting.documents import Path, Problem
from forestall.cli.linting.structure import unknown
from forestall.planning.changes import ACTIONS, PROPOSALS
from forestall.planning.runbooks import InvalidParameterError, arguments, completed, problem

Runbooks = Mapping[str, RunbookSpec]
"""Runbooks that are given beside the policies, by name."""

_CHECKS: Final = frozenset(get_args(Check))
_JUDGED: Final = _CHECKS | {*("MetricThreshold", "SinglePointOfFailure", "Contingency", "Maintenance", "Alert")}
_OF_NETWORKS: Final = "Contingency, Maintenance, and SinglePointOfFailure about a goal capacity"
_INDEXED: Final = re.compile(r"(\w+)|\[(\d+)\]")


def problems(resource: Resource, runbooks: Runbooks) -> Iterator[Problem]:
    """All that is wrong with an object whose structure is sound."""
    if isinstance(resource, InspectionPolicy):
        yield from _queries(resource)
        yield from _goalless(resource)
        yield from _answers(resource)
        yield from _ladders(resource, runbooks)
    elif isinstance(resource, NetworkTwin):
        yield from _twin(resource)
    elif isinstance(resource, Runbook):
        yield from _runbook(resource)


def _queries(policy: InspectionPolicy) -> Iterator[Problem]:
    goals = [(("goals", index), goal.metric) for index, goal in enumerate(policy.spec.goals)]
    inspections = [(("inspections", index), item.metric) for index, item in enumerate(policy.spec.inspections)]
    for place, metric in (*goals, *inspections):
        if metric is not None:
            path: Path = ("spec", *place, "metric", "query")
            yield from _query(metric.query, policy.metadata.namespace or "default", path)


def _query(query: str, namespace: str, path: Path) -> Iterator[Problem]:
    try:
        within(query, namespace)
    except InvalidQueryError as error:
        yield Problem(path, str(error), "try it in Prometheus first")


def _goalless(policy: InspectionPolicy) -> Iterator[Problem]:
    if policy.spec.goals:
        return
    for index, item in enumerate(policy.spec.inspections):
        if item.single_point_of_failure is not None:
            path: Path = ("spec", "inspections", index, "singlePointOfFailure")
            yield Problem(path, "the policy has no goal that a loss could break", "add spec.goals")


def _answers(policy: InspectionPolicy) -> Iterator[Problem]:
    """Types that a response names and that never reach it."""
    raised = _raised(policy)
    taken: dict[str, str] = {}
    for index, response in enumerate(policy.spec.responses):
        for place, kind in enumerate(response.match.types):
            path: Path = ("spec", "responses", index, "match", "types", place)
            if kind in taken:
                message = f"{kind} never gets here: response {taken[kind]} answers it, and the first one counts"
                yield Problem(path, message, "leave it out, or change the order")
            elif kind in _JUDGED - raised:
                yield Problem(path, f"no inspection of this policy raises {kind}", "add one, or leave the type out")
        taken |= {kind: response.name for kind in response.match.types if kind not in taken}


def _raised(policy: InspectionPolicy) -> frozenset[str]:
    checks = {check for item in policy.spec.inspections if item.workload for check in item.workload.checks}
    metric = {"MetricThreshold" for item in policy.spec.inspections if item.metric}
    single = {"SinglePointOfFailure" for item in policy.spec.inspections if item.single_point_of_failure}
    alerts = {item.alert.type for item in policy.spec.inspections if item.alert}
    networks = {"Contingency" for item in policy.spec.inspections if item.contingency}
    windows = {"Maintenance" for item in policy.spec.inspections if item.maintenance}
    return frozenset(checks | metric | single | alerts | networks | windows)


def _ladders(policy: InspectionPolicy, runbooks: Runbooks) -> Iterator[Problem]:
    of_networks = _of_networks(policy)
    for index, response in enumerate(policy.spec.responses):
        path: Path = ("spec", "responses", index)
        yield from _empty(response, path)
        about_networks = not of_networks.isdisjoint(response.match.types)
        for place, rung in enumerate(response.ladder):
            yield from _rung(rung, runbooks, (*path, "ladder", place))
            given = runbooks.get(rung.runbook)
            effect = given.effect if given else PROPOSALS.get(rung.runbook)
            if effect in BY_PEOPLE and not about_networks:
                yield _beside_the_point(rung, (*path, "ladder", place))
            elif effect == "DrainTraffic":
                yield from _windowless(rung, response, (*path, "ladder", place))


def _of_networks(policy: InspectionPolicy) -> frozenset[FindingType]:
    """Types of findings that runbooks for networks can answer."""
    room = any(goal.capacity for goal in policy.spec.goals)
    return frozenset(("Contingency", "Maintenance", *(("SinglePointOfFailure",) if room else ())))


def _empty(response: Response, path: Path) -> Iterator[Problem]:
    if response.mode != "Observe" and not response.ladder:
        yield Problem((*path, "ladder"), f"mode {response.mode} has no runbook to plan with", "add a rung")


def _rung(rung: Rung, runbooks: Runbooks, path: Path) -> Iterator[Problem]:
    if rung.runbook not in runbooks:
        if rung.runbook not in (*ACTIONS, *PROPOSALS):
            message = f"{rung.runbook} is neither shipped nor among the given files"
            remedy = f"{unknown(rung.runbook, (*ACTIONS, *PROPOSALS, *runbooks))}, or give the file of the runbook, too"
            yield Problem((*path, "runbook"), message, remedy)
        return
    yield from misfits(rung, runbooks[rung.runbook], (*path, "parameters"))


def _beside_the_point(rung: Rung, path: Path) -> Problem:
    """A runbook for networks that can answer no finding of its response."""
    message = f"{rung.runbook} answers findings about networks alone: {_OF_NETWORKS}"
    return Problem((*path, "runbook"), message, "leave it out, or match one of them")


def _windowless(rung: Rung, response: Response, path: Path) -> Iterator[Problem]:
    """A drain of a window, for findings that are about none."""
    named = any(one.name == "element" and one.value for one in rung.parameters)
    if "Maintenance" not in response.match.types and not named:
        message = f"{rung.runbook} has no window to take out: only findings of type Maintenance are about one"
        yield Problem((*path, "parameters"), message, "give the parameter element")


def misfits(rung: Rung, spec: RunbookSpec, path: Path) -> Iterator[Problem]:
    """The first argument that the runbook does not take. Values from the twin are not known yet."""
    declared = [item.name for item in spec.parameters]
    for index, binding in enumerate(rung.parameters):
        if binding.name not in declared:
            remedy = unknown(binding.name, declared)
            yield Problem((*path, index, "name"), f"{rung.runbook} has no parameter {binding.name}", remedy)
            return
    fixed = [Parameter(name=one.name, value=one.value) for one in rung.parameters if one.value is not None]
    if len(fixed) < len(rung.parameters):
        known = completed(spec, {one.name: "" for one in rung.parameters})
        missing = [name for name in declared if name not in known]
        yield from (Problem(path, f"{rung.runbook} needs the parameter {name}") for name in missing)
        return
    try:
        arguments(spec, fixed)
    except InvalidParameterError as error:
        yield Problem(path, str(error))


def _twin(twin: NetworkTwin) -> Iterator[Problem]:
    for index, binding in enumerate(twin.spec.metrics):
        try:
            promql.parse(binding.query)
        except ValueError as error:
            yield Problem(("spec", "metrics", index, "query"), f"not PromQL: {error}", "try it in Prometheus first")
    if twin.spec.metrics and not any(source.prometheus for source in twin.spec.sources):
        yield Problem(("spec", "metrics"), "no source of this twin is a Prometheus server", "add one to spec.sources")
    for kind in ("kubernetes", "prometheus"):
        found = [index for index, source in enumerate(twin.spec.sources) if getattr(source, kind) is not None]
        for index in found[1:]:
            yield Problem(("spec", "sources", index), f"a second {kind} source is never read", "leave it out")
    yield from _bound_networks(twin)


def _bound_networks(twin: NetworkTwin) -> Iterator[Problem]:
    """Bindings to networks of a twin that has none."""
    if any(source.topology for source in twin.spec.sources):
        return
    for index, binding in enumerate(twin.spec.metrics):
        if binding.network:
            path: Path = ("spec", "metrics", index, "network")
            yield Problem(path, "the twin has no networks", "add a topology source to spec.sources")


def _runbook(runbook: Runbook) -> Iterator[Problem]:
    for index, item in enumerate(runbook.spec.parameters):
        try:
            re.compile(item.pattern)
        except re.error as error:
            path: Path = ("spec", "parameters", index, "pattern")
            yield Problem(path, f"no regular expression: {error}", "mend it, or leave it out")
    wrong = problem(runbook)
    if wrong:
        field, _, why = wrong.partition(": ")
        yield Problem(_path(field), why)


def _path(field: str) -> Path:
    """`spec.actions[0].argv` as a path."""
    return tuple(int(index) if index else name for name, index in _INDEXED.findall(field))
