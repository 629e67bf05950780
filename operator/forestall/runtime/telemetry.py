"""Logs as JSON lines, and the operator's own metrics."""

from __future__ import annotations

import logging
import sys

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

LATENCIES = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30)


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


class Metrics:
    """The operator's own metrics. Names and meanings stand in the reference documentation."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.reconcile = Histogram(
            "forestall_reconcile_seconds",
            "Time of one reconciliation",
            ["kind", "result"],
            registry=registry,
            buckets=LATENCIES,
        )
        self.queue_depth = Gauge("forestall_queue_depth", "Keys that wait for a worker", registry=registry)
        self.queue_age = Gauge("forestall_queue_age_seconds", "Wait of the oldest waiting key", registry=registry)
        self.loop_lag = Gauge("forestall_loop_lag_seconds", "Delay of the event loop", registry=registry)
        self.watch_age = Gauge(
            "forestall_watch_age_seconds", "Time since the twin's feed last heard of the API server", registry=registry
        )
        self.enforced = Gauge(
            "forestall_approval_policy_enforced", "1 while the API server refuses forged approvals", registry=registry
        )
        self.plans = Gauge("forestall_plans", "Plans by phase", ["phase"], registry=registry)
        self.findings = Gauge(
            "forestall_findings", "Findings by class and state", ["class", "state"], registry=registry
        )
        self.jobs = Counter("forestall_jobs_total", "Action Jobs created", registry=registry)
        self.writes = Counter("forestall_status_writes_total", "Status patches written", ["kind"], registry=registry)
        self.ledger_rows = Counter("forestall_ledger_rows_total", "Rows written to the ledger", registry=registry)
        self.ledger_errors = Counter(
            "forestall_ledger_errors_total", "Writes of the ledger that failed", registry=registry
        )
        self.ledger_behind = Gauge(
            "forestall_ledger_behind", "Findings and plans that the ledger is not up to date with", registry=registry
        )
        self.query_errors = Counter("forestall_query_errors_total", "Queries without an answer", registry=registry)
