"""The shipped rules in a real Prometheus: silent about an operator that is well, and each fires by its own cause.

The exposition is a fixture; `loop/test_monitoring.py` has a real operator. Minutes of the rules are seconds here.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.api.observed import Observed, observing
from tests.chart.monitoring import alerts

pytestmark = pytest.mark.api

ERRORS = 'forestall_reconcile_seconds_count{kind="RemediationPlan",result="error"}'
LAG = "forestall_loop_lag_seconds_sum"
REFUSED = 'forestall_alert_deliveries_total{code="503"}'
GOOD: Mapping[str, float] = {
    'forestall_build_info{version="0"}': 1,
    "forestall_approval_policy_enforced": 1,
    "forestall_leader": 1,
    LAG: 0,
    "forestall_queue_age_seconds": 0.1,
    "forestall_inspection_delay_seconds": 2,
    'forestall_reconcile_seconds_count{kind="RemediationPlan",result="ok"}': 7,
    ERRORS: 3,
    'forestall_alert_deliveries_total{code="200"}': 9,
    REFUSED: 1,
    'forestall_policies{condition="Ready",status="True"}': 4,
    'forestall_twin_age_seconds{twin="cluster"}': 61,
    'forestall_twin_metrics_reachable{twin="cluster"}': 1,
    "forestall_ledger_behind": 0,
    'forestall_unreadable_objects{kind="Runbook"}': 0,
}
"""An operator that is well."""
BAD: Mapping[str, Mapping[str, float]] = {
    "ForestallApprovalsNotEnforced": {"forestall_approval_policy_enforced": 0},
    "ForestallNoLeader": {"forestall_leader": 0},
    "ForestallLoopStalled": {"forestall_queue_age_seconds": 61},
    "ForestallNotReconciling": {"forestall_inspection_delay_seconds": 121},
    "ForestallPoliciesNotReady": {'forestall_policies{condition="Ready",status="False"}': 1},
    "ForestallTwinStale": {'forestall_twin_age_seconds{twin="cluster"}': 181},
    "ForestallMetricsUnreachable": {'forestall_twin_metrics_reachable{twin="cluster"}': 0},
    "ForestallLedgerFailing": {"forestall_ledger_behind": 1},
    "ForestallObjectsUnreadable": {'forestall_unreadable_objects{kind="Runbook"}': 2},
    "ForestallReconcileErrors": {ERRORS: 5},
    "ForestallAlertsRefused": {REFUSED: 1},
}
"""What each alert is about; of a counter, by how much it grows with each scrape."""
GROWING = (ERRORS, LAG, REFUSED)


class Exposition:
    """What is scraped: as if the operator were well, but for `changes`. Counters grow with each scrape."""

    def __init__(self) -> None:
        self.changes: Mapping[str, float] = {}
        self.well = True
        self._grown = dict.fromkeys(GROWING, 0.0)

    def text(self) -> str:
        """The series in the exposition format."""
        for name in GROWING:
            self._grown[name] += self.changes.get(name, 0.0)
        return "".join(f"{name} {value}\n" for name, value in {**GOOD, **self.changes, **self._grown}.items())


@contextmanager
def served(exposition: Exposition) -> Iterator[int]:
    """Serve it; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exposition.text().encode()
            self.send_response(200 if exposition.well else 503)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def exposition() -> Exposition:
    return Exposition()


@pytest.fixture(scope="module")
def observed(exposition: Exposition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    with served(exposition) as port, observing(tmp_path_factory.mktemp("rules"), port) as running:
        running.until({alert["alert"] for alert in alerts()}, "inactive")
        yield running


@pytest.fixture
def well(exposition: Exposition, observed: Observed) -> Iterator[Observed]:
    """Prometheus, while all is well; afterwards it is again."""
    observed.until(set(), "pending", "firing")
    yield observed
    exposition.changes, exposition.well = {}, True


def test_every_rule_is_evaluated_without_an_error(well: Observed) -> None:
    assert well.unwell() == {}
    assert {*BAD, "ForestallAbsent"} == {alert["alert"] for alert in alerts()}


@pytest.mark.parametrize("alert", BAD)
def test_its_own_cause_and_no_other_alert(exposition: Exposition, well: Observed, alert: str) -> None:
    exposition.changes = BAD[alert]
    well.until({alert}, "pending", "firing")


def test_a_blocked_event_loop_is_a_loop_that_stalls(exposition: Exposition, well: Observed) -> None:
    exposition.changes = {LAG: 0.5}
    well.until({"ForestallLoopStalled"}, "pending", "firing")


def test_whatever_lasts_fires_and_what_is_over_is_resolved(exposition: Exposition, well: Observed) -> None:
    exposition.changes = {name: value for changes in BAD.values() for name, value in changes.items()}
    well.until(set(BAD), "firing")
    exposition.changes = {}
    well.until(set(), "pending", "firing")


def test_an_operator_that_cannot_be_scraped_is_absent(exposition: Exposition, well: Observed) -> None:
    exposition.well = False
    well.until({"ForestallAbsent"}, "firing")
