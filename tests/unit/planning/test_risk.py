"""What is wide, busy, lasting or not known is of high risk, and says why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from forestall.api.base import Key
from forestall.api.remediationplan import RiskClass
from forestall.planning.risk import classify
from tests.unit.planning.objects import runbook
from tests.unit.planning.world import CART, CART_SERVICE, policy, service, snapshot, world

OTHER = Key("Service", "shop", "orders")


def classified(
    limits: Mapping[str, object],
    *others: str,
    target: Key = CART,
    loads: Mapping[Key, str] | None = None,
    effect: str = "SetReplicas",
    irreversible: bool = False,
    metrics_ok: bool = True,
) -> tuple[RiskClass, tuple[str, ...]]:
    """The class of a plan for a Deployment behind the Service `cart` and the `others`."""
    objects = [*world("worker-1"), *(service(name, app="cart") for name in others)]
    seen = snapshot(objects, {key: Decimal(value) for key, value in (loads or {}).items()})
    spec = runbook(effect, irreversible=irreversible).spec
    return classify(policy(riskLimits=limits), seen, spec, target, metrics_ok=metrics_ok)


@pytest.mark.parametrize("loads", [{}, {CART_SERVICE: "0.5"}, {CART_SERVICE: "0.1"}])
def test_within_all_limits_the_risk_is_low_and_needs_no_reason(loads: Mapping[Key, str]) -> None:
    limits = {"maxLiveLoad": 0.5} if loads else {}
    assert classified(limits, loads=loads) == ("Low", ())


def test_what_cannot_be_undone_is_high() -> None:
    assert classified({}, irreversible=True) == ("High", ("the runbook cannot be undone",))


def test_what_the_twin_does_not_know_is_high_beside_being_lasting() -> None:
    assert classified({}, effect="Vouched", irreversible=True)[1] == (
        "the runbook cannot be undone",
        "the twin does not know what the runbook changes",
    )


@pytest.mark.parametrize("effect", ["Cordon", "Uncordon", "Drain", "RemoveTaint"])
def test_what_belongs_to_no_namespace_is_high(effect: str) -> None:
    found = classified({}, effect=effect, target=Key("Node", "", "worker-1"))
    assert found == ("High", ("Node/worker-1 belongs to no namespace: others depend on it",))


def test_a_service_is_affected_by_its_own_change() -> None:
    assert classified({"maxAffectedServices": 0}, effect="SetTargetPort", target=CART_SERVICE)[0] == "High"
    assert classified({}, effect="SetTargetPort", target=CART_SERVICE) == ("Low", ())


def test_more_services_than_the_limit_are_high() -> None:
    assert classified({}, "orders") == ("High", ("2 services are affected, more than 1",))
    assert classified({"maxAffectedServices": 2}, "orders")[0] == "Low"
    assert classified({"maxAffectedServices": 0})[0] == "High"


def test_a_load_above_the_limit_is_high() -> None:
    found = classified({"maxLiveLoad": 0.5}, loads={CART_SERVICE: "0.5001"})
    assert found == ("High", ("the live load of Service/shop/cart is 0.5001, above 0.5",))


@pytest.mark.parametrize("loads", [{}, {OTHER: "0.1"}, {CART_SERVICE: "NaN"}, {CART_SERVICE: "sNaN"}])
def test_a_load_that_is_not_measured_is_high(loads: Mapping[Key, str]) -> None:
    found = classified({"maxLiveLoad": 0.5}, loads=loads)
    assert found == ("High", ("the live load of Service/shop/cart is not measured",))


def test_metrics_that_cannot_be_read_are_high_even_with_an_old_load() -> None:
    found = classified({"maxLiveLoad": 0.5}, loads={CART_SERVICE: "0.1"}, metrics_ok=False)
    assert found == ("High", ("the live load is not known: the metrics cannot be read",))


def test_without_a_limit_on_load_metrics_do_not_matter() -> None:
    assert classified({}, metrics_ok=False) == ("Low", ())


def test_reasons_fit_into_a_plans_status() -> None:
    many = [f"s-{number}" for number in range(40)]
    assert len(classified({"maxLiveLoad": 0.5}, *many)[1]) == 16
