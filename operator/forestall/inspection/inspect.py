"""One pass over a policy: a snapshot and what was measured go in, goals' states and observations come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from forestall.api.inspectionpolicy import Inspection, InspectionCount, InspectionPolicy
from forestall.inspection import foresight
from forestall.inspection.alerts import Alerts, inspect_alerts
from forestall.inspection.contingencies import outlook, statuses
from forestall.inspection.foresight import NOTHING_FORESEEN, Fault, Foresight
from forestall.inspection.losses import stakes
from forestall.inspection.network_losses import inspect_contingency, inspect_maintenance
from forestall.inspection.report import Found, Observation, Report, distinct
from forestall.inspection.scans import Scans
from forestall.inspection.single_points import inspect_single_points
from forestall.inspection.survey import Survey
from forestall.inspection.thresholds import inspect_metric
from forestall.inspection.workloads import inspect_workloads
from forestall.ports import Measurement
from forestall.twin.views import Snapshot

Faults = Mapping[str, Fault]
NO_ALERTS: Final[Alerts] = MappingProxyType({})
NO_FAULTS: Final[Faults] = MappingProxyType({})
ALONE: Final = Scans()
"""Nobody else examines anything."""


def inspect(
    policy: InspectionPolicy,
    snapshot: Snapshot,
    measurements: Mapping[str, Measurement],
    holds: Mapping[str, datetime],
    now: datetime,
    *,
    alerts: Alerts = NO_ALERTS,
    foreseen: Foresight = NOTHING_FORESEEN,
    faults: Faults = NO_FAULTS,
    scans: Scans = ALONE,
) -> Report:
    """All that the policy's goals and inspections say of `snapshot`.

    `measurements` are by query; `holds`, `foreseen` and `faults` are those of the policy's last report, or none;
    `alerts` those that fire for the policy's findings; `scans` what others examine.
    """
    seen = outlook(policy, snapshot.potential(), measurements, stakes(policy, snapshot))
    survey = Survey(policy, snapshot, measurements, seen, holds, now, alerts, scans)
    found = {item.name: _inspect(item, survey) for item in policy.spec.inspections}
    known = foresight.faults(foreseen, faults, seen, snapshot, now)
    dues = [item.again for item in found.values()] + [one.due for one in known.values() if one.score is None]
    return Report(
        goals=statuses(policy, seen),
        counts=tuple(item.count for item in found.values()),
        observations=tuple(_scored(one, known) for item in found.values() for one in item.observations),
        undecided=frozenset(beginning for item in found.values() for beginning in item.undecided),
        passed={name: item.passed for name, item in found.items() if item.passed is not None},
        holds={key: since for item in found.values() for key, since in item.holds.items()},
        held=frozenset(spec for item in found.values() for spec in item.held),
        again=min((due for due in dues if due is not None), default=None),
        foresight=foresight.foresight(seen, snapshot.topology),
        faults=known,
    )


def _scored(observation: Observation, faults: Faults) -> Observation:
    """The observation of a fault with its score."""
    trigger = observation.trigger.element if observation.trigger else ""
    if observation.finding_class != "Problem" or not trigger:
        return observation
    score = next((fault.score for name, fault in faults.items() if distinct(name) == trigger), None)
    return replace(observation, score=score)


def _inspect(inspection: Inspection, survey: Survey) -> Found:
    found = _on_what_is(inspection, survey) or _on_what_may_be(inspection, survey)
    if found is not None:
        return found
    message = "the inspection's kind is not known to this version: upgrade the operator or remove the inspection"
    count = InspectionCount(name=inspection.name, scanned=1, failed=0, errors=1, message=message)
    return Found(count, undecided=frozenset((inspection.name,)))


def _on_what_is(inspection: Inspection, survey: Survey) -> Found | None:
    if inspection.workload is not None:
        return inspect_workloads(inspection, inspection.workload, survey)
    if inspection.metric is not None:
        return inspect_metric(inspection, inspection.metric, survey)
    if inspection.alert is not None:
        return inspect_alerts(inspection, inspection.alert, survey)
    return None


def _on_what_may_be(inspection: Inspection, survey: Survey) -> Found | None:
    if inspection.single_point_of_failure is not None:
        return inspect_single_points(inspection, inspection.single_point_of_failure, survey)
    if inspection.contingency is not None:
        return inspect_contingency(inspection, inspection.contingency, survey)
    if inspection.maintenance is not None:
        return inspect_maintenance(inspection, inspection.maintenance, survey)
    return None
