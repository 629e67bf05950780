"""Policies and findings about networks, and what runbooks come to for them."""

from __future__ import annotations

from typing import Any

from forestall.api.base import Key, Parameter
from forestall.api.finding import Finding
from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.api.networkpolicy import ContingencyInspection
from forestall.inspection.inspect import inspect
from forestall.planning.networks import Judged, State, judged
from forestall.planning.simulate import Option, Simulated, examine
from forestall.planning.targets import key_of
from forestall.planning.traffic.remedies import Remedy, drain, move_demand, re_home, set_metrics
from forestall.ports import Json
from forestall.twin.topology import DEMAND, GROUP, NODE, NetworkNode, RiskGroup, Topology
from forestall.twin.views import Snapshot
from tests.unit.inspection.networked import capacity, contingency, maintenance
from tests.unit.inspection.scenes import NOW
from tests.unit.planning.objects import runbook
from tests.unit.twin.networks import BACKBONE, A, D, cable, demand, fan, link, ring

WORKS = Key(GROUP, "", "works")
HUBS = ring("abcd", demand("a", "b", 7e9), demand("d", "c", 4e9), demand("c", "d", 1e9)).with_links(
    [link("a", "b", capacity=20e9)]
)
"""Without a-b, 11 of 10 Gbit/s go from d to c; what is homed at d would go the other way, from b."""
FAN = fan(12e9)
"""12 of 10 Gbit/s over the cable from a to b, which with a metric of 2 would share with two other ways."""
DEMANDED = Key(DEMAND, "", "a>b")
CABLE = cable("a", "b")


def asked(*scopes: str, limit: float = 1.0) -> ContingencyInspection:
    given = {"network": BACKBONE, "scopes": scopes or ("Link",), "maximumUtilisation": limit}
    return ContingencyInspection.model_validate(given)


def works(*members: Key) -> Topology:
    """A maintenance window in which these are out of service."""
    return Topology.of(groups=[RiskGroup(key=WORKS, cause="maintenance", members=tuple(sorted(members)))])


def branch(amount: float, ways: str = "cd") -> Topology:
    """A fan, and a branch office e at a with one cable, from which 1 Gbit/s goes to b; the cable a-b is to be mended.

    Without e, or its cable, nothing can be saved, window or not.
    """
    office = Topology.of(
        nodes=[NetworkNode(key=Key(NODE, BACKBONE, "e"))],
        links=[link("a", "e"), link("e", "a")],
        demands=[demand("e", "b", 1e9)],
    )
    return fan(amount, ways).plus(office).plus(works(cable("a", "b"), cable("b", "a")))


def watch(*goals: Json, inspection: Json | None = None, mode: str = "Open", **answers: str) -> InspectionPolicy:
    """A policy with one inspection, and responses by type of finding, each with one runbook."""
    responses = [
        {"name": name.lower(), "match": {"types": [name]}, "mode": mode, "ladder": [{"runbook": one}]}
        for name, one in (answers or {"Contingency": "retune"}).items()
    ]
    spec = {
        "twinRef": {"name": "cluster"},
        "goals": goals or (capacity(),),
        "inspections": [inspection or contingency("Link")],
        "responses": responses,
    }
    return InspectionPolicy.model_validate({"metadata": {"name": "watch", "namespace": "shop"}, "spec": spec})


def about_works(*goals: Json, **answers: str) -> InspectionPolicy:
    """The same, with an inspection of maintenance windows."""
    return watch(*goals, inspection=maintenance(), **(answers or {"Maintenance": "drain-traffic"}))


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


def option(of: Finding, effect: str, **given: Any) -> Option:
    """The effect's runbook on the finding's target."""
    parameters = tuple(Parameter(name=name, value=str(value)) for name, value in given.items())
    return Option(runbook(effect), key_of(of.status.targets[0]), parameters)


def tried(policy: InspectionPolicy, view: Snapshot, effect: str, **given: Any) -> Simulated:
    """What the effect's runbook comes to for the policy's finding."""
    of = finding(policy, view)
    return examine(policy, view, {}, of, options=[option(of, effect, **given)])[1]


def found(topology: Topology, remedy: Remedy, *scopes: str) -> Judged:
    """What a remedy comes to, after each loss of these scopes."""
    return judged(State(topology, asked(*scopes)), remedy)


def metrics(topology: Topology = FAN, **given: int) -> Judged:
    """What metrics come to, each of the cable between two nodes: `a_b=2`."""
    wanted = {cable(*name.split("_")): metric for name, metric in given.items()}
    return found(topology, set_metrics(topology, wanted))


def drained(topology: Topology, *elements: Key) -> Judged:
    """What it comes to that these are out of service; without any, the cable a-b."""
    return found(topology, drain(topology, BACKBONE, elements or (CABLE,), highest=65_535), "Node", "Link")


def moved(topology: Topology = FAN, **ends: Key) -> Judged:
    """What it comes to that the demand from a to b has another source or target."""
    return found(topology, move_demand(topology, DEMANDED, **ends))


def rehomed(topology: Topology) -> Judged:
    """What is homed at a, at d."""
    return found(topology, re_home(topology, BACKBONE, A, D))
