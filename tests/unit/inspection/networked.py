"""Twins with networks under them, for the tests of inspections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.inspect import inspect
from forestall.inspection.report import Report
from forestall.ports import Json
from forestall.twin.joining import Measured
from forestall.twin.topology import Topology
from forestall.twin.views import Snapshot
from tests.unit.inspection.scenes import NOW, policy
from tests.unit.twin.networks import GIGABIT, demand, platform, ring
from tests.unit.twin.objects import live, nodes, web

ZONE = "topology.kubernetes.io/zone"
RING = ring("abcd", demand("a", "b", 6 * GIGABIT), demand("a", "c", 4 * GIGABIT))
"""Every cable takes 10 Gbit/s; 6 go from a to b, and 4 from a to c, half each way round."""
HOSTS = platform({"a": "a", "b": "b", "c": "c"})
"""The Kubernetes nodes a, b and c stand at the routers of these names."""


def twin(topology: Topology = RING, cluster: Sequence[Json] = (), **measured: Any) -> Snapshot:
    found = live([*(cluster or (*nodes(), *web("a", "b")))], labels={ZONE: "zone", "rack": "rack"})
    found.declare(topology)
    found.measure(Measured(**measured))
    return found.snapshot()


def capacity(limit: float = 1.0, network: str = "backbone") -> Json:
    return {"name": "room", "capacity": {"network": network, "maxUtilisation": limit}}


def reachable(*targets: str, sources: Sequence[str] = ("a",), **more: Any) -> Json:
    return {"name": "reach", "reachable": {"network": "backbone", "sources": sources, "targets": targets, **more}}


def single(scope: str, **more: str) -> Json:
    return {"name": "spof", "singlePointOfFailure": {"scope": scope, **more}}


def contingency(*scopes: str, **more: Any) -> Json:
    asked = {"network": "backbone", **({"scopes": scopes} if scopes else {}), **more}
    return {"name": "n-1", "contingency": asked}


def maintenance(*windows: str, **more: Any) -> Json:
    return {"name": "works", "maintenance": {"network": "backbone", "windows": windows, **more}}


def watch(*goals: Json, inspections: Sequence[Json] = ()) -> InspectionPolicy:
    return policy(*goals, inspections=inspections or (single("NetworkLink"),))


def look(found: InspectionPolicy, view: Snapshot, **holds: Any) -> Report:
    return inspect(found, view, {}, holds, NOW)
