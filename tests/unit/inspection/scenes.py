"""Policies, measurements and passes of the tests, over the small cluster of the twin's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from forestall.api.inspectionpolicy import InspectionPolicy
from forestall.inspection.inspect import inspect
from forestall.inspection.report import Observation, Report
from forestall.ports import Json, Measurement, Sample
from tests.unit.twin.objects import SHOP, nodes, snapshot

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
QUERY = "load"
NAN = Decimal("NaN")
IMAGES: Json = {"name": "images", "workload": {"checks": ["ImagePull"]}}
SPOF: Json = {"name": "spof", "singlePointOfFailure": {}}


def available(minimum: int, *, name: str = "up", service: str = "web") -> Json:
    return {"name": name, "available": {"service": service, "minReady": minimum}}


def light(*, target: float = 0.8, shared_by: str | None = "web", name: str = "light") -> Json:
    goal = {"query": QUERY, "operator": "LessOrEqual", "target": target, "sharedBy": shared_by}
    return {"name": name, "metric": goal}


def threshold(*, kind: str = "Deployment", hold: str = "0s", **target: str) -> Json:
    target = target or {"name": "web"}
    limit = {"query": QUERY, "operator": "GreaterThan", "threshold": 0.8, "for": hold}
    return {"name": "load", "metric": {**limit, "target": {"kind": kind, **target}}}


def policy(*goals: Json, inspections: Sequence[Json] = (SPOF,)) -> InspectionPolicy:
    return InspectionPolicy.model_validate(
        {
            "metadata": {"name": "watch", "namespace": SHOP},
            "spec": {"twinRef": {"name": "cluster"}, "goals": goals, "inspections": inspections},
        }
    )


def measured(*values: str | tuple[str, Mapping[str, str]], error: str = "") -> Mapping[str, Measurement]:
    """The answer to QUERY: one series for each value, with its labels where they are given."""
    pairs = [(value, {}) if isinstance(value, str) else value for value in values]
    samples = tuple(Sample(labels, Decimal(value)) for value, labels in pairs)
    return {QUERY: Measurement(QUERY, NOW, samples, error)}


def report(found: InspectionPolicy, cluster: Sequence[Json], **given: Any) -> Report:
    """One pass at NOW; the cluster gets three nodes where it has none of its own."""
    has_nodes = any(item["kind"] == "Node" for item in cluster)
    view = snapshot([*([] if has_nodes else nodes()), *cluster])
    now, alerts = given.get("now", NOW), given.get("alerts", {})
    return inspect(found, view, given.get("measurements", {}), given.get("holds", {}), now, alerts=alerts)


def only(found: Report) -> Observation:
    assert len(found.observations) == 1
    return found.observations[0]
