"""Logs as JSON lines, and the operator's own metrics."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from forestall.api.prediction import Score
from forestall.api.remediationplan import Timestamps
from forestall.ports import Measurement

LATENCIES = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30)
PLAN_TIMES = (1, 5, 15, 30, 60, 300, 900, 3600, 14_400, 86_400)
REMOVED = ("RemediationPlan", "Finding", "Job")
"""Kinds that retention removes."""
PARTS = ("decide", "act", "verify")
"""The parts of a plan's way that are timed."""
PREDICTED = ("plan", "fault")
"""What predictions are about."""
ERRORS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
FATES = ("taken", "resolved", "unmatched", "untargeted", "overflow", "unreadable", "truncated", "expired")
"""What can become of an alert."""


def configure_logs(level: str) -> None:
    """JSON lines on standard output, for our loggers and for those of the libraries."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("kopf").setLevel("WARNING")


@dataclass(frozen=True, slots=True)
class Meter:
    """One metric as it is served: what the page of metrics says of it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    labels: tuple[str, ...] = ()


class Metrics:
    """What the operator counts as it goes. What it holds is read at each scrape: `runtime.standing`.

    `meters` lists them for the page of metrics. A label takes few values, whatever the cluster holds.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.meters: list[Meter] = []
        ProcessCollector(registry=self.registry)
        self.build = self._gauge("forestall_build_info", "1, for the version that runs", "version")
        self.build.labels(version("forestall")).set(1)
        self.reconcile = self._histogram(
            "forestall_reconcile_seconds", "Time of one reconciliation", "kind", "result", buckets=LATENCIES
        )
        self.loop_lag = self._histogram(
            "forestall_loop_lag_seconds",
            "Delay of the event loop, twice a second: the rate of its sum is the share of time that it was blocked",
            buckets=LATENCIES,
        )
        self.enforced = self._gauge(
            "forestall_approval_policy_enforced",
            "1 while the admission policies are as shipped and refuse forged approvals; otherwise no approval counts",
        )
        self.jobs = self._counter("forestall_jobs_total", "Action Jobs created")
        self.removed = self._counter(
            "forestall_removed_total", "Ended plans, findings at rest and suspended Jobs removed", "kind"
        )
        self.moves = self._counter("forestall_plan_moves_total", "Plans that came into a phase", "phase")
        self.plan_seconds = self._histogram(
            "forestall_plan_seconds",
            "Time that a part of a plan's way took, once it has ended",
            "part",
            buckets=PLAN_TIMES,
        )
        self.deliveries = self._counter(
            "forestall_alert_deliveries_total", "Notifications of Alertmanager, by the answer that they got", "code"
        )
        self.alerts = self._counter("forestall_alerts_total", "Alerts of these, by what became of them", "fate")
        self.writes = self._counter("forestall_status_writes_total", "Status patches written", "kind")
        self.queries = self._counter("forestall_queries_total", "PromQL queries asked for policies and twins")
        self.query_errors = self._counter("forestall_query_errors_total", "Of these, queries without an answer")
        self.ledger_rows = self._counter("forestall_ledger_rows_total", "Rows written to the ledger")
        self.ledger_errors = self._counter("forestall_ledger_errors_total", "Writes of the ledger that failed")
        self.ledger_behind = self._gauge(
            "forestall_ledger_behind", "Findings and plans that the ledger is not up to date with"
        )
        self.facts = self._counter(
            "forestall_predicted_facts_total", "Predicted facts that could be held against what came", "about"
        )
        self.right_facts = self._counter(
            "forestall_predicted_facts_right_total", "Of these, facts that came true", "about"
        )
        self.prediction_error = self._histogram(
            "forestall_prediction_error",
            "Mean difference between predicted and actual utilisation of links, in points",
            "about",
            buckets=ERRORS,
        )
        for about in PREDICTED:
            self.facts.labels(about)
            self.right_facts.labels(about)
        for part in PARTS:
            self.plan_seconds.labels(part)
        for fate in FATES:
            self.alerts.labels(fate)
        for kind in REMOVED:
            self.removed.labels(kind)
        self.deliveries.labels("200")

    def asked(self, answers: Mapping[str, Measurement]) -> None:
        """Count queries by their answers."""
        self.queries.inc(len(answers))
        self.query_errors.inc(sum(1 for answer in answers.values() if answer.error))

    def scored(self, about: Literal["plan", "fault"], score: Score) -> None:
        """Count what was predicted and what came."""
        self.facts.labels(about).inc(score.total)
        self.right_facts.labels(about).inc(score.matched)
        if score.error is not None:
            self.prediction_error.labels(about).observe(float(score.error))

    def ended(self, times: Timestamps) -> None:
        """Time the parts of an ended plan's way; a part that it did not come to is left out."""
        moments = (times.detected, times.decided, times.acted, times.verified)
        for part, (start, end) in zip(PARTS, pairwise(moments), strict=True):
            if start is not None and end is not None:
                self.plan_seconds.labels(part).observe((end - start).total_seconds())

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        self.meters.append(Meter(name, "counter", text, labels))
        return Counter(name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        self.meters.append(Meter(name, "gauge", text, labels))
        return Gauge(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str, buckets: Sequence[float]) -> Histogram:
        self.meters.append(Meter(name, "histogram", text, labels))
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)
