"""What is wide, busy, lasting or not known is of high risk, and says why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.remediationplan import RiskClass
from forestall.planning.risk import classify
from tests.unit.planning.world import CART_SERVICE, policy, snapshot, world

OTHER = Key("Service", "shop", "orders")


def classified(
    limits: Mapping[str, object],
    *affected: Key,
    loads: Mapping[Key, str] | None = None,
    irreversible: bool = False,
    metrics_ok: bool = True,
) -> tuple[RiskClass, tuple[str, ...]]:
    seen = snapshot(world("worker-1"), {key: Decimal(value) for key, value in (loads or {}).items()})
    return classify(policy(riskLimits=limits), seen, affected, irreversible=irreversible, metrics_ok=metrics_ok)


@pytest.mark.parametrize("loads", [{}, {CART_SERVICE: "0.5"}, {CART_SERVICE: "0.1"}])
def test_within_all_limits_the_risk_is_low_and_needs_no_reason(loads: Mapping[Key, str]) -> None:
    limits = {"maxLiveLoad": 0.5} if loads else {}
    assert classified(limits, CART_SERVICE, loads=loads) == ("Low", ())


def test_what_cannot_be_undone_is_high() -> None:
    assert classified({}, irreversible=True) == ("High", ("the runbook cannot be undone",))


def test_more_services_than_the_limit_are_high() -> None:
    assert classified({}, CART_SERVICE, OTHER) == ("High", ("2 services are affected, more than 1",))
    assert classified({"maxAffectedServices": 2}, CART_SERVICE, OTHER)[0] == "Low"
    assert classified({"maxAffectedServices": 0}, CART_SERVICE)[0] == "High"


def test_a_load_above_the_limit_is_high() -> None:
    found = classified({"maxLiveLoad": 0.5}, CART_SERVICE, loads={CART_SERVICE: "0.5001"})
    assert found == ("High", ("the live load of Service/shop/cart is 0.5001, above 0.5",))


@pytest.mark.parametrize("loads", [{}, {OTHER: "0.1"}, {CART_SERVICE: "NaN"}, {CART_SERVICE: "sNaN"}])
def test_a_load_that_is_not_measured_is_high(loads: Mapping[Key, str]) -> None:
    found = classified({"maxLiveLoad": 0.5}, CART_SERVICE, loads=loads)
    assert found == ("High", ("the live load of Service/shop/cart is not measured",))


def test_metrics_that_cannot_be_read_are_high_even_with_an_old_load() -> None:
    found = classified({"maxLiveLoad": 0.5}, CART_SERVICE, loads={CART_SERVICE: "0.1"}, metrics_ok=False)
    assert found == ("High", ("the live load is not known: the metrics cannot be read",))


def test_without_a_limit_on_load_metrics_do_not_matter() -> None:
    assert classified({}, CART_SERVICE, metrics_ok=False) == ("Low", ())


def test_reasons_fit_into_a_plans_status() -> None:
    many = [Key("Service", "shop", f"s-{number}") for number in range(40)]
    assert len(classified({"maxLiveLoad": 0.5}, *many)[1]) == 16
