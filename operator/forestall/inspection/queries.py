"""Queries: what one pass over a policy asks of Prometheus."""

from __future__ import annotations

from forestall.api.inspectionpolicy import InspectionPolicy


def queries(policy: InspectionPolicy) -> tuple[str, ...]:
    """The PromQL of the policy's goals and inspections as written, each once, ordered."""
    goals = (goal.metric.query for goal in policy.spec.goals if goal.metric is not None)
    inspections = (item.metric.query for item in policy.spec.inspections if item.metric is not None)
    return tuple(sorted({*goals, *inspections}))
