"""A real operator, scraped by a real Prometheus: the dashboard shows it, and the rules tell when it is not well."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.api.loop.process import WAIT
from tests.api.loop.shop import Shop
from tests.api.loop.world import World, apply
from tests.api.observed import Observed, observing
from tests.api.person import expect
from tests.chart.monitoring import expressions
from tests.chart.rendering import of_kind
from tools.cluster.process import wait_until

pytestmark = pytest.mark.api

BINDING = "forestall-approval"
RATE_INTERVAL = ("$__rate_interval", "30s")
"""A variable of Grafana's, and what it makes of it."""
BUSY = "ForestallLoopStalled"
"""Rightly told of an operator on a machine that is short of CPU."""


@pytest.fixture
def observed(shop: Shop, tmp_path: Path) -> Iterator[Observed]:
    """A Prometheus that scrapes the operator, which probes the admission policies every second."""
    operator = shop.world.operator
    with operator.instead("--probe-seconds", "1"), observing(tmp_path, operator.port) as running:
        told(running, set(), "pending", "firing")
        yield running


def test_every_panel_shows_something_of_an_operator_that_has_mended_a_fault(shop: Shop, observed: Observed) -> None:
    shop.open()
    shop.fault()
    plan = shop.pending()
    expect(shop.approve(plan), None)
    shop.succeeded(plan)
    for title, expression in expressions():
        observed.shows(title, expression.replace(*RATE_INTERVAL))
    assert observed.alerts("firing") - {BUSY} == set()


def test_a_binding_that_somebody_deletes_is_an_alert_until_it_is_back(shop: Shop, observed: Observed) -> None:
    world = shop.world
    bindings = of_kind(list(world.chart), "ValidatingAdmissionPolicyBinding")
    world.cluster.kubectl("delete", "validatingadmissionpolicybinding", BINDING)
    try:
        told(observed, {"ForestallApprovalsNotEnforced"}, "firing")
    finally:
        apply(world.cluster, [bindings[BINDING]])
    told(observed, set(), "pending", "firing")


def test_a_ledger_that_cannot_be_written_is_an_alert_until_it_can(shop: Shop, observed: Observed) -> None:
    shop.open()
    with closing(sqlite3.connect(shop.world.operator.ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        shop.fault()
        shop.pending()
        told(observed, {"ForestallLedgerFailing"}, "firing")
        other.execute("ROLLBACK")
    told(observed, set(), "pending", "firing")


def test_an_operator_that_is_gone_is_an_alert_until_another_one_runs(world: World, observed: Observed) -> None:
    world.operator.stop()
    told(observed, {"ForestallAbsent"}, "firing")


def told(observed: Observed, names: set[str], *states: str) -> None:
    """Wait until exactly these alerts are in one of the states, however busy the machine is."""
    wait_until(f"{sorted(names)} to be {states}", lambda: observed.alerts(*states) - {BUSY} == names, timeout=WAIT)
