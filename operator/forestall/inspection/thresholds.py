"""Inspection of measured values against a threshold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from forestall.api.base import Key, format_duration
from forestall.api.finding import Evidence
from forestall.api.inspectionpolicy import Inspection, InspectionCount, MetricInspection
from forestall.inspection.measured import UnmeasuredError, answer, compare, finite, limit_text, single_value
from forestall.inspection.report import Found, Observation, cut, exists, names, references
from forestall.inspection.survey import Survey, around, impact


def inspect_metric(inspection: Inspection, metric: MetricInspection, survey: Survey) -> Found:
    """Find the objects whose value has passed the threshold for as long as the inspection says."""
    values, errors = _values(metric, survey)
    beyond = {key: value for key, value in values.items() if compare(value, metric.operator, metric.threshold)}
    since = {key: survey.holds.get(_hold(inspection, key), survey.now) for key in beyond}
    raised = [key for key in sorted(beyond) if survey.now - since[key] >= metric.hold]
    return Found(
        InspectionCount(
            name=inspection.name,
            scanned=len(values) + len(errors),
            failed=len(raised),
            errors=len(errors),
            message=cut("; ".join(errors[:4])),
        ),
        tuple(_observation(inspection, metric, survey, key, beyond[key]) for key in raised),
        passed=frozenset(key.name for key in values if key not in beyond),
        holds=_unmeasured(inspection, metric, survey, values) | {_hold(inspection, key): since[key] for key in beyond},
    )


def _values(metric: MetricInspection, survey: Survey) -> tuple[dict[Key, Decimal], Sequence[str]]:
    """The value of each object, and why others have none."""
    try:
        if metric.target.name is not None:
            return _checked(metric, survey, {metric.target.name: [single_value(metric.query, survey.measurements)]})
        return _checked(metric, survey, _by_label(metric, survey))
    except UnmeasuredError as error:
        return {}, [str(error)]


def _by_label(metric: MetricInspection, survey: Survey) -> Mapping[str, Sequence[Decimal]]:
    found: defaultdict[str, list[Decimal]] = defaultdict(list)
    for sample in answer(metric.query, survey.measurements).samples:
        found[sample.labels.get(metric.target.name_label or "", "")].append(sample.value)
    return found


def _checked(
    metric: MetricInspection, survey: Survey, found: Mapping[str, Sequence[Decimal]]
) -> tuple[dict[Key, Decimal], Sequence[str]]:
    values: dict[Key, Decimal] = {}
    errors: list[str] = []
    for name, series in sorted(found.items()):
        key = survey.key(metric.target.kind, name)
        try:
            values[key] = _only(metric, survey, key, series)
        except UnmeasuredError as error:
            errors.extend(cut(f"{name}: {error}", 253) for _ in series)
    return values, errors


def _only(metric: MetricInspection, survey: Survey, key: Key, series: Sequence[Decimal]) -> Decimal:
    if not key.name:
        raise UnmeasuredError(f"a series has no label {metric.target.name_label}: keep it in the query")
    if not exists(key, survey.snapshot):
        raise UnmeasuredError(f"there is no such {key.kind} in the namespace")
    if len(series) > 1:
        raise UnmeasuredError(f"{len(series)} series where one is needed: aggregate the query")
    return finite(series[0])


def _hold(inspection: Inspection, key: Key) -> str:
    return f"{inspection.name}/{key.name}"


def _unmeasured(
    inspection: Inspection, metric: MetricInspection, survey: Survey, values: Collection[Key]
) -> dict[str, datetime]:
    """Holds of objects that are there but were not measured: a gap is no break, as it is no pass."""
    kept: dict[str, datetime] = {}
    for name, start in survey.holds.items():
        key = survey.key(metric.target.kind, name.partition("/")[2])
        if name == _hold(inspection, key) and key not in values and exists(key, survey.snapshot):
            kept[name] = start
    return kept


def _observation(
    inspection: Inspection, metric: MetricInspection, survey: Survey, resource: Key, value: Decimal
) -> Observation:
    services, workloads = around(survey, resource)
    found = impact(survey, (*workloads, *services), query=metric.query)
    limit = limit_text(metric.operator, metric.threshold)
    lasting = f" for {format_duration(metric.hold)}" if metric.hold else ""
    return Observation(
        spec=survey.identity("MetricThreshold", resource, inspection.name),
        finding_class="Problem",
        severity=found.severity,
        observed=found.observed,
        predicted=found.predicted,
        trigger=None,
        message=cut(f"{resource.kind} {resource.name} has a value {limit}{lasting}"),
        affected_goals=found.affected_goals,
        affected_services=names(services),
        targets=references(workloads),
        evidence=(
            Evidence(
                source=f"{inspection.name}/prometheus",
                query=metric.query,
                value=value,
                message=f"the value is {limit}",
            ),
        ),
    )
