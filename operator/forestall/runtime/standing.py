"""What the operator holds and how it does, as metrics: read at each scrape, so that no figure can fall behind.

A scrape runs in a thread of its own, as counting takes longer than the event loop may be held: only copies are walked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Final, get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from forestall.api.finding import Finding, FindingClass, FindingState
from forestall.api.inspectionpolicy import InspectionPolicy, Severity
from forestall.api.networktwin import NetworkTwin
from forestall.api.remediationpause import Level, RemediationPause
from forestall.api.remediationplan import Phase, RemediationPlan
from forestall.closure.counting import eligible
from forestall.gates.pause import in_force
from forestall.runtime.context import Context
from forestall.runtime.store import MODELS
from forestall.runtime.telemetry import Meter

Samples = Iterable[tuple[Sequence[str], float]]
"""Values by their labels, in the order of the metric's own."""


class Standing(Collector):
    """Serves what a context holds."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every metric, now."""
        for meter, read in STANDING.items():
            family = GaugeMetricFamily(meter.name, meter.text, labels=meter.labels)
            for labels, value in read(self._context):
                family.add_metric(labels, value)
            yield family


def watch_age(context: Context) -> float:
    """Seconds since the twins' feeds last heard of the API server; 0 without a feed."""
    return min((feed.silence for feed in context.twins.feeds()), default=0.0)


def _plans(context: Context) -> Samples:
    found = Counter(plan.status.phase for plan in context.store.all(RemediationPlan))
    return ((((phase,), found[phase])) for phase in get_args(Phase))


def _findings(context: Context) -> Samples:
    each = (one.status for one in context.store.all(Finding))
    found = Counter((one.finding_class, one.severity, one.state) for one in each)
    kinds = product(get_args(FindingClass), get_args(Severity), get_args(FindingState))
    return ((kind, found[kind]) for kind in kinds)


def _policies(context: Context) -> Samples:
    each = context.store.all(InspectionPolicy)
    found = Counter((one.type, one.status) for policy in each for one in policy.status.conditions)
    return sorted(found.items())


def _inspection_delay(context: Context) -> Samples:
    now, late = context.clock.now(), [0.0]
    for policy in context.store.all(InspectionPolicy) if context.election.leading else ():
        done = context.passes.get(policy.key)
        if done is not None:
            late.append((now - done.at - policy.spec.schedule.interval).total_seconds())
    yield (), max(late)


def _eligible(context: Context) -> Samples:
    return _by_type(_counted(context))


def _one_hop(context: Context) -> Samples:
    return _by_type(one for one in _counted(context) if one.status.closure and one.status.closure.one_hop)


def _counted(context: Context) -> Iterator[Finding]:
    """The findings in the denominator of the closure."""
    policies = {(one.metadata.namespace, one.metadata.name): one.spec for one in context.store.all(InspectionPolicy)}
    for finding in context.store.all(Finding):
        policy = policies.get((finding.metadata.namespace, finding.spec.policy_ref.name))
        if policy is not None and eligible(policy, finding):
            yield finding


def _by_type(findings: Iterable[Finding]) -> Samples:
    return sorted(Counter((one.spec.type, one.status.finding_class) for one in findings).items())


def _pauses(context: Context) -> Samples:
    held = in_force(tuple(context.store.all(RemediationPause)), context.clock.now())
    found = Counter(one.spec.level for one in held)
    return (((level,), found[level]) for level in get_args(Level))


def _unreadable(context: Context) -> Samples:
    found = Counter(key.kind for key in list(context.store.unreadable))
    return (((kind,), found[kind]) for kind in MODELS)


def _twin_age(context: Context) -> Samples:
    return (((twin.resource.metadata.name,), twin.feed.age) for twin in list(context.twins) if twin.feed is not None)


def _source_age(context: Context) -> Samples:
    for twin in list(context.twins):
        for source, age in twin.ages.items():
            yield (twin.resource.metadata.name, source), age


def _twin_metrics(context: Context) -> Samples:
    for twin in list(context.twins):
        if any(source.prometheus for source in twin.resource.spec.sources):
            yield (twin.resource.metadata.name,), not twin.metrics_error


def _twin_elements(context: Context) -> Samples:
    for twin in context.store.all(NetworkTwin):
        for layer in twin.status.layers:
            yield (twin.metadata.name, layer.layer), layer.elements


STANDING: Final[Mapping[Meter, Callable[[Context], Samples]]] = {
    Meter(name, "gauge", text, labels): read
    for name, labels, read, text in (
        ("forestall_leader", (), lambda context: [((), context.election.leading)], "1 while this replica acts"),
        ("forestall_queue_depth", (), lambda context: [((), context.queue.depth)], "Keys that wait for a worker"),
        (
            "forestall_queue_age_seconds",
            (),
            lambda context: [((), context.queue.age)],
            "Wait of the oldest waiting key",
        ),
        (
            "forestall_watch_age_seconds",
            (),
            lambda context: [((), watch_age(context))],
            "Time since any twin's feed last heard of the API server",
        ),
        (
            "forestall_inspection_delay_seconds",
            (),
            _inspection_delay,
            "How late the inspection is that is most overdue, by its policy's interval; 0 on replicas that do not act",
        ),
        ("forestall_plans", ("phase",), _plans, "Plans by phase"),
        ("forestall_findings", ("class", "severity", "state"), _findings, "Findings by class, severity and state"),
        ("forestall_policies", ("condition", "status"), _policies, "Inspection policies by condition and its status"),
        (
            "forestall_closure_eligible",
            ("type", "class"),
            _eligible,
            "Findings that count in the one-hop closure, of those that are still there; the ledger has all",
        ),
        ("forestall_closure_one_hop", ("type", "class"), _one_hop, "Of these, findings closed in one hop"),
        ("forestall_pauses", ("level",), _pauses, "Pauses in force"),
        ("forestall_unreadable_objects", ("kind",), _unreadable, "Objects that cannot be read and are left aside"),
        (
            "forestall_twin_age_seconds",
            ("twin",),
            _twin_age,
            "Time for which the twin may have missed changes of the cluster",
        ),
        (
            "forestall_twin_source_age_seconds",
            ("twin", "source"),
            _source_age,
            "Time for which changes of a source of the twin may have been missed",
        ),
        ("forestall_twin_metrics_reachable", ("twin",), _twin_metrics, "1 while the twin's Prometheus answers"),
        ("forestall_twin_elements", ("twin", "layer"), _twin_elements, "Elements of the twin by layer"),
    )
}
"""Every such metric, and how it is read."""
