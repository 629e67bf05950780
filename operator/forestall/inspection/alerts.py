"""Inspection of alerts: which findings an alert belongs to, and what those that fire mean for goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError

from forestall.api.base import Key, ObjectRef
from forestall.api.finding import Evidence, FindingSpec, FiringAlert
from forestall.api.inspectionpolicy import (
    AlertInspection,
    AlertMatcher,
    AlertTarget,
    Inspection,
    InspectionCount,
    InspectionPolicy,
)
from forestall.inspection.report import MAX_EVIDENCE, Found, Observation, cut, exists, key_of, names, references
from forestall.inspection.survey import Survey, around, identity, impact

NAMESPACE = "namespace"
"""The label that says which namespace an alert is about."""

Labels = Mapping[str, str]
Firing = tuple[FiringAlert, ...]
Alerts = Mapping[FindingSpec, Sequence[FiringAlert]]
"""The alerts that fire, by the finding that they belong to."""


class UntargetedError(ValueError):
    """An inspection takes the alert, and the alert names no object. The message says why."""


def takers(policy: InspectionPolicy, labels: Labels) -> Iterator[tuple[str, AlertInspection]]:
    """The inspections of a policy that take an alert with these labels, by name.

    Alerts of other namespaces are not the policy's, and of those of none only what is about nodes.
    """
    place = labels.get(NAMESPACE, "")
    for item in policy.spec.inspections:
        if item.alert is None or not (place == policy.metadata.namespace or (not place and of_nodes(item))):
            continue
        if all(_matches(one, labels) for one in item.alert.matchers):
            yield item.name, item.alert


def of_nodes(inspection: Inspection) -> bool:
    """Whether an inspection takes alerts that speak of nodes."""
    return inspection.alert is not None and inspection.alert.target.kind == "Node"


def alive(firing: Sequence[FiringAlert], policy: InspectionPolicy, name: str, since: datetime, now: datetime) -> Firing:
    """Of the alerts of the policy's inspection of that name, those that its `expireAfter` does not call gone.

    `since`: from when on somebody has listened. What was told before might have been told again in vain.
    """
    limits = (item.alert.expire_after for item in policy.spec.inspections if item.name == name and item.alert)
    limit = next(limits, None)
    return tuple(one for one in firing if limit is None or now - max(one.told_until or since, since) < limit)


def claimed(policy: InspectionPolicy, name: str, alert: AlertInspection, labels: Labels) -> FindingSpec:
    """The finding that an alert belongs to which the inspection of that name takes. Raises UntargetedError."""
    return identity(policy, alert.type, _target(alert.target, labels), name)


def _matches(matcher: AlertMatcher, labels: Labels) -> bool:
    return (labels.get(matcher.label, "") in matcher.values) == (matcher.operator == "In")


def _target(target: AlertTarget, labels: Labels) -> Key:
    name = target.name if target.name is not None else labels.get(target.name_label or "", "")
    namespace = "" if target.kind == "Node" else labels[NAMESPACE]
    try:
        ObjectRef(kind=target.kind, namespace=namespace, name=name)
    except ValidationError as error:
        raise UntargetedError(f"its label {target.name_label} is no name: {name[:64]!r}") from error
    return Key(target.kind, namespace, name)


def inspect_alerts(inspection: Inspection, alert: AlertInspection, survey: Survey) -> Found:
    """Find the objects that alerts fire for. What is counted are objects; one that is not in the twin is an error."""
    own = {
        spec: firing
        for spec, firing in survey.alerts.items()
        if firing and (spec.type, spec.qualifier) == (alert.type, inspection.name)
    }
    there = [spec for spec in own if exists(key_of(spec.resource), survey.snapshot)]
    missing = sorted(f"{spec.resource.kind} {spec.resource.name}" for spec in own.keys() - there)
    count = InspectionCount(
        name=inspection.name,
        scanned=len(own),
        failed=len(there),
        errors=len(missing),
        message=cut(f"alerts fire for what is not in the twin: {', '.join(missing[:4])}") if missing else "",
    )
    return Found(count, tuple(_observation(inspection, alert, survey, spec, own[spec]) for spec in there))


def _observation(
    inspection: Inspection, alert: AlertInspection, survey: Survey, spec: FindingSpec, firing: Sequence[FiringAlert]
) -> Observation:
    services, targets = around(survey, key_of(spec.resource))
    found = impact(survey, (*targets, *services))
    told = [one.message for one in firing if one.message]
    return Observation(
        spec=spec,
        finding_class="Problem",
        severity=alert.severity or found.severity,
        observed=found.observed,
        predicted=found.predicted,
        trigger=None,
        message=cut(_sentence(spec.resource, told[0] if told else "an alert", len(firing))),
        affected_goals=found.affected_goals,
        affected_services=names(services),
        targets=references(targets),
        evidence=tuple(
            Evidence(source=f"{inspection.name}/alertmanager", message=message) for message in told[:MAX_EVIDENCE]
        ),
    )


def _sentence(resource: ObjectRef, first: str, count: int) -> str:
    more = f" and {count - 1} more" if count > 1 else ""
    return f"{resource.kind} {resource.name}: {first}{more}"
